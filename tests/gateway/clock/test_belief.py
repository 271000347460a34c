"""From what is known of the machine's clock to whether it is believed."""

import pytest

from gateway.clock.belief import SLACK_S, Evidence, judge
from tests.support.fake_clock import START_UTC

NOTHING = Evidence(START_UTC, False, None, 0.0, 0.0, None)


def test_believed_where_nothing_contradicts_it() -> None:
    """In a container nobody says that the clock is right, and it mostly is; that is told."""
    verdict = judge(NOTHING)
    assert (verdict.believed, verdict.synchronised) == (True, False)
    assert verdict.why == "no time service (NTP) keeps it, and nothing speaks against it"


@pytest.mark.parametrize(
    ("against", "why"),
    [
        ({"silent_client": "systemd-timesyncd"}, "systemd-timesyncd has had no answer yet"),
        ({"newest": START_UTC + 2 * SLACK_S}, "earlier than what the data folder holds (2026-11-22T06:30Z)"),
        ({"built": START_UTC + 86400}, "earlier than the program was installed (2026-11-23T06:30Z)"),
        ({"doubted": "it was set a moment ago"}, "it was set a moment ago"),
    ],
)
def test_not_believed(against: dict[str, object], why: str) -> None:
    """Each by itself is enough; a clock that the kernel calls synchronised is believed all the same."""
    evidence = NOTHING._replace(**against)  # type: ignore[arg-type]
    verdict = judge(evidence)
    assert (verdict.believed, verdict.synchronised) == (False, False)
    assert why in verdict.why
    assert judge(evidence._replace(synchronised=True))[:2] == (True, True)


def test_a_little_earlier_is_no_contradiction() -> None:
    """A clock that is slewed, or set back by a fraction of a second, is the same clock."""
    assert judge(NOTHING._replace(newest=START_UTC + SLACK_S, built=START_UTC + SLACK_S)).believed


@pytest.mark.parametrize("word", ["set", "unset"])
def test_the_variable_has_the_last_word(word: str) -> None:
    """Whatever else is known; and the reason names it."""
    for evidence in (NOTHING, NOTHING._replace(synchronised=True), NOTHING._replace(silent_client="ntpd")):
        verdict = judge(evidence, word)
        assert verdict.believed is (word == "set")
        assert verdict.why == f"SIG_GATEWAY_CLOCK={word}"
    assert judge(NOTHING._replace(synchronised=True), "unset").synchronised is False
