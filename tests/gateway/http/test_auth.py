"""Who may come in, and how long one waits who does not know the token."""

import pytest

from gateway.http import auth as auth_module
from gateway.http.auth import (
    ALL_TRY_S,
    COOKIE_S,
    FORGIVEN_S,
    FREE_TRIES,
    MAX_COOKIES,
    STRANGERS_FREE_TRIES,
    TRY_S,
    Auth,
    Verdict,
)

TOKEN = "a token that nobody guesses"


def test_without_a_token_everybody_may_come_in() -> None:
    """Whatever they say."""
    auth = Auth(None)
    assert (auth.required, auth.says("", "10.0.0.1", 0.0)) == (False, Verdict(right=True))


def test_the_token() -> None:
    """Nothing else is right, not even what begins like it."""
    auth = Auth(TOKEN)
    assert auth.required
    assert auth.says(TOKEN, "10.0.0.1", 0.0).right
    for number, wrong in enumerate((TOKEN[:-1], TOKEN + " ", "", "\ud800")):
        assert not auth.says(wrong, f"10.0.1.{number}", 0.0).right


def test_wrong_tokens_cost_time() -> None:
    """A few are free; then an address has one try a second, and the right one waits like all others."""
    auth = Auth(TOKEN)
    for _ in range(FREE_TRIES):
        assert auth.says("wrong", "10.0.0.1", 0.0) == Verdict(right=False)
    assert auth.says(TOKEN, "10.0.0.1", 0.5) == Verdict(right=False, wait_s=0.5)
    assert auth.says("wrong", "10.0.0.1", TRY_S) == Verdict(right=False)
    assert auth.says(TOKEN, "10.0.0.1", 1.5) == Verdict(right=False, wait_s=0.5)
    assert auth.says(TOKEN, "10.0.0.1", 2 * TRY_S).right
    assert auth.says("wrong", "10.0.0.1", 2 * TRY_S) == Verdict(right=False)


def test_others_do_not_wait_for_that() -> None:
    """The address that said the wrong ones does."""
    auth = Auth(TOKEN)
    for _ in range(FREE_TRIES):
        auth.says("wrong", "10.0.0.1", 0.0)
    assert auth.says(TOKEN, "10.0.0.2", 0.0).right


def test_many_addresses_are_no_way_round() -> None:
    """Beyond the free tries of each, all together have ten tries a second."""
    auth = Auth(TOKEN)
    for number in range(50):
        for _ in range(FREE_TRIES):
            auth.says("wrong", f"10.0.0.{number}", 0.0)
    tried = [
        auth.says("wrong", f"10.0.0.{number}", TRY_S + number / 1000).wait_s == 0 for number in range(50)
    ]
    assert sum(tried) == 1


def test_strangers_have_few_free_tries_together() -> None:
    """An address for each try is no way round; who has said the token before goes on as if nothing were."""
    auth = Auth(TOKEN)
    assert auth.says(TOKEN, "10.0.1.1", 0.0).right
    tried = [auth.says("wrong", f"address {number}", 0.0) for number in range(10 * STRANGERS_FREE_TRIES)]
    assert (
        sum(verdict.wait_s == 0 for verdict in tried) == STRANGERS_FREE_TRIES + 1
    )  # one for all beyond them
    assert auth.says(TOKEN, "another address", 0.0).wait_s == ALL_TRY_S
    assert auth.says("wrong", "10.0.1.1", 0.0) == Verdict(right=False)
    assert auth.says(TOKEN, "10.0.1.1", 0.0).right
    later = STRANGERS_FREE_TRIES * TRY_S
    tried = [auth.says("wrong", f"address {number} later", later) for number in range(STRANGERS_FREE_TRIES)]
    assert all(verdict.wait_s == 0 for verdict in tried)


def test_what_a_known_address_says_wrong_is_no_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a program with an old token costs a stranger nothing."""
    monkeypatch.setattr(auth_module, "STRANGERS_FREE_TRIES", 1)
    auth = Auth(TOKEN)
    assert auth.says(TOKEN, "10.0.1.1", 0.0).right
    for _ in range(FREE_TRIES):
        auth.says("wrong", "10.0.1.1", 0.0)
    assert auth.says("wrong", "10.0.1.2", 0.0) == Verdict(right=False)
    assert auth.says(TOKEN, "10.0.1.3", 0.0).right  # the one of all, beyond the free ones
    assert auth.says(TOKEN, "10.0.1.4", 0.0) == Verdict(right=False, wait_s=ALL_TRY_S)


def test_known_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was seen longest ago is a stranger again."""
    monkeypatch.setattr(auth_module, "MAX_ADDRESSES", 2)
    monkeypatch.setattr(auth_module, "STRANGERS_FREE_TRIES", 0)
    auth = Auth(TOKEN)
    for number in range(3):
        assert auth.says(TOKEN, f"10.0.1.{number}", number * ALL_TRY_S).right
    now = 2 * ALL_TRY_S
    assert [auth.says(TOKEN, f"10.0.1.{number}", now).right for number in (2, 1, 0)] == [True, True, False]
    assert auth.says(TOKEN, "10.0.1.3", 3 * ALL_TRY_S).right  # 2 was seen before 1 was
    assert [auth.says(TOKEN, f"10.0.1.{number}", 3 * ALL_TRY_S).right for number in (1, 2)] == [True, False]


def test_wrong_tokens_are_forgiven() -> None:
    """After a while without one."""
    auth = Auth(TOKEN)
    for _ in range(FREE_TRIES):
        auth.says("wrong", "10.0.0.1", 0.0)
    assert auth.says(TOKEN, "10.0.0.1", FORGIVEN_S + 0.1).right


def test_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was seen longest ago is forgotten."""
    monkeypatch.setattr(auth_module, "MAX_ADDRESSES", 2)
    auth = Auth(TOKEN)
    for _ in range(FREE_TRIES):
        auth.says("wrong", "10.0.0.1", 0.0)
    for number in (2, 3):
        auth.says("wrong", f"10.0.0.{number}", 0.0)
    assert auth.says(TOKEN, "10.0.0.1", 0.0).right


def test_a_cookie() -> None:
    """Is known until it is revoked, or was not seen for long; each is another."""
    auth = Auth(TOKEN)
    one, other = auth.new_cookie(0.0), auth.new_cookie(0.0)
    assert one != other
    assert auth.knows(one, COOKIE_S - 1)
    assert auth.knows(one, 2 * COOKIE_S - 2)
    assert not auth.knows(other, COOKIE_S + 1)
    auth.revoke(one)
    assert not auth.knows(one, COOKIE_S)
    assert not auth.knows("", 0.0)


def test_cookies_are_bounded() -> None:
    """The one that was seen longest ago goes."""
    auth = Auth(TOKEN)
    first, second = auth.new_cookie(0.0), auth.new_cookie(0.0)
    assert auth.knows(first, 1.0)
    for _ in range(MAX_COOKIES - 1):
        auth.new_cookie(2.0)
    assert (auth.knows(first, 3.0), auth.knows(second, 3.0)) == (True, False)
