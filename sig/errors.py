"""Every error of a request, local or remote, and how each crosses a connection.

    RequestError
      UnknownSender  (LookupError, NameError)   nobody has heard of the sender
      NotConnected   (LookupError, NameError)   the sender, or the connection to it, is not there now
      UnknownMethod  (LookupError)              the sender has no handler for the method
      RequestTimeout (TimeoutError)             no answer in time
      BadReply                                  the answer could not be understood
      BadParams      (ValueError)               the handler refuses the parameters
      Busy                                      too many requests are waiting already
      Unauthorized   (PermissionError)          no token, or a wrong one
      RemoteError                               any other exception at the far side, with its text
        RemoteLookupError (LookupError)         a LookupError at the far side

A class's `error` is its type as programs see it, the same on every transport.
"""

# ruff: noqa: N818 - the names say what happened; users catch them by the builtin they also are

from __future__ import annotations

from typing import Any, ClassVar

STATUS_OK = 0
STATUS_NO_METHOD = -1
STATUS_RAISED = -2
STATUS_NO_NAME = -3


USER_FAULTS = (Exception, SystemExit)
"""What a listener may raise that is its own affair: `sys.exit()` in one must not end the thread that calls
them all. KeyboardInterrupt is the program's."""


class RequestError(Exception):
    """A request failed. `error` is the type, as in `"error": "not_connected"`."""

    error: ClassVar[str] = "failed"


class UnknownSender(RequestError, LookupError, NameError):
    """No sender of that name has ever connected, nor does anybody listen to it."""

    error = "unknown_sender"


class NotConnected(RequestError, LookupError, NameError):
    """The sender, or the connection that leads to it, is not connected now."""

    error = "not_connected"


class UnknownMethod(RequestError, LookupError):
    """The sender has no handler for that method, and no default handler."""

    error = "unknown_method"


class RequestTimeout(RequestError, TimeoutError):
    """No answer came in time. Whether the handler ran is not known."""

    error = "timeout"


class BadReply(RequestError):
    """An answer came, but could not be understood."""

    error = "bad_reply"


class BadParams(RequestError, ValueError):
    """The handler refuses the parameters; the text says which and why."""

    error = "bad_params"


class Busy(RequestError):
    """Too many requests are waiting at the far side already; try again later."""

    error = "busy"


class Unauthorized(RequestError, PermissionError):
    """The server wants a token, or another token than the one given."""

    error = "unauthorized"


class RemoteError(RequestError):
    """A handler at the far side raised; `raised` is the name of the exception's class there, if known."""

    error = "failed"

    def __init__(self, text: str = "", raised: str | None = None) -> None:
        super().__init__(text)
        self.raised = raised


class RemoteLookupError(RemoteError, LookupError):
    """A handler at the far side raised a LookupError that is none of sig's own."""


_BY_TYPE: dict[str, type[RequestError]] = {
    cls.error: cls
    for cls in (
        UnknownSender,
        NotConnected,
        UnknownMethod,
        RequestTimeout,
        BadReply,
        BadParams,
        Busy,
        Unauthorized,
    )
}


def to_wire(error: BaseException, status: int = STATUS_RAISED) -> dict[str, Any]:
    """What a failed call is answered with, but for the id. pysig reads `status` and `exception` only."""
    text = text_of(error)
    if isinstance(error, RequestError):
        answer = {"status": status, "exception": text, "error": error.error}
        raised = getattr(error, "raised", None)
        return answer if raised is None else answer | {"raised": raised}
    raised = "LookupError" if isinstance(error, LookupError) else type(error).__name__
    return {"status": status, "exception": text, "error": RemoteError.error, "raised": raised}


def text_of(error: BaseException) -> str:
    """Its text; or of what class it is, if it has none or that cannot be made, whatever making it raises."""
    try:
        return str(error) or type(error).__name__
    except BaseException:  # noqa: BLE001 - a class of somebody's, whose `__str__` may even call sys.exit()
        return type(error).__name__


def from_wire(answer: dict[str, Any]) -> RequestError:
    """The exception that a failed call's answer stands for; never raises, whatever the answer holds."""
    text = str(answer.get("exception") or f"failed with status {answer.get('status')!r}")
    kind = answer.get("error")
    cls = _BY_TYPE.get(kind) if isinstance(kind, str) else None
    if cls is not None:
        return cls(text)
    if kind is None and answer.get("status") == STATUS_NO_METHOD:
        return UnknownMethod(text)
    raised = answer.get("raised")
    if raised == "LookupError":
        return RemoteLookupError(text, raised)
    return RemoteError(text, raised if isinstance(raised, str) else None)
