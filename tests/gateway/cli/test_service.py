"""`service install`, `status`, `uninstall`, before a `systemctl` that writes down what it is asked; with the
real one in tests/installed/test_debian_package.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trustme

from gateway.cli import service, service_rights
from gateway.cli.service import Place
from gateway.doctor.people import Person
from gateway.systemd import systemctl as systemd
from gateway.systemd.systemctl import Systemctl, SystemdError
from gateway.systemd.unit import NAME

SCRIPT = """\
#!/bin/sh
echo "$*" >>{log}
case "$*" in
*--version*) echo 'systemd 252 (252.38-1)' ;;
*" show "*) cat {shown} ;;
esac
test ! -e {refuse} || {{ echo 'Access denied' >&2; exit 4; }}
"""


class Fake(Systemctl):
    """It notes what it is asked; `refuse` makes it say no."""

    def __init__(self, folder: Path, *, user: bool = False) -> None:
        self.log, self.shown, self.refuse = folder / "log", folder / "shown", folder / "refuse"
        script = folder / "systemctl"
        script.write_text(SCRIPT.format(log=self.log, shown=self.shown, refuse=self.refuse))
        script.chmod(0o755)
        super().__init__(user=user, program=str(script))

    def asked(self) -> list[str]:
        """One a line, without the version's."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.replace("--no-pager ", "") for line in lines if "--version" not in line]


@pytest.fixture
def control(tmp_path: Path) -> Fake:
    """The machine's."""
    return Fake(tmp_path)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A machine below tmp_path, which systemd runs, and on which we are root."""
    monkeypatch.setattr(systemd, "BOOTED", tmp_path)
    monkeypatch.setattr(service, "PACKAGED", (tmp_path / "packaged",))
    monkeypatch.setattr(service, "ROOTS_HOME", tmp_path / "root")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return Place(
        tmp_path / "units" / NAME, tmp_path / "etc" / "config.yaml", tmp_path / "state" / "data", user=False
    )


def test_install_writes_config_and_unit_and_starts_it(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says where each is; what it needs is there before it is started."""
    assert service.install(place, None, control) == 0
    assert control.asked() == ["daemon-reload", f"enable {NAME}", f"restart {NAME}"]
    assert f"data: {place.data} " in place.config.read_text()
    unit = place.unit.read_text()
    assert f"run -c {place.config}" in unit
    assert f"ReadWritePaths={place.data}" in unit
    assert place.data.is_dir()
    assert (place.config.parent / "secrets").stat().st_mode & 0o777 == 0o700
    said = capsys.readouterr().out
    assert all(str(path) in said for path in (place.unit, place.config, place.data))


def test_install_leaves_a_config_as_it_is(place: Place, control: Fake, tmp_path: Path) -> None:
    """Also one elsewhere; a second install writes the unit anew."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("gateway: {name: shed, data: ./here}\n")
    assert service.install(place, mine, control) == 0
    assert service.install(place, mine, control) == 0
    assert mine.read_text() == "gateway: {name: shed, data: ./here}\n"
    assert not place.config.exists()
    assert f"ReadWritePaths={tmp_path / 'here'}" in place.unit.read_text()


def test_a_log_and_a_socket_elsewhere_may_be_written(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders that are not there are made; where the user may not write, it is said before it is missed."""
    place.config.parent.mkdir()
    place.config.write_text("log: {file: gateway.log}\nrouter: {listen: 'unix:run/gateway.sock'}\n")
    monkeypatch.setattr(service_rights, "made_up", lambda name: Person(name, 4711, frozenset()))
    monkeypatch.setattr(service_rights, "named", lambda name: Person(name, 4711, frozenset()))
    assert service.install(place, None, control) == 0
    folder = place.config.parent
    assert f"ReadWritePaths={folder / 'data'} -{folder} -{folder / 'run'}\n" in place.unit.read_text()
    assert (folder / "run").is_dir()
    said = capsys.readouterr().out
    assert (
        f"may not write to {folder}; name another file in the config: /var/lib/sig-gateway/gateway.log"
        in said
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="root's files are to be another's")
def test_a_key_that_the_service_may_not_read(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said, with what to write; one in the folder that systemd hands over is fine, as a secret there is."""
    monkeypatch.setattr(service_rights, "made_up", lambda name: Person(name, 4711, frozenset()))
    monkeypatch.setattr(service_rights, "named", lambda name: Person(name, 4711, frozenset()))
    ours, folder = trustme.CA().issue_cert("localhost"), place.config.parent
    (folder / "secrets").mkdir(parents=True, mode=0o700)
    for name in ("key.pem", "secrets/key.pem"):
        ours.private_key_pem.write_to_path(str(folder / name))
        (folder / name).chmod(0o600)
    ours.cert_chain_pems[0].write_to_path(str(folder / "secrets" / "cert.pem"))
    (folder / "secrets" / "token").write_text("abc")
    keys = "router: {{token: !file secrets/token, tls: {{cert: secrets/cert.pem, key: {}}}}}\n"
    place.config.write_text(keys.format("key.pem"))
    assert service.install(place, None, control) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
    assert len(said) == 1, said
    assert f"may not read {folder}/key.pem; move it into {folder}/secrets, from" in said[0]
    assert said[0].endswith("write in the config: secrets/key.pem")
    place.config.write_text(keys.format("secrets/key.pem"))
    assert service.install(place, None, control) == 0
    assert "warning" not in capsys.readouterr().out


@pytest.mark.skipif(os.geteuid() != 0, reason="root's files are to be another's")
@pytest.mark.parametrize("section", ["router", "http", "mqtt"])
def test_certificates_that_the_service_may_not_read(
    section: str,
    place: Place,
    control: Fake,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are no secrets, but may lie in a folder that is root's alone, as Let's Encrypt's do."""
    monkeypatch.setattr(service_rights, "made_up", lambda name: Person(name, 4711, frozenset()))
    monkeypatch.setattr(service_rights, "named", lambda name: Person(name, 4711, frozenset()))
    authority = trustme.CA()
    ours, folder = authority.issue_cert("localhost"), place.config.parent
    live = folder / "live"
    for one in (live, folder / "secrets"):
        one.mkdir(parents=True, mode=0o700)
        ours.private_key_pem.write_to_path(str(one / "key.pem"))
        ours.cert_chain_pems[0].write_to_path(str(one / "cert.pem"))
        authority.cert_pem.write_to_path(str(one / "ca.pem"))
    names = ["cert", "key", *(["ca"] if section == "mqtt" else [])]
    url = "url: 'mqtts://localhost', " if section == "mqtt" else ""
    for where, warned in (("live", names), ("secrets", [])):
        files = ", ".join(f"{name}: {where}/{name}.pem" for name in names)
        place.config.write_text(f"{section}: {{{url}tls: {{{files}}}}}\n")
        assert service.install(place, None, control) == 0
        said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
        assert len(said) == len(warned), said
        for name in warned:
            do = "move" if name == "key" else "copy"
            text = f"may not read {live}/{name}.pem; {do} it into {folder}/secrets"
            assert any(text in line for line in said)


def test_a_wrong_config_installs_nothing(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is explained as `check` does."""
    place.config.parent.mkdir()
    place.config.write_text("gateway: [\n")
    assert service.install(place, None, control) == 2
    assert not place.unit.exists()
    assert control.asked() == []
    assert str(place.config) in capsys.readouterr().err


def test_without_root_it_says_what_to_type(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In full, as root's PATH is another one."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert service.install(place, Path("mine.yaml"), control) == 1
    said = capsys.readouterr().err
    assert f"sudo {' '.join(service._program())} service install -c {Path('mine.yaml').absolute()}" in said
    assert "service install --user" in said
    assert service.uninstall(place, control) == 1
    assert "service uninstall\n" in capsys.readouterr().err
    assert control.asked() == []


def test_a_program_that_only_root_can_enter_is_no_service(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by `sudo pipx install`; what one has installed nevertheless can be taken away."""
    program = str(service.ROOTS_HOME / ".local" / "bin" / "sig-gateway")
    monkeypatch.setattr(service, "_program", lambda: [program])
    assert service.install(place, None, control) == 1
    said = capsys.readouterr().err
    assert f"{program} is installed for root alone" in said
    assert "pipx install --global" in said
    assert control.asked() == []
    assert not place.unit.exists()
    assert service.uninstall(place, control) == 0


def test_where_systemd_does_not_run_the_machine_it_says_so(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what another program is to start."""
    monkeypatch.setattr(systemd, "BOOTED", place.unit)
    assert service.install(place, None, control) == 1
    assert f"run -c {place.config}" in capsys.readouterr().err


def test_beside_the_debian_package_there_is_no_second_service(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Both would want the same ports."""
    (tmp_path / "packaged").touch()
    assert service.install(place, None, control) == 1
    assert "the Debian package has a service" in capsys.readouterr().err
    assert not place.unit.exists()


def test_what_systemd_refuses_is_told(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """In its words, and where to look."""
    control.refuse.touch()
    assert service.install(place, None, control) == 1
    said = capsys.readouterr().err
    assert "error: Access denied" in said
    assert "journalctl -u sig-gateway" in said
    assert service.status(place, control) == 1
    place.unit.parent.mkdir(exist_ok=True)
    place.unit.touch()
    assert service.uninstall(place, control) == 1
    assert place.unit.exists()


def test_a_config_that_cannot_be_written_is_told(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """And nothing is installed."""
    (tmp_path / "etc").touch()
    assert service.install(place, None, control) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert not place.unit.exists()


@pytest.mark.parametrize(
    ("shown", "result", "out"),
    [
        ("LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n"
         "StatusText=ok: 8 parts\nActiveEnterTimestamp=today\n", 0,
         f"{NAME}: active (running), at boot: enabled\nsince today: ok: 8 parts\n"),
        ("LoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=disabled\n", 1,
         f"{NAME}: failed (failed), at boot: disabled\n"),
        ("LoadState=not-found\nActiveState=inactive\n", 1, ""),
    ],
)  # fmt: skip
def test_status_says_how_it_does(
    place: Place, control: Fake, capsys: pytest.CaptureFixture[str], shown: str, result: int, out: str
) -> None:
    """And, where it does not run, what to do."""
    control.shown.write_text(shown)
    assert service.status(place, control) == result
    said = capsys.readouterr()
    assert said.out == out
    assert bool(said.err) == (result != 0)


def test_uninstall_leaves_config_and_data(place: Place, control: Fake) -> None:
    """It is stopped before its unit goes."""
    service.install(place, None, control)
    control.log.unlink()
    assert service.uninstall(place, control) == 0
    assert control.asked() == [f"disable --now {NAME}", "daemon-reload"]
    assert not place.unit.exists()
    assert place.config.exists()
    assert place.data.exists()
    assert service.uninstall(place, control) == 0
    assert len(control.asked()) == 2


def test_a_user_s_own_service(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Needs no root, has no sandbox of root's, and says what only root can do."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    control, place = Fake(tmp_path, user=True), service.place_of(user=True)
    assert place.unit == tmp_path / "config" / "systemd" / "user" / NAME
    assert service.install(place, None, control) == 0
    assert control.asked() == [
        f"--user {what}" for what in ("daemon-reload", f"enable {NAME}", f"restart {NAME}")
    ]
    unit = place.unit.read_text()
    assert f"run -c {tmp_path / 'config' / 'sig-gateway' / 'config.yaml'}" in unit
    assert "ProtectSystem" not in unit
    assert "loginctl enable-linger" in capsys.readouterr().out


def test_the_machine_s_places() -> None:
    """As docs/install.md says."""
    place = service.place_of(user=False)
    assert str(place.unit) == "/etc/systemd/system/sig-gateway.service"
    assert str(place.config) == "/etc/sig-gateway/config.yaml"
    assert str(place.data) == "/var/lib/sig-gateway"


def test_a_systemctl_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """On other Linuxes; and one that says nothing of a version."""
    script = tmp_path / "systemctl"
    script.write_text("#!/bin/sh\necho hello\n")
    script.chmod(0o755)
    with pytest.raises(SystemdError, match="No such file"):
        Systemctl(user=False, program=str(tmp_path / "none"))("daemon-reload")
    with pytest.raises(SystemdError, match="says 'hello'"):
        Systemctl(user=False, program=str(script)).version()
