"""The page and its files: addresses with a hash, kept for ever; and what is no file."""

import gzip
import re
from pathlib import Path

import pytest

from gateway.http.files import FOLDERS, Files
from tests.gateway.http.conftest import Web


def addresses(web: Web) -> list[str]:
    """Those that the page asks for."""
    found = re.findall(rb'(?:href|src)="(static/[^"]+)"', web.ask("/").body)
    assert found
    return [f"/{each.decode()}" for each in found]


def test_the_page(web: Web) -> None:
    """Is asked for each time, and sent when it is another."""
    answer = web.ask("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    again = web.ask("/", If_None_Match=f'"x", W/{answer.headers["etag"]}')
    assert (again.status, again.body) == (304, b"")
    assert web.ask("/", If_None_Match='"x"').status == 200


def test_its_files(web: Web) -> None:
    """Each is there, is what it says it is, and is kept for ever."""
    for address in addresses(web):
        answer = web.ask(address)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "accept-encoding"
        assert web.ask(address, If_None_Match=answer.headers["etag"]).status == 304


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("identity", False),
        ("gzip;q=0, br", False),
        ("", False),
    ],
)
def test_packed(web: Web, accepted: str, packed: bool) -> None:
    """For who takes it; the same bytes."""
    address = next(each for each in addresses(web) if each.endswith(".css"))
    whole = web.ask(address).body
    answer = web.ask(address, Accept_Encoding=accepted)
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert (gzip.decompress(answer.body) if packed else answer.body) == whole
    assert (len(answer.body) < len(whole)) is packed


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/x/app.js",
        "/static/BASE/../../schemas.py",
        "/static/BASE/..%2f..%2fschemas.py",
        "/static/BASE/%2e%2e/%2e%2e/schemas.py",
        "/static/BASE/..%5cschemas.py",
        "/static/BASE//etc/passwd",
        "/static/BASE/%2fetc%2fpasswd",
        "/static/BASE/index.html",
        "/static/BASE/app.js%00",
        "/static/BASE/app.js/",
        "/static/BASE/__init__.py",
    ],
)
def test_what_is_no_file(web: Web, path: str) -> None:
    """Is not there, whatever it looks like."""
    base = addresses(web)[0].split("/")[2]
    assert web.ask(path.replace("BASE", base)).error[:2] == (404, "not_found")


def test_the_hash_is_of_what_they_say(tmp_path: Path) -> None:
    """Another content or another name makes another address; what is of no known kind is not served."""

    def base(**files: str) -> str:
        for old in tmp_path.iterdir():
            old.unlink()
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        return Files((tmp_path,)).base

    assert len({base(a_js="1"), base(a_js="2"), base(b_js="1"), base(a_js="1", b_js="1")}) == 4
    assert base(a_js="1") == base(a_js="1", a_py="x")


def test_every_file_of_the_page_is_served(web: Web) -> None:
    """None has a kind that is not known."""
    base = addresses(web)[0].rpartition("/")[0]
    for folder in FOLDERS:
        for path in folder.iterdir():
            if path.suffix in (".js", ".css", ".svg"):
                assert web.ask(f"{base}/{path.name}").body == path.read_bytes()
