"""Bytes to lines: every end of a line, halves after the opening, and what never ends."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.stream.text.splitter import MAX_LINE, QUIET_S, Line, Splitter


def lines(*pieces: bytes, terminator: bytes | None = None) -> list[bytes]:
    """What comes of these after a silence."""
    splitter = Splitter(terminator)
    splitter.look(0.0)
    return [line.data for piece in pieces for line in splitter.receive(piece, QUIET_S)]


def test_cr_lf_and_both_end_a_line() -> None:
    """Blank lines are none."""
    assert lines(b"a\rb\nc\r\nd\r", b"\n\r\n \t\ne", b"\n") == [b"a", b"b", b"c", b"d", b"e"]


def test_a_terminator_of_its_own() -> None:
    """Also one of several bytes that comes in pieces; CR and LF are like others then."""
    assert lines(b"a#b\n#", b"#c", terminator=b"#") == [b"a", b"b\n"]
    assert lines(b"a;", b";b;c;;", terminator=b";;") == [b"a", b"b;c"]


def test_what_comes_at_once_may_be_half_a_line() -> None:
    """Of the first line the beginning was not seen, of the others it was."""
    splitter = Splitter(None)
    splitter.look(0.0)
    assert splitter.receive(b"1.5\n21.5\n", QUIET_S - 0.01) == [Line(b"1.5", False), Line(b"21.5", True)]
    assert splitter.receive(b"22\n", QUIET_S) == [Line(b"22", True)]


def test_an_end_alone_is_enough() -> None:
    """The first line was empty, and what follows begins."""
    assert Splitter(None).receive(b"\n21.5\n", 0.0) == [Line(b"21.5", True)]


def test_what_comes_after_a_silence_is_whole() -> None:
    """What was left over from before the silence is not put in front of it: the board was reset."""
    splitter = Splitter(None)
    assert splitter.receive(b"21.", 0.0) == []
    assert splitter.receive(b"temp\n", QUIET_S) == [Line(b"temp", True)]


def test_without_a_look_no_silence_is_known() -> None:
    """Nobody said when the port was opened; later looks say nothing new."""
    splitter = Splitter(None)
    assert splitter.receive(b"a\n", 100.0) == [Line(b"a", False)]
    splitter = Splitter(None)
    splitter.look(0.0)
    splitter.look(5.0)
    assert splitter.receive(b"a\n", 5.0) == [Line(b"a", True)]


def test_a_sketch_may_wait_in_a_line() -> None:
    """Once a line has ended, silence means nothing."""
    splitter = Splitter(None)
    splitter.receive(b"\nTemp: ", 0.0)
    assert splitter.receive(b"21.5\n", 60.0) == [Line(b"Temp: 21.5", True)]


def test_a_line_may_be_long_and_not_longer() -> None:
    """One of more bytes is handed out once, cut, and its rest is no line."""
    assert lines(b"x" * MAX_LINE + b"\n") == [b"x" * MAX_LINE]
    for cut in (1, MAX_LINE, MAX_LINE + 1, MAX_LINE + 2):
        data = b"x" * (3 * MAX_LINE) + b"\n21.5\n"
        assert lines(data[:cut], data[cut:]) == [b"x" * (MAX_LINE + 1), b"21.5"], cut
    assert lines(*[b"x" * 100] * 100, b"y\nz\n") == [b"x" * (MAX_LINE + 1), b"z"]
    assert lines(b"x" * 5000 + b";", b";z;;", terminator=b";;") == [b"x" * (MAX_LINE + 1), b"z"]
    assert lines(b"x" * 5000, b"y;", b";z;;", terminator=b";;") == [b"x" * (MAX_LINE + 1), b"z"]


def test_a_line_is_pending_from_its_first_byte_to_its_end() -> None:
    """Also when it is too long."""
    splitter, pending = Splitter(None), []
    for piece in (b"", b"a", b"\n", b"x" * 5000, b"x", b"\n"):
        splitter.receive(piece, 0.0)
        pending.append(splitter.pending)
    assert pending == [False, True, False, True, True, False]


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=3000) | st.sampled_from([b"\r", b"\n", b"x" * MAX_LINE]), max_size=20),
    st.sampled_from([None, b"#", b"\0\0"]),
)
def test_memory_is_bounded_and_cuts_do_not_matter(pieces: list[bytes], terminator: bytes | None) -> None:
    """Whatever comes, and however it is cut."""
    splitter = Splitter(terminator)
    splitter.look(0.0)
    cut = []
    for piece in pieces:
        cut += splitter.receive(piece, QUIET_S)
        assert (
            sum(len(value) for value in vars(splitter).values() if isinstance(value, bytes)) <= MAX_LINE + 3
        )
    assert all(len(line.data) <= MAX_LINE + 1 for line in cut)
    assert [line.data for line in cut] == lines(b"".join(pieces), terminator=terminator)
