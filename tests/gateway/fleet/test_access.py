"""`gateway.fleet.access`: who may what, as zenoh reads it: a rule allows what it includes whole."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import zenoh

from gateway.fleet.access import EVERYTHING, access_of
from gateway.fleet.members import Member, Role

UNTIL = datetime.date(2028, 11, 29)
MEMBERS = [
    Member("hub", Role.ROUTER, UNTIL, hosts=("hub.example",)),
    Member("north/a", Role.GATEWAY, UNTIL),
    Member("north/b", Role.GATEWAY, UNTIL, reads=True),
    Member("south/gone", Role.GATEWAY, UNTIL, revoked=True),
    Member("main", Role.COLLECTOR, UNTIL, site="all"),
    Member("keeper", Role.COLLECTOR, UNTIL, site="north"),
    Member("desk", Role.READER, UNTIL, reads=True),
    Member("chief", Role.READER, UNTIL, reads=True, asks=True),
]
ACCESS: Any = access_of(MEMBERS)
NAMES = {each.name: each.common_name for each in MEMBERS}
PUT, QUERY, REPLY, TOKEN = "put", "query", "reply", "liveliness_token"
SUB, QUERYABLE = "declare_subscriber", "declare_queryable"
LIVE_SUB, LIVE_QUERY = "declare_liveliness_subscriber", "liveliness_query"


def allowed(who: str, flow: str, message: str, key: str) -> bool:
    """Whether any rule of that member's includes it."""
    rules = {rule["id"]: rule for rule in ACCESS["rules"]}
    return any(
        message in rules[rule]["messages"]
        and flow in rules[rule]["flows"]
        and any(zenoh.KeyExpr(each).includes(zenoh.KeyExpr(key)) for each in rules[rule]["key_exprs"])
        for policy in ACCESS["policies"]
        if NAMES[who] in policy["subjects"]
        for rule in policy["rules"]
    )


A, B, C = "sig/1/north/a", "sig/1/north/b", "sig/1/south/c"


@pytest.mark.parametrize(
    ("who", "message", "may", "may_not"),
    [
        ("north/a", PUT, [f"{A}/events"], [f"{B}/events", "sig/1/north/aa/events", f"{B}/confirmed/main"]),
        ("north/a", PUT, [], ["sig/1/north/*/events", "sig/1/**", "sig/2/north/a/events"]),
        ("north/a", "delete", [], [f"{A}/events", f"{B}/events"]),
        ("north/a", QUERYABLE, [f"{A}/events", f"{A}/senders", f"{A}/ask"], [f"{B}/events", "sig/1/**"]),
        ("north/a", REPLY, [f"{A}/events", f"{A}/ask"], [f"{B}/events", "sig/1/*/*/events"]),
        ("north/a", TOKEN, [f"{A}/up", f"{A}/up/t"], [f"{B}/up", f"{B}/up/t", "sig/1/north/*/up"]),
        ("north/a", SUB, [f"{A}/confirmed/**"], [f"{B}/confirmed/**", f"{B}/events", "sig/1/**"]),
        ("north/a", QUERY, [], [f"{A}/senders", f"{B}/senders", "sig/1/*/*/senders", f"{B}/ask"]),
        ("north/a", LIVE_SUB, [], [f"{A}/up", "sig/1/*/*/up/**"]),
        ("north/a", LIVE_QUERY, [], [f"{A}/up", "sig/1/*/*/up/**"]),
        ("north/b", SUB, ["sig/1/*/*/events", f"{A}/events"], ["sig/2/**", "**"]),
        ("north/b", PUT, [f"{B}/events"], [f"{A}/events"]),
        ("north/b", QUERY, [f"{A}/events", "sig/1/*/*/senders"], [f"{A}/ask"]),
        ("main", SUB, ["sig/1/*/*/events", "sig/1/**"], ["**"]),
        ("main", QUERY, ["sig/1/*/*/senders", f"{C}/events", f"{A}/ask"], [f"{A}/up", "sig/1/*/*/**"]),
        ("main", PUT, [f"{A}/confirmed/main", f"{C}/confirmed/main"], [f"{A}/confirmed/keeper"]),
        ("main", PUT, [], [f"{A}/events", "sig/1/*/*/confirmed/**"]),
        ("main", TOKEN, [], [f"{A}/up"]),
        ("main", QUERYABLE, [], [f"{A}/events", f"{A}/confirmed/main"]),
        ("keeper", SUB, ["sig/1/north/*/events", f"{A}/events"], ["sig/1/*/*/events", f"{C}/events"]),
        ("keeper", QUERY, [f"{A}/events", f"{A}/ask"], [f"{C}/events", f"{C}/ask"]),
        ("keeper", PUT, [f"{A}/confirmed/keeper"], [f"{A}/confirmed/main", f"{C}/confirmed/keeper"]),
        ("keeper", LIVE_SUB, ["sig/1/north/*/up/**"], ["sig/1/*/*/up/**", f"{C}/up"]),
        ("desk", SUB, ["sig/1/*/*/events"], ["**"]),
        ("desk", LIVE_SUB, ["sig/1/*/*/up/**"], ["**"]),
        ("desk", LIVE_QUERY, ["sig/1/*/*/up/**"], ["**"]),
        ("desk", QUERY, ["sig/1/*/*/senders", "sig/1/*/*/events"], [f"{A}/ask", "sig/1/*/*/**"]),
        ("desk", PUT, [], [f"{A}/confirmed/desk", f"{A}/events"]),
        ("chief", QUERY, [f"{A}/ask", f"{A}/events"], [f"{A}/up"]),
        ("chief", PUT, [], [f"{A}/confirmed/chief", f"{A}/events"]),
        ("south/gone", PUT, [], ["sig/1/south/gone/events"]),
    ],
)
def test_what_a_member_may_send(who: str, message: str, may: list[str], may_not: list[str]) -> None:
    """The table of docs/fleet-security.md, and what is next to what it allows."""
    assert [key for key in may if not allowed(who, "ingress", message, key)] == []
    assert [key for key in may_not if allowed(who, "ingress", message, key)] == []


@pytest.mark.parametrize(
    ("who", "message", "may", "may_not"),
    [
        ("north/a", PUT, [f"{A}/confirmed/main"], [f"{A}/events", f"{B}/events"]),
        ("north/a", QUERY, [f"{A}/ask", "sig/1/*/*/senders"], ["sig/2/north/a/senders"]),
        ("north/a", SUB, ["sig/1/*/*/events", "sig/1/north/*/events"], [f"{B}/confirmed/**"]),
        ("north/a", TOKEN, [], [f"{A}/up", f"{B}/up"]),
        ("north/a", REPLY, [], [f"{B}/senders", f"{A}/senders"]),
        ("main", PUT, [f"{A}/events", f"{C}/events"], ["sig/2/north/a/events"]),
        ("main", REPLY, [f"{A}/events", f"{C}/ask"], []),
        ("keeper", PUT, [f"{A}/events"], [f"{C}/events"]),
        ("keeper", REPLY, [f"{A}/events"], [f"{C}/events"]),
        ("keeper", TOKEN, [f"{A}/up"], [f"{C}/up"]),
        ("desk", TOKEN, [f"{A}/up/t"], []),
    ],
)
def test_what_a_member_is_sent(who: str, message: str, may: list[str], may_not: list[str]) -> None:
    """A router passes on nothing else to it."""
    assert [key for key in may if not allowed(who, "egress", message, key)] == []
    assert [key for key in may_not if allowed(who, "egress", message, key)] == []


@pytest.mark.parametrize("flow", ["ingress", "egress"])
def test_a_router_passes_on_everything(flow: str) -> None:
    """Of every kind."""
    assert all(allowed("hub", flow, message, f"{A}/events") for message in EVERYTHING)
    assert all(allowed("hub", flow, message, "sig/1/*/*/up/**") for message in EVERYTHING)


def test_what_is_not_allowed_is_refused() -> None:
    """And who was revoked is nobody."""
    assert (ACCESS["enabled"], ACCESS["default_permission"]) == (True, "deny")
    assert {rule["permission"] for rule in ACCESS["rules"]} == {"allow"}
    known = [name for each in ACCESS["subjects"] for name in each["cert_common_names"]]
    assert sorted(known) == sorted(each.common_name for each in MEMBERS if not each.revoked)


def test_nobody_s_rules() -> None:
    """A list without members makes rules that let nobody do anything."""
    assert access_of([]) == {
        "enabled": True,
        "default_permission": "deny",
        "rules": [],
        "subjects": [],
        "policies": [],
    }
