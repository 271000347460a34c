"""Columns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.stream.text.csv_lines import CsvParser
from drivers.stream.text.fields import MAX_FIELDS, HalfError, UnfitError
from drivers.stream.text.numbers import Numbers


def parser(separator: str = ",", header: bool | tuple[str, ...] = False) -> CsvParser:
    """A new one."""
    return CsvParser(separator, header, Numbers("."))


def fields(csv: CsvParser, line: str) -> dict[str, float | None]:
    """The fields of a line."""
    return {field.name: field.value for field in csv.parse(line)}


@pytest.mark.parametrize(
    ("separator", "line", "values"),
    [
        (",", "21.5", [21.5]),
        (",", ' "21.5" , "40 %",', [21.5, 40.0, None]),
        (";", "21.5;40;", [21.5, 40.0, None]),
        ("\t", "\t21.5\t\t40 \t", [None, 21.5, None, 40.0, None]),
        (" ", "  21.5   40\t3 ", [21.5, 40.0, 3.0]),
        ("|", "| 21.5 | 40 |", [None, 21.5, 40.0, None]),
        ("$", "$21.5$40", [None, 21.5, 40.0]),
        (",", "$21.5,40#", [21.5, 40.0]),
        (",", "@21.5,40;", [21.5, 40.0]),
        (",", "!21.5,40", [21.5, 40.0]),
        (",", "<21.5,40>", [21.5, 40.0]),
        (",", "[21.5,40]", [21.5, 40.0]),
        (",", "(21.5,40)", [21.5, 40.0]),
        (",", "21.5,40#", [21.5, 40.0]),
        (",", "21.5,40>", [21.5, None]),
        (",", "$$21.5,40##", [None, None]),
        (",", "T,21.5,H,nan", [None, 21.5, None, None]),
    ],
)
def test_columns(separator: str, line: str, values: list[float | None]) -> None:
    """By number, with one mark at each end left off."""
    try:
        assert fields(parser(separator), line) == {str(i): value for i, value in enumerate(values, 1)}
    except UnfitError:
        assert values == [None, None]


@pytest.mark.parametrize("line", ["hello", "Hello, world", ",,", "", "$", "# 21.5,40", "//21.5"])
def test_what_has_no_number(line: str) -> None:
    """A banner, or a comment."""
    with pytest.raises(UnfitError, match=r"no number in it|a comment"):
        parser().parse(line)


def test_a_line_of_another_width_has_lost_a_part() -> None:
    """Or is two in one; until three in a row say that the sketch means it."""
    csv = parser()
    assert fields(csv, "1,2") == {"1": 1.0, "2": 2.0}
    for _ in range(5):
        for odd in ("1", "1,21,2"):
            with pytest.raises(UnfitError, match=r"expected 2 columns as before, got [13]"):
                csv.parse(odd)
        assert fields(csv, "1,2") == {"1": 1.0, "2": 2.0}
    for _ in range(2):
        with pytest.raises(UnfitError, match="expected 2 columns as before, got 3"):
            csv.parse("1,2,3")
    assert fields(csv, "1,2,3") == {"1": 1.0, "2": 2.0, "3": 3.0}
    with pytest.raises(UnfitError, match="expected 3 columns as before, got 2"):
        csv.parse("1,2")


def test_words_between_do_not_count_as_lines_of_another_width() -> None:
    """They fit no less and no more for that."""
    csv = parser()
    csv.parse("1,2")
    for _ in range(5):
        with pytest.raises(UnfitError, match="no number in it"):
            csv.parse("Failed, to, read")
    assert fields(csv, "3,4") == {"1": 3.0, "2": 4.0}


def test_a_line_without_numbers_is_told_by_its_width() -> None:
    """All sensors failed: these columns have no values."""
    csv = parser()
    csv.parse("1,2")
    assert [field.fault for field in csv.parse(",")] == ["the field is empty"] * 2


def test_a_header_names_the_columns() -> None:
    """Before the first values the newest words are it; after them only the same ones are no bad line."""
    csv = parser(header=True)
    assert csv.parse("Hello, world") == ()
    assert csv.parse("temp,hum (%)") == ()
    assert fields(csv, "21.5,40") == {"1": 21.5, "2": 40.0, "temp": 21.5, "hum (%)": 40.0}
    assert csv.parse("temp,hum (%)") == ()
    assert [field.value for field in csv.parse("Failed,again")] == [None] * 4, "known columns, and no values"
    assert fields(csv, "21.5,40")["temp"] == 21.5


@pytest.mark.parametrize(
    ("half", "named"),
    [
        ("temp,hum", {"temp": 1.0, "hum": 2.0}),
        ("# temp,hum", {"temp": 1.0, "hum": 2.0}),
        ("mp,hum", {"mp": 1.0, "hum": 2.0}),
        ("hum", {}),  # a column is missing: which, cannot be told
        ("test!", {}),
    ],
)
def test_a_header_may_lack_its_beginning(half: str, named: dict[str, float]) -> None:
    """Only its first name may be wrong; a whole one that comes later sets it right."""
    csv = parser(header=True)
    assert csv.parse_half(half) == ()
    assert fields(csv, "1,2") == {"1": 1.0, "2": 2.0, **named}
    assert csv.parse("temp,hum") == ()
    assert fields(csv, "1,2") == {"1": 1.0, "2": 2.0, "temp": 1.0, "hum": 2.0}


def test_other_words_do_not_replace_a_half_header() -> None:
    """They are no header whose end it could be."""
    csv = parser(header=True)
    csv.parse_half("mp,hum")
    csv.parse("1,2")
    for words in ("no,sensor", "temp,wet", "temp,hum,lux"):
        with pytest.raises(UnfitError):
            csv.parse(f"# {words}")
    assert fields(csv, "3,4")["mp"] == 3.0


def test_a_whole_header_before_the_values_counts() -> None:
    """What came before was the end of a banner."""
    csv = parser(header=True)
    csv.parse_half("ready to go,yes")
    csv.parse("a,b,c")
    assert fields(csv, "1,2,3")["c"] == 3.0


@pytest.mark.parametrize("half", ["temp,temp", "temp,", "1.5,hum", "nan,hum", "12:30:05,hum", "temp,--"])
def test_half_a_line_that_may_be_something_else(half: str) -> None:
    """Two equal names, and the first may be the end of another; or not all are words."""
    with pytest.raises(HalfError):
        parser(header=True).parse_half(half)


def test_half_a_line_where_no_header_is_looked_for() -> None:
    """It is as half as any."""
    for csv in (parser(), parser(header=("temp", "hum"))):
        with pytest.raises(HalfError):
            csv.parse_half("temp,hum")


def test_a_header_says_how_many_columns_there_are() -> None:
    """One more may be empty: a separator at the end."""
    csv = parser(header=True)
    csv.parse("# temp,hum")
    for odd in ("21.5", "21.5,40,3", "21.5,40,,"):
        with pytest.raises(UnfitError, match="expected the header's 2 columns, got"):
            csv.parse(odd)
    assert fields(csv, "21.5,40,") == {"1": 21.5, "2": 40.0, "3": None, "temp": 21.5, "hum": 40.0}


def test_a_header_that_comes_late_fits_the_values_before_it() -> None:
    """The board was reset, and says it again."""
    csv = parser(header=True)
    assert fields(csv, "21.5,40") == {"1": 21.5, "2": 40.0}
    with pytest.raises(UnfitError):
        csv.parse("Hello, big, world")
    assert csv.parse("// temp,hum") == ()
    assert fields(csv, "21.5,40")["hum"] == 40.0


@pytest.mark.parametrize("line", ["# 21.5,40", "//21.5", "#", "// ,", "#a,,b"])
def test_a_comment_is_no_header_without_a_word_for_each_column(line: str) -> None:
    """And no values either."""
    with pytest.raises(UnfitError, match="a comment"):
        parser(header=True).parse(line)


def test_equal_names_are_told_apart() -> None:
    """As in all formats."""
    csv = parser(header=True)
    csv.parse("t,t")
    assert fields(csv, "1,2") == {"1": 1.0, "2": 2.0, "t": 1.0, "t.2": 2.0}


def test_names_of_the_config() -> None:
    """No header is looked for then."""
    csv = parser(header=("temp", "hum"))
    with pytest.raises(UnfitError, match="no number"):
        csv.parse("t,h")
    assert fields(csv, "21.5,40")["hum"] == 40.0


def test_there_is_a_bound() -> None:
    """On columns."""
    assert len(parser().parse(",".join("1" * MAX_FIELDS))) == MAX_FIELDS
    with pytest.raises(UnfitError, match=f"expected at most {MAX_FIELDS} columns, got {MAX_FIELDS + 1}"):
        parser().parse(",".join("1" * (MAX_FIELDS + 1)))


@settings(deadline=None)
@given(
    st.lists(st.text('1,; \t#$/"a.', min_size=1).filter(str.strip), max_size=20),
    st.sampled_from([",", ";", "\t", " ", "$"]),
    st.sampled_from([True, False, ("a", "b")]),
)
def test_only_unfit_is_raised(lines: list[str], separator: str, header: bool | tuple[str, ...]) -> None:
    """Whatever comes."""
    csv = parser(separator, header)
    for line in lines:
        try:
            csv.parse(line)
        except UnfitError:
            continue
