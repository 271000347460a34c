"""What each member of a fleet may do, as zenoh's access control has it. Pure.

Whatever is not allowed here is refused, at the first router that it comes to: what a member sends (ingress),
and what it is sent (egress). zenoh knows a member by its certificate's common name, exactly as it is written,
so each gateway has a rule of its own, and a router has to be told of each new one. A rule allows a key
expression if it includes it whole.

    gateway     speaks, answers and is there under sig/1/SITE/GATEWAY/ alone, and hears who confirms
    collector   hears and asks all of its site, or of every site; says only its own confirmed/NAME
    reader      hears all; asks senders only if it may
    router      passes on everything: the routers' certificates are what the fleet's safety rests on
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.fleet import keys
from gateway.fleet.members import Member, Role
from gateway.naming import EVERY_SITE

EVERYTHING = (
    "put",
    "delete",
    "declare_subscriber",
    "query",
    "reply",
    "declare_queryable",
    "liveliness_token",
    "liveliness_query",
    "declare_liveliness_subscriber",
)
"""The kinds of messages that zenoh tells apart."""
SPEAKING = ("put", "declare_subscriber", "declare_queryable", "reply", "liveliness_token")
"""Of a gateway, under its own key; it subscribes to what is confirmed there."""
HEARING = ("declare_subscriber", "declare_liveliness_subscriber", "liveliness_query")
"""Of who reads, of anything in its scope."""
HEARD = ("put", "reply", "liveliness_token", "declare_subscriber", "declare_queryable")
"""What reaches who reads. The last two tell zenoh whom there is something to ask of."""
IN, OUT = "ingress", "egress"
_CONSUMERS = "what reaches a gateway: "


def access_of(members: Iterable[Member]) -> dict[str, object]:
    """`access_control` of a router's configuration: default deny, and what the members may who are not
    revoked."""
    there = [each for each in members if not each.revoked]
    rules: list[dict[str, object]] = []
    policies: list[dict[str, object]] = []

    def allow(who: Sequence[Member], *made: dict[str, object]) -> None:
        if who:
            rules.extend(made)
            subjects = [each.common_name for each in who]
            policies.append({"rules": [each["id"] for each in made], "subjects": subjects})

    gateways = [each for each in there if each.role is Role.GATEWAY]
    allow([each for each in there if each.role is Role.ROUTER], _rule("router", EVERYTHING, (IN, OUT), "**"))
    allow(gateways, *_to_gateways())
    for each in gateways:
        allow([each], _rule(each.common_name, SPEAKING, [IN], each.gateway.key() + "/**"))
    for each in there:
        if each.role is Role.COLLECTOR:
            allow([each], *_of_collector(each))
    readers = [each for each in there if each.reads or each.role is Role.READER]
    allow(readers, *_reading("read", keys.EVERY, [keys.EVENTS, keys.SENDERS]))
    allow([each for each in there if each.asks], _asking("ask", keys.EVERY, [keys.ASK]))
    return {
        "enabled": True,
        "default_permission": "deny",
        "rules": rules,
        "subjects": [{"id": each.common_name, "cert_common_names": [each.common_name]} for each in there],
        "policies": policies,
    }


def _to_gateways() -> list[dict[str, object]]:
    """The same for all of them: a router sends a gateway only what it has declared, which is its own.

    A question may be one to many, whose key is no gateway's own; so may what consumers subscribe to, which a
    gateway is told so that it knows whether anybody listens.
    """
    said = [keys.EVERY.key(keys.CONFIRMED) + "/*"]
    consumers = [keys.EVERY.key(keys.EVENTS)]
    return [
        _rule(_CONSUMERS + "confirmed", ["put"], [OUT], *said),
        _rule(_CONSUMERS + "questions", ["query"], [OUT], f"{keys.ROOT}/**"),
        _rule(_CONSUMERS + "subscribers", ["declare_subscriber"], [OUT], *consumers),
    ]


def _of_collector(member: Member) -> list[dict[str, object]]:
    scope = keys.EVERY if member.site == EVERY_SITE else keys.Gateway(member.site, keys.ANY)
    name = member.common_name
    return [
        *_reading(name, scope, [keys.EVENTS, keys.SENDERS, keys.ASK]),
        _rule(f"{name} confirms", ["put"], [IN], scope.key(keys.CONFIRMED, member.name)),
    ]


def _reading(name: str, scope: keys.Gateway, asked: Sequence[str]) -> list[dict[str, object]]:
    all_of_it = f"{keys.ROOT}/**" if scope == keys.EVERY else f"{keys.ROOT}/{keys.quoted(scope.site)}/**"
    return [
        _rule(f"{name} hears", HEARING, [IN], all_of_it),
        _rule(f"{name} is told", HEARD, [OUT], all_of_it),
        _asking(f"{name} asks", scope, asked),
    ]


def _asking(name: str, scope: keys.Gateway, asked: Sequence[str]) -> dict[str, object]:
    return _rule(name, ["query"], [IN], *(f"{scope.key()}/{each}" for each in asked))


def _rule(name: str, messages: Sequence[str], flows: Sequence[str], *where: str) -> dict[str, object]:
    return {
        "id": name,
        "messages": list(messages),
        "flows": list(flows),
        "permission": "allow",
        "key_exprs": list(where),
    }
