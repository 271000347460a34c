"""What a gateway is asked over the fleet, and who answers it.

    events         a page of the spool, on a thread for that alone, so that no request holds it up
    ask, senders   on a few threads: they run the users' code
    confirmed      is noted in the spool at once

zenoh's threads only post, and note what is confirmed, with the receipts of that.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import sig
from gateway.fleet import keys
from gateway.fleet.answering import Answer, answered, failed
from gateway.fleet.declaring import direct, undeclare
from gateway.fleet.keys import Gateway
from gateway.fleet.message import MessageError, Position
from gateway.fleet.spool import Spool
from gateway.fleet.workers import WAITING, Workers
from sig.net.dispatch import Pool

if TYPE_CHECKING:
    import zenoh

logger = logging.getLogger(__name__)

Senders = Callable[[], Mapping[str, Any] | Sequence[Any]]
"""What `senders` is answered with."""

WAITING_PAGES = 64
"""Consumers that ask for a page at the same time: of more, each asks again."""
JOIN_S = 0.3


def pages_pool(name: str = "fleet") -> Pool:
    """The thread that gives pages. One of these may serve many speakers, whoever made it closes it."""
    return Pool(f"{name}-pages", 1, WAITING_PAGES, None, _nothing)


class Questions:
    """Answered from the constructor on, which declares them, until `close`."""

    def __init__(
        self,
        session: zenoh.Session,
        gateway: Gateway,
        spool: Spool,
        answer: Answer,
        senders: Senders,
        pages: Pool,
    ) -> None:
        self._gateway = gateway
        self._spool = spool
        self._answer = answer
        self._senders = senders
        self._pages = pages
        self._workers: Workers[zenoh.Query] = Workers("fleet-requests", self._give, self._refuse)
        self._asked = gateway.key(keys.ASK)
        self._declared: list[Any] = [
            session.declare_queryable(gateway.key(keys.EVENTS), direct(self._asked_for_page)),
            session.declare_queryable(gateway.key(keys.SENDERS), direct(self._workers.put)),
            session.declare_queryable(self._asked, direct(self._workers.put)),
            session.declare_subscriber(gateway.keys(keys.CONFIRMED), direct(self._confirmed)),
        ]

    def close(self, within_s: float) -> bool:
        """Nobody is asked any more. False if what is under way holds up its thread; it is answered if the
        session lasts."""
        declared, self._declared = self._declared, []
        for each in declared:
            undeclare(each)
        return self._workers.close(within_s)

    # zenoh's threads

    def _asked_for_page(self, query: zenoh.Query) -> None:
        self._pages.post(partial(self._give_page, query))  # else it ends without an answer

    def _confirmed(self, sample: zenoh.Sample) -> None:
        key = keys.parse_key(str(sample.key_expr))
        if key is None or len(key.names) != 1:
            return
        try:
            self._spool.confirm(key.names[0], Position.parse(sample.payload.to_bytes().decode()))
        except ValueError as error:
            logger.debug("fleet: a confirmation cannot be understood: %s", error)

    # The threads that answer

    def _give_page(self, query: zenoh.Query) -> None:
        with query:
            try:
                asked = query.parameters
                after, before = (_position(asked.get(name)) for name in ("after", "before"))
                page = self._spool.page(after, before)
            except (MessageError, OSError) as error:
                query.reply_err(str(error))
                return
            query.reply(self._gateway.key(keys.EVENTS), page.encode())

    def _give(self, query: zenoh.Query, came: float) -> None:
        with query:
            if str(query.key_expr).endswith(_ASK):
                payload = b"" if query.payload is None else query.payload.to_bytes()
                query.reply(self._asked, answered(self._answer, payload, came))
            else:
                self._give_senders(query)

    def _give_senders(self, query: zenoh.Query) -> None:
        try:
            said = json.dumps(self._senders(), ensure_ascii=False, allow_nan=False)
        except Exception as error:
            logger.exception("fleet: who is here cannot be said; please report this")
            query.reply_err(f"{type(error).__name__}: {error}")
            return
        query.reply(self._gateway.key(keys.SENDERS), said)

    def _refuse(self, query: zenoh.Query) -> None:
        with query:
            error = f"{WAITING} requests wait at that gateway already; try again later"
            if str(query.key_expr).endswith(_ASK):
                query.reply(self._asked, failed(sig.Busy(error)))
            else:
                query.reply_err(error)


_ASK = f"/{keys.ASK}"


def _nothing() -> None:
    """A job of ours raises nothing but what ends the process."""


def _position(text: str | None) -> Position | None:
    return None if text is None else Position.parse(text)
