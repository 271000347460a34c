"""Links and sensors written into config files: whole or not at all, and nothing else changes."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import ConfigError, load
from gateway.config.insertion import CannotInsertError
from gateway.config.secrets import Secrets
from gateway.config.writing import Additions, CannotWriteError, add_to_config, with_additions
from tests.support.examples import examples

ROOT = Path(__file__).parents[3]
ADDITIONS: Additions = {
    "links": {"new": {"protocol": "sensorline", "port": "usb:2341:0043", "baud": 9600}},
    "sensors": {"porch": {"driver": "temperature", "link": "new", "channel": "temp"}},
}


def one_insertion_each(before: bytes, after: bytes) -> bool:
    """Whether all of `before` is in `after`, in one to three pieces: two insertions at most."""
    start = 0
    while start < len(before) and before[start] == after[start]:
        start += 1
    end = 0
    while end < len(before) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    middle = before[start : len(before) - end]
    return middle in after[start : len(after) - end]


def test_the_first_copy_stays(tmp_path: Path) -> None:
    """Ten at most; the eleventh takes the newest one's place."""
    path = tmp_path / "config.yaml"
    path.write_text("links: {}\n")
    names = ["config.yaml.bak", *(f"config.yaml.bak.{number}" for number in range(1, 10))]
    texts = []
    for name in [*names, names[-1]]:
        texts.append(path.read_bytes())
        link = {f"n{len(texts)}": {"port": f"/dev/x{len(texts)}"}}
        assert add_to_config(path, {"links": link}) == tmp_path / name
    del texts[-2]
    assert [(tmp_path / name).read_bytes() for name in names] == texts
    assert len(list(tmp_path.iterdir())) == 11


def test_the_shipped_config(tmp_path: Path) -> None:
    """Its comments stay; the copy is what was there; the rights too."""
    path = tmp_path / "config.yaml"
    before = (ROOT / "config.yaml").read_bytes()
    path.write_bytes(before)
    path.chmod(0o640)
    add_to_config(path, ADDITIONS)
    config = load(path)
    assert config.links["new"].options == {"port": "usb:2341:0043", "baud": 9600}
    assert config.sensors["porch"].channel == "temp"
    assert one_insertion_each(before, path.read_bytes())
    assert (tmp_path / "config.yaml.bak").read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config.yaml", "config.yaml.bak"]


def test_no_file_yet(tmp_path: Path) -> None:
    """It is made, and there is nothing to keep a copy of."""
    path = tmp_path / "config.yaml"
    add_to_config(path, ADDITIONS)
    assert path.read_text() == (
        'links:\n  new:\n    protocol: sensorline\n    port: "usb:2341:0043"\n    baud: 9600\n'
        "sensors:\n  porch:\n    driver: temperature\n    link: new\n    channel: temp\n"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    """What it leads to is written."""
    real = tmp_path / "real.yaml"
    real.write_text("router: {}\n")
    path = tmp_path / "config.yaml"
    path.symlink_to(real)
    add_to_config(path, ADDITIONS)
    assert path.is_symlink()
    assert "porch" in load(real).sensors


def test_secrets_stay_secrets(tmp_path: Path) -> None:
    """What the environment or a file says is not written, and may be missing where it is not asked for."""
    path = tmp_path / "config.yaml"
    text = "router: {token: !env TOKEN}\nlinks:\n  a: {port: !file port}\n"
    path.write_text(text)
    (tmp_path / "port").write_text("/dev/ttySECRET")
    add_to_config(path, ADDITIONS, {"TOKEN": "hush"})
    written = path.read_text()
    assert written.startswith(text)
    assert "SECRET" not in written
    with pytest.raises(CannotWriteError, match="TOKEN"):
        add_to_config(path, {"links": {"b": {"port": "/dev/b"}}}, {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("links: {new: {port: /dev/x}}\n", "links has new already; paste the lines yourself"),
        (
            "links: {a: {port: 'usb:2341:0043'}}\n",
            "the result would have an error: .*config.yaml:1: .*same port",
        ),
        ("links: {a: {}}\n", r"config.yaml:1: links.a: 'port' is missing.*mend them first"),
        ("links: [", "not valid YAML.*mend them first"),
        ("links: ~\n", "mend them first|not a mapping"),
        ("", "is empty"),
        # a line end of YAML's that is no other program's
        ("links:\n  a: {port: /dev/x}\x85sensors: {}\n", "would not say what was there and what is added;"),
        ("x: 1\n", "unknown key 'x'"),
    ],
)
def test_refused_and_untouched(tmp_path: Path, text: str, why: str) -> None:
    """The reason is said; not a byte changes, and no file is left."""
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(CannotWriteError, match=why):
        add_to_config(path, ADDITIONS)
    assert path.read_text() == text
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


@pytest.mark.parametrize(
    "text",
    [
        "links:\x85gateway:\n  name: g\n",  # the lines would be the gateway's
        "links:\x85sensors: {}\n",
        "links: &b {a: {}}\nrouter: *b\n",  # what is put in would be the router's too
    ],
)
def test_the_result_is_judged(text: str) -> None:
    """Whatever the insertion makes of a text: what would say anything else is refused."""
    with pytest.raises(CannotInsertError, match="would not say"):
        with_additions(text, ADDITIONS, Secrets(Path(), {}))


def test_no_file_at_all(tmp_path: Path) -> None:
    """A folder, bytes that are no text, a folder that is not there."""
    (tmp_path / "config.yaml").mkdir()
    with pytest.raises(CannotWriteError, match="cannot be read: Is a directory"):
        add_to_config(tmp_path / "config.yaml", ADDITIONS)
    with pytest.raises(CannotWriteError, match="cannot be written: No such file"):
        add_to_config(tmp_path / "none" / "config.yaml", ADDITIONS)
    (tmp_path / "b.yaml").write_bytes(b"\xff")
    with pytest.raises(CannotWriteError, match="UTF-8"):
        add_to_config(tmp_path / "b.yaml", ADDITIONS)


def test_a_disk_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever step fails, the file is as it was, and nothing is left beside it but a copy of it."""
    path = tmp_path / "config.yaml"
    path.write_text("router: {}\n")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for owner, name in ((os, "fsync"), (Path, "replace"), (os, "fchmod")):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, fail)
            with pytest.raises(CannotWriteError, match="No space left"):
                add_to_config(path, ADDITIONS)
        assert path.read_text() == "router: {}\n"
        assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


def test_a_read_only_file(tmp_path: Path) -> None:
    """Is not replaced, though its folder would let us."""
    path = tmp_path / "config.yaml"
    path.write_text("router: {}\n")
    path.chmod(0o444)
    with pytest.raises(CannotWriteError, match="is read-only; `chmod u"):
        add_to_config(path, ADDITIONS)
    assert path.read_text() == "router: {}\n"
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


CUT = """
import os, sys
from pathlib import Path
from gateway.config.writing import add_to_config
os.getpid = os.getppid  # numbers come again after a start
Path.replace = lambda *_: os._exit(7)
add_to_config(Path(sys.argv[1]), {"links": {"new": {"port": "/dev/x"}}})
"""


def test_what_a_power_cut_left(tmp_path: Path) -> None:
    """Files of a program that was cut off, and had our number, are not in the way of the next."""
    path = tmp_path / "config.yaml"
    path.write_text("router: {}\n")
    assert subprocess.run([sys.executable, "-c", CUT, path], check=False).returncode == 7
    assert path.read_text() == "router: {}\n"
    assert len(list(tmp_path.iterdir())) == 3
    add_to_config(path, {"links": {"new": {"port": "/dev/x"}}})
    assert "new" in load(path).links


def test_a_config_of_one_user_is_never_another_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copies beside it have its rights before there is anything in them."""
    path = tmp_path / "config.yaml"
    path.write_text("router: {token: hush}\n" + "# more than a buffer holds\n" * 1000)
    path.chmod(0o600)
    seen: list[tuple[int, int]] = []
    real = os.fchmod

    def look(descriptor: int, mode: int) -> None:
        status = os.fstat(descriptor)
        seen.append((status.st_mode & 0o777, status.st_size))
        real(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", look)
    add_to_config(path, ADDITIONS)
    assert seen == [(0o600, 0), (0o600, 0)]
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_another_program_writes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its work is not lost."""
    path = tmp_path / "config.yaml"
    path.write_text("router: {}\n")
    real = os.fchmod

    def change(descriptor: int, mode: int) -> None:
        real(descriptor, mode)
        path.write_text("router: {}  # changed\n")

    monkeypatch.setattr(os, "fchmod", change)
    with pytest.raises(CannotWriteError, match="changed by another program"):
        add_to_config(path, ADDITIONS)
    assert path.read_text() == "router: {}  # changed\n"


# Configs in many styles, from pieces.

comments = st.sampled_from(["", "  # mine", " # ü°"])
blank_lines = st.sampled_from(["", "\n", "\n\n", "# alone\n", "\n# alone\n\n", "      # far\n"])


@st.composite
def sections(draw: st.DrawFn, name: str, entries: list[tuple[str, str]]) -> str:
    """A section with its entries, in braces or not; or without any, or not there."""
    style = draw(st.sampled_from(["block", "block flow", "flow", "flow lines", "empty", "nothing", "none"]))
    step = " " * draw(st.integers(1, 5))
    gap = draw(blank_lines)
    if style == "none":
        return ""
    if style == "nothing":
        return f"{name}:{draw(comments)}\n{gap}"
    if style == "empty":
        return f"{name}: {{}}{draw(comments)}\n{gap}"
    if style == "flow":
        inner = ", ".join(f"{key}: {{{value}}}" for key, value in entries)
        return f"{name}: {{{inner}{draw(st.sampled_from(['', ',', ' ']))}}}{draw(comments)}\n{gap}"
    if style == "flow lines":
        inner = ",\n".join(f"{step}{key}: {{{value}}}" for key, value in entries)
        return f"{name}: {{\n{inner}{draw(st.sampled_from(['', ',']))}{draw(comments)}\n{step}}}\n{gap}"
    lines = [f"{name}:{draw(comments)}\n"]
    for key, value in entries:
        if style == "block flow":
            lines.append(f"{step}{key}: {{{value}}}{draw(comments)}\n")
        else:
            inner = "".join(f"{step * 2}{pair}{draw(comments)}\n" for pair in value.split(", "))
            lines.append(f"{step}{key}:{draw(comments)}\n{inner}")
        lines.append(draw(blank_lines))
    return "".join(lines)


@st.composite
def configs(draw: st.DrawFn) -> str:
    """A config without errors."""
    links = draw(sections("links", [("a", "port: /dev/a"), ("b", 'port: "sim:", baud: 0x2580')]))
    has_a = "/dev/a" in links
    entries = [("t", "driver: temperature, link: a"), ("'h m'", "driver: humidity, link: a, delta: 5e-1")]
    parts = [
        draw(st.sampled_from(["", "gateway: {name: g}\n", "gateway:\n  name: g # x\n"])),
        links,
        draw(sections("sensors", entries)) if has_a else "",
        draw(st.sampled_from(["", "router: {listen: 127.0.0.1:7300}\n"])),
    ]
    text = draw(st.sampled_from(["", "---\n", "# first\n\n", "\ufeff"])) + "".join(
        draw(st.permutations(parts))
    )
    text = text.rstrip("\n") if draw(st.booleans()) else text
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs())
def test_every_other_byte_stays(text: str) -> None:
    """Whatever the style: the result is what was there and two insertions; none of these is refused."""
    after = with_additions(text, ADDITIONS, Secrets(Path(), {}))
    assert one_insertion_each(text.encode(), after.encode())


@settings(max_examples=30, deadline=None)
@given(configs())
def test_the_result_loads(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """As a file."""
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_bytes(text.encode())
    try:
        old = load(path)
    except ConfigError:  # of a section without anything, or an empty file
        return
    add_to_config(path, ADDITIONS)
    new = load(path)
    assert new.links.keys() == {*old.links, "new"}
    assert new.sensors.keys() == {*old.sensors, "porch"}
    assert all(new.sensors[name] == old.sensors[name] for name in old.sensors)
