"""What can wait until the sensors have their first values, so that it does not hold them up."""

from __future__ import annotations

import select
import threading

from gateway.mailbox import Mailbox


def wait_for_values(mailbox: Mailbox, stopping: threading.Event, first_s: float, settle_s: float) -> None:
    """Until the first event is there, a sender's coming, or for `first_s`; and `settle_s` more, as it comes
    just before the first values. Events stay in the mailbox. On the mailbox's thread."""
    if mailbox.prepare_to_sleep():
        select.select([mailbox.fd], [], [], first_s)
        mailbox.woken()
    mailbox.awake()
    stopping.wait(settle_s)
