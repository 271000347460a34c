"""What came in place of a hello, in words that lead to the remedy."""

from collections.abc import Mapping

from drivers.stream.conversation import Dropped, escaped
from drivers.stream.readable import is_text


def what_came(received: int, counters: Mapping[str, int], dropped: Dropped | None) -> str:
    """`received` bytes, of which the conversation has made `counters`; `dropped` is the newest bad line."""
    if not received:
        return "nothing came"
    last = f"; last: {dropped.reason}" if dropped is not None else ""
    good = counters["lines"] + counters["skipped"]
    if good:
        return f"{good} good lines came, but no complete hello{last}"
    if dropped is None or not is_text(dropped.line):
        return f"{received} bytes came, and not one good line (wrong baud rate?){last}"
    # What follows is for boards of others alone: who has ours need not load it.
    from drivers.stream.text.foreign import foreign_protocol
    from drivers.stream.text.shapes import guess

    protocol = foreign_protocol([dropped.line])
    if protocol == "sensorline":
        return f"{received} bytes came, and not one good line (a bad cable?){last}"
    if protocol is not None:
        remedy = f"write protocol: {protocol}"
    elif (shape := guess([dropped.line])) is not None:
        remedy = f"try protocol: text, {shape}; see docs/text.md"
    else:
        remedy = "see docs/text.md"
    return (
        f"what came is text, but not sensorline: {escaped(dropped.line)} (the baud rate is right, "
        f"the board's program prints something else; {remedy})"
    )
