"""Who may come in: programs that say the token with each request, and browsers that have said it once.

A browser that has shown the token gets a cookie with a random word, of which only the hash is kept, in
memory: so each ends with the gateway, can be revoked, and says nothing of the token. Tokens are compared in
constant time. Who says wrong ones waits: a few tries are free, then each address has one a second, and all
together a few. Of strangers the free ones are few together, too: who has an IPv6 network has many addresses.
An address that has said the token before is no stranger, so nobody is locked out by another who guesses.

No I/O; the time (seconds, monotonic) is passed in. All of it belongs to the server's thread.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from collections import OrderedDict
from typing import NamedTuple, TypeVar

_T = TypeVar("_T")

COOKIE = "sig_gateway"
COOKIE_S = 30 * 86400.0
MAX_COOKIES = 200
"""Browsers at once; of more, the one that was seen longest ago has to log in again."""
FREE_TRIES = 5
TRY_S = 1.0
"""One further try in so long, of an address."""
ALL_TRY_S = 0.1
"""The same of all together, so that many addresses are no way round it."""
STRANGERS_FREE_TRIES = 100
"""Of all addresses together that have not said the token; each comes back after TRY_S."""
FORGIVEN_S = 600.0
MAX_ADDRESSES = 1000
"""That have said a wrong token, and as many that have said the right one."""


class Verdict(NamedTuple):
    """`wait_s` above 0: too many wrong tokens were said, try again then."""

    right: bool
    wait_s: float = 0.0


class _Tries:
    __slots__ = ("count", "last")

    def __init__(self) -> None:
        self.count = 0
        self.last = -math.inf


class Auth:
    """`token`: None lets everybody in."""

    def __init__(self, token: str | None) -> None:
        self._token = None if token is None else _digest(token)
        self._cookies: OrderedDict[bytes, float] = OrderedDict()  # hash to the time it was seen
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._all_free_at = 0.0
        self._known: OrderedDict[str, None] = OrderedDict()
        self._strangers_tries, self._counted_at = 0.0, 0.0

    @property
    def required(self) -> bool:
        """Whether there is a token at all."""
        return self._token is not None

    def says(self, token: str, address: str, now: float) -> Verdict:
        """Whether that is the token. A wrong one is counted against the address."""
        if self._token is None:
            return Verdict(right=True)
        tries = self._tries_of(address, now)
        if not self._has_free_try(address, tries, now):
            free_at = max(tries.last + TRY_S, self._all_free_at)
            if now < free_at:
                return Verdict(right=False, wait_s=free_at - now)
            self._all_free_at = now + ALL_TRY_S
        if hmac.compare_digest(_digest(token), self._token):
            self._tries.pop(address, None)
            _remember(self._known, address, None)
            return Verdict(right=True)
        tries.count += 1
        tries.last = now
        self._strangers_tries += address not in self._known
        return Verdict(right=False)

    def _has_free_try(self, address: str, tries: _Tries, now: float) -> bool:
        self._strangers_tries = max(0.0, self._strangers_tries - (now - self._counted_at) / TRY_S)
        self._counted_at = now
        if tries.count >= FREE_TRIES:
            return False
        return address in self._known or self._strangers_tries < STRANGERS_FREE_TRIES

    def new_cookie(self, now: float) -> str:
        """For a browser that has said the token."""
        word = secrets.token_urlsafe(32)
        self._cookies[_digest(word)] = now
        while len(self._cookies) > MAX_COOKIES:
            self._cookies.popitem(last=False)
        return word

    def knows(self, cookie: str, now: float) -> bool:
        """Whether a cookie is one of ours, and still good."""
        key = _digest(cookie)
        seen = self._cookies.get(key)
        if seen is None:
            return False
        if now - seen > COOKIE_S:
            del self._cookies[key]
            return False
        self._cookies[key] = now
        self._cookies.move_to_end(key)
        return True

    def revoke(self, cookie: str) -> None:
        """It is good for nothing any more."""
        self._cookies.pop(_digest(cookie), None)

    def _tries_of(self, address: str, now: float) -> _Tries:
        tries = self._tries.get(address)
        if tries is None or now - tries.last > FORGIVEN_S:
            tries = _Tries()
        _remember(self._tries, address, tries)
        return tries


def _remember(there: OrderedDict[str, _T], address: str, what: _T) -> None:
    """Of too many, the one that was seen longest ago is forgotten."""
    there[address] = what
    there.move_to_end(address)
    while len(there) > MAX_ADDRESSES:
        there.popitem(last=False)


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode(errors="surrogatepass")).digest()
