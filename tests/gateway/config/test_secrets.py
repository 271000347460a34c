"""`!file` as a service: what systemd has read as root comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.secrets import SecretError, Secrets


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    """Of a config in `etc`, with credentials in `credentials`."""
    (tmp_path / "etc" / "secrets").mkdir(parents=True)
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "secrets_token").write_text("of systemd\n")
    (tmp_path / "etc" / "secrets" / "token").write_text("of the folder\n")
    return Secrets(tmp_path / "etc", {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})


@pytest.mark.parametrize("name", ["secrets/token", "./secrets/token"])
def test_a_credential_comes_before_the_file(secrets: Secrets, name: str) -> None:
    """The file may be for root alone."""
    assert secrets.resolve("!file", name) == "of systemd"


def test_without_such_a_credential_it_is_the_file(secrets: Secrets) -> None:
    """One that came after the start, one of another folder, an absolute path, and no service at all."""
    assert secrets.environ["CREDENTIALS_DIRECTORY"]
    (secrets.folder / "secrets" / "new").write_text("new")
    (secrets.folder / "token").write_text("beside")
    assert secrets.resolve("!file", "secrets/new") == "new"
    assert secrets.resolve("!file", "token") == "beside"
    assert secrets.resolve("!file", str(secrets.folder / "secrets" / "token")) == "of the folder"
    assert Secrets(secrets.folder, {}).resolve("!file", "secrets/token") == "of the folder"
    none = {"CREDENTIALS_DIRECTORY": ""}
    assert Secrets(secrets.folder, none).resolve("!file", "secrets/token") == "of the folder"


def test_a_credential_that_cannot_be_read_is_an_error_and_nothing_else(secrets: Secrets) -> None:
    """The file beside the config may be an older one."""
    folder = Path(secrets.environ["CREDENTIALS_DIRECTORY"])
    (folder / "secrets_token").unlink()
    (folder / "secrets_token").symlink_to("secrets_token")
    with pytest.raises(SecretError, match="cannot be read: Too many levels"):
        secrets.resolve("!file", "secrets/token")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("secrets/new", True), ("./secrets/new", True), ("new", False), ("secrets/token", False)],
)
def test_one_that_is_newer_than_the_start(secrets: Secrets, name: str, hint: bool) -> None:
    """A reload reads the file itself, which is for root alone: what to type is said, where that helps."""
    for place in ("etc/secrets/new", "etc/new", "credentials/secrets_token"):
        path = secrets.folder.parent / place
        path.unlink(missing_ok=True)
        path.symlink_to(path.name)  # root may read all else
    with pytest.raises(SecretError, match="cannot be read") as caught:
        secrets.resolve("!file", name)
    assert str(caught.value).endswith("at a start: sudo systemctl restart sig-gateway") == hint
    with pytest.raises(SecretError) as caught:
        Secrets(secrets.folder, {}).resolve("!file", "secrets/new")
    assert "systemctl" not in str(caught.value)


@pytest.mark.parametrize("name", ["secrets/nothing", "a\0b"])
def test_what_is_nowhere_is_an_error(secrets: Secrets, name: str) -> None:
    """As it is without a service."""
    with pytest.raises(SecretError, match="!file"):
        secrets.resolve("!file", name)
