"""What is logged of the requests that this process answers: each as debug; as errors those that are refused
or fail, but not all of many, as who asks may be anybody outside.

The rest are counted by cause, so that no flood of one hides another: what is refused before any handler is
called is one, and each class of exception that a sender's handlers raise is one. Any thread.
"""

from __future__ import annotations

from sig import log
from sig.errors import text_of

TOLD_AT_ONCE = 10
"""Of each cause, a minute."""


def begins(sender: str, method: str) -> None:
    """That sender is asked for it."""
    if log.is_silent():
        return
    log.repeated.tell()
    with log.harmless:
        log.get().debug(f"sender '{sender}' is asked for '{method}'")


def unknown(sender: str, method: str) -> None:
    """There is no such sender."""
    _note("request refused", f"request '{method}' failed: there is no sender '{sender}'", sender)


def refused(sender: str, method: str, error: Exception) -> None:
    """No handler has been called."""
    _note("request refused", _text(sender, method, error), sender)


def failed(sender: str, method: str, error: BaseException) -> None:
    """The handler has raised that."""
    if isinstance(error, Exception):  # what else there is is meant for the program
        kind = f"request failed: {type(error).__name__} of {sender}"
        _note(kind, _text(sender, method, error), sender, "request failed")


def _text(sender: str, method: str, error: Exception) -> str:
    return f"request '{method}' to sender '{sender}' failed: {text_of(error)}"


def _note(kind: str, text: str, sender: str, other: str | None = None) -> None:
    log.repeated.tell()
    log.repeated.note(kind, text, sender, TOLD_AT_ONCE, "error", other)
