"""What is said where nobody is seen, or nobody answers, as far as it can be told from here. Pure.

zenoh's routers drop what a certificate may not do without a word: who may see nobody, or not ask, is as
somebody in an empty fleet. So both causes are named.
"""

from __future__ import annotations

from gateway.fleet.keys import Gateway
from sig.errors import NotConnected, UnknownSender


class NobodySeen(UnknownSender):
    """No gateway at all is seen, so neither is the one that was asked for."""


def nobody(*, certificate: bool) -> str:
    """No gateway is seen. `certificate`: we show one."""
    if not certificate:
        return "no gateway is there"
    return (
        "no gateway is there, or our certificate may see none: it has to be a reader's (`sig-gateway fleet "
        "list` says), and the routers restarted after it was enrolled"
    )


def not_seen(gateway: Gateway) -> UnknownSender:
    """Others are seen, and it is not; whether it was there before we connected is not known."""
    return UnknownSender(
        f"there is no gateway {gateway} in the fleet now: it was stopped, or has never been there"
    )


def silent(gateway: Gateway, *, there: bool, certificate: bool) -> NotConnected:
    """It was seen, and does not answer. `there`: it counts as there still."""
    why = "it went away"
    if there and certificate:
        why += (
            ", or our certificate may not ask (`sig-gateway fleet list` says; `fleet enrol NAME --again "
            "--reader --ask` makes one that may)"
        )
    return NotConnected(f"nobody answers for {gateway} now: {why}")
