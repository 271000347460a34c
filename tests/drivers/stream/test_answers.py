"""What a board's answer means to whoever asked."""

import pytest

import sig
from drivers.source import Measurement
from drivers.stream.answers import NotYet, result_of
from drivers.stream.conversation import Refusal, Reply, Unusable


@pytest.mark.parametrize("result", [None, 200, Measurement("temp", 1, 21.5, None, 5.0)])
def test_a_reply_is_its_result(result: object) -> None:
    """Whatever the verb returns."""
    assert result_of("board", Reply(1, result)) is result


def test_an_answer_of_no_use_is_a_bad_reply() -> None:
    """The board did answer: it says what."""
    with pytest.raises(sig.BadReply) as caught:
        result_of("board", Unusable(1, "expected a value, got 'nan'"))
    assert str(caught.value) == "board: the board answered, but expected a value, got 'nan'"


@pytest.mark.parametrize(
    ("code", "text", "kind", "message"),
    [
        ("busy", "", sig.Busy, "board: the board refused: busy"),
        ("busy", "measuring", sig.Busy, "board: the board refused: busy (measuring)"),
        ("bad_argument", "0..9", sig.BadParams, "board: the board refused: bad_argument (0..9)"),
        ("unknown_channel", "", sig.RequestError, "board: the board refused: unknown_channel"),
        ("", "", sig.RequestError, "board: the board refused: "),
        ("sensor_fault", "absent", sig.RequestError, "board: the sensor failed: absent; check its wiring"),
        (
            *("sensor_fault", "", sig.RequestError),
            "board: the sensor failed: no reason given; check its wiring",
        ),
    ],
)
def test_a_refusal_is_raised_by_its_code(
    code: str, text: str, kind: type[sig.RequestError], message: str
) -> None:
    """With the board's own words, if it has any."""
    with pytest.raises(sig.RequestError) as caught:
        result_of("board", Refusal(1, code, text))
    assert type(caught.value) is kind
    assert str(caught.value) == message


def test_a_busy_board_may_say_when_to_ask_again() -> None:
    """Who asks later by itself takes it from the error; for the others it is busy."""
    with pytest.raises(sig.Busy, match=r"board: the board refused: busy \(1450 ms: slow\)") as caught:
        result_of("board", Refusal(1, "busy", "1450 ms: slow", 1.45))
    assert isinstance(caught.value, NotYet)
    assert (caught.value.error, caught.value.again_s) == ("busy", 1.45)
