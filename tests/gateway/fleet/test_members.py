"""`gateway.fleet.members`: names, common names, and the list as a file."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from gateway.fleet.members import MOST_COMMON_NAME, Member, MemberError, Role, path_of, read, write

UNTIL = datetime.date(2028, 11, 29)


def test_a_common_name_is_role_name_and_generation() -> None:
    """Percent-encoded, so that no name can be taken for another's."""
    assert Member("north/greenhouse", Role.GATEWAY, UNTIL).common_name == "gateway:north/greenhouse:1"
    assert Member("north/grün:2", Role.GATEWAY, UNTIL).common_name == "gateway:north/gr%C3%BCn%3A2:1"
    assert Member("#a", Role.READER, UNTIL, generation=3).common_name == "reader:%23a:3"


def test_a_long_name_is_its_digest() -> None:
    """It fits, is the same each time, and another's is another one."""
    longest = Member("n/" + "a" * (MOST_COMMON_NAME - len("gateway:n/:1")), Role.GATEWAY, UNTIL)
    assert len(longest.common_name) == MOST_COMMON_NAME
    assert "#" not in longest.common_name
    one, other = (Member(f"north/{'ü' * 20}{end}", Role.GATEWAY, UNTIL).common_name for end in "ab")
    assert one.startswith("gateway:#")
    assert len(one) <= MOST_COMMON_NAME
    assert one != other


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a//b", "*", "*/a", "north/*", "..", "a/..", "./a", "n/" + "a" * 1025]
)
def test_no_name(name: str) -> None:
    """Neither a pattern, for which a rule would let it speak for all, nor what leaves the fleet's folder."""
    with pytest.raises(MemberError, match="each part of a name"):
        path_of(name)


def test_a_name_as_a_path() -> None:
    """One part of it for one of the name; a star within is none of zenoh's."""
    assert path_of("north/a b%*") == "north/a%20b%25%2A"


def test_the_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    """All of each member; for people, in order."""
    members = [
        Member("north/grün", Role.GATEWAY, UNTIL, generation=2, reads=True, asks=True),
        Member("main", Role.COLLECTOR, UNTIL, site="all"),
        Member("hub", Role.ROUTER, UNTIL, hosts=("hub.example:7000", "10.0.0.1"), revoked=True),
    ]
    path = tmp_path / "members.json"
    write(path, members)
    assert list(read(path).items()) == sorted((each.name, each) for each in members)
    assert "grün" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"role": "king"}, "king"),
        ({"expires": "soon"}, "soon"),
        ({"may": "all"}, "may"),
        ({"certificate": "gateway:north/b:1"}, "has the certificate 'gateway:north/a:1'"),
        ({"generation": 2}, "has the certificate 'gateway:north/a:2'"),
    ],
)
def test_a_list_that_was_changed_by_hand(tmp_path: Path, change: dict[str, object], said: str) -> None:
    """What is not understood is an error: passed over, it might allow more than was meant."""
    path = tmp_path / "members.json"
    write(path, [Member("north/a", Role.GATEWAY, UNTIL)])
    listed = json.loads(path.read_text())
    listed["members"]["north/a"] |= change
    path.write_text(json.dumps(listed))
    with pytest.raises(MemberError, match=said):
        read(path)


@pytest.mark.parametrize(
    ("name", "role", "certificate"),
    [("a", "gateway", "gateway:a:1"), ("*/a", "gateway", "gateway:*/a:1"), ("a/b", "reader", "reader:a/b:1")],
)
def test_a_list_with_a_name_that_nobody_can_have(
    tmp_path: Path, name: str, role: str, certificate: str
) -> None:
    """Refused where it is read as well: rules are made of it."""
    path = tmp_path / "members.json"
    member = {"role": role, "expires": "2028-11-29", "certificate": certificate}
    path.write_text(json.dumps({"members": {name: member}}))
    with pytest.raises(MemberError):
        read(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"members": []}', '{"members": {"a": 1}}'])
def test_no_list(tmp_path: Path, text: str) -> None:
    """Says what was expected."""
    path = tmp_path / "members.json"
    path.write_text(text)
    with pytest.raises(MemberError, match="expected the list that"):
        read(path)
