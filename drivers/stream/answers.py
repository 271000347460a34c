"""What a board's answer means to whoever asked: a result, or an error of `sig`'s."""

import sig
from drivers.stream.conversation import Refusal, Reply, Unusable


class NotYet(sig.Busy):
    """The board answers that when it is asked again in `again_s` seconds."""

    def __init__(self, text: str, again_s: float) -> None:
        super().__init__(text)
        self.again_s = again_s


def result_of(link: str, answer: Reply | Refusal | Unusable) -> object:
    """The result of a reply. Raises `sig.BadReply` for what is no answer, and what fits a refusal's code."""
    if isinstance(answer, Reply):
        return answer.result
    if isinstance(answer, Unusable):
        raise sig.BadReply(f"{link}: the board answered, but {answer.reason}")
    raise _refusal(link, answer)


def _refusal(link: str, refusal: Refusal) -> sig.RequestError:
    text = f"{link}: the board refused: {refusal.code}" + (f" ({refusal.text})" if refusal.text else "")
    if refusal.code == "busy":
        return sig.Busy(text) if refusal.again_s is None else NotYet(text, refusal.again_s)
    if refusal.code == "bad_argument":
        return sig.BadParams(text)
    if refusal.code == "sensor_fault":
        return sig.RequestError(
            f"{link}: the sensor failed: {refusal.text or 'no reason given'}; check its wiring"
        )
    return sig.RequestError(text)
