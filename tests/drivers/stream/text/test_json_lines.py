"""JSON over one line or several."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.stream.text.fields import Field, HalfError, UnfitError
from drivers.stream.text.json_lines import MAX_DEPTH, MAX_DOCUMENT, JsonParser
from drivers.stream.text.numbers import Numbers


def parser() -> JsonParser:
    """A new one."""
    return JsonParser(Numbers("."))


def parsed(*lines: str) -> dict[str, float | None]:
    """The fields of these lines, by one parser; what does not fit is left out."""
    found: dict[str, float | None] = {}
    json_parser = parser()
    for line in lines:
        try:
            found |= {field.name: field.value for field in json_parser.parse(line)}
        except UnfitError:
            continue
    return found


def test_the_way_into_a_document_is_the_name() -> None:
    """Through lists, too; numbers are floats, also long ones."""
    assert parsed('{"a": {"b": [1, {"c": -2.5}]}, "d": [[3]]}') == {
        "a.b.0": 1.0,
        "a.b.1.c": -2.5,
        "d.0.0": 3.0,
    }
    assert parsed("[21.5, 40]") == {"0": 21.5, "1": 40.0}
    assert parsed('{"a": 1' + "0" * 30 + "}") == {"a": 1e30}


def test_what_a_value_may_be() -> None:
    """Numbers, texts with one, truth, and what stands for no number."""
    (number, text, yes, no, none, word, big, free) = parser().parse(
        '{"a":1,"b":"40.10 %","c":true,"d":false,"e":null,"f":"nan","g":1e999,"h":"warm"}'
    )
    assert [field.value for field in (number, text, yes, no)] == [1.0, 40.1, 1.0, 0.0]
    assert none == Field("e", None, "the board reports 'null' instead of a value")
    assert word == Field("f", None, "the board reports 'nan' instead of a value")
    assert big == Field("g", None, "the board reports 'inf' instead of a value")
    assert free == Field("h", None, "the board reports 'warm' instead of a value", sure=False)


@pytest.mark.parametrize("word", ["nan", "NaN", "-nan", "NAN", "inf", "-inf", "ovf", "INF"])
def test_words_that_json_does_not_have(word: str) -> None:
    """What C prints for a float; texts that have them stay as they are."""
    (field, other) = parser().parse('{"t": %s, "nan": "21.5"}' % word)  # noqa: UP031 - braces
    assert field == Field("t", None, "the board reports 'nan' instead of a value")
    assert other == Field("nan", 21.5)


@pytest.mark.parametrize(
    "line",
    [
        "21.5",
        "DHT test!",
        "}",
        '"a": 1,',
        '{"a": 1} ok',
        '{"a": 1}}',
        '{"a": 1}]',
        "{a: 1}",
        '{"a" 1}',
        '{"a": 1]',
        '{"a": "b}',
        '{"a": nano}',
        "[INFO]",
    ],
)
def test_what_is_no_document(line: str) -> None:
    """And the next line is as good as ever."""
    json_parser = parser()
    with pytest.raises(UnfitError):
        json_parser.parse(line)
    assert not json_parser.unfinished
    assert json_parser.parse('{"a": 2}') == [Field("a", 2.0)]


def test_two_documents_in_a_line() -> None:
    """The LF between them was lost; the later one's fields come later."""
    assert parser().parse('{"a": 1} {"a": 2}[3]') == [Field("a", 1.0), Field("a", 2.0), Field("0", 3.0)]


def test_a_document_over_several_lines() -> None:
    """Its fields come with its last."""
    json_parser = parser()
    for line in ("{", '  "a": {', '    "b": [', "      1,", "      2]", "  },", '  "c": 3'):
        assert json_parser.parse(line) == ()
        assert json_parser.unfinished
    assert json_parser.parse("}") == [Field("a.b.0", 1.0), Field("a.b.1", 2.0), Field("c", 3.0)]
    assert not json_parser.unfinished


def test_a_document_that_is_not_finished_is_forgotten() -> None:
    """When another begins where no bracket can be: the board was reset."""
    assert parsed('{ "a": 1,', '{ "a": 2', "}") == {"a": 2.0}
    assert parsed('{ "a": 1', "DHT test!", '{ "a": 2', "}") == {"a": 2.0}
    assert parsed("{", '  "t": 2', "[3]") == {"0": 3.0}


def test_a_list_of_documents_is_one() -> None:
    """Brackets that may be where they are."""
    assert parsed("[", '{"a": 1},', '{"a": 2}', "]") == {"0.a": 1.0, "1.a": 2.0}
    assert parsed("{", '"a":', "{", '"b": 1', "}", "}") == {"a.b": 1.0}


def test_an_inner_document_is_none_of_its_own() -> None:
    """The line that names it was lost: its `temperature` is not the outer one."""
    lines = ("{", '  "temperature": 20,', "  {", '    "temperature": 5', "  }", "}")
    assert parsed(*lines) == {}
    assert parsed('{"temperature":20,"outside":', '{"temperature":5}}') == {
        "temperature": 20.0,
        "outside.temperature": 5.0,
    }
    assert parsed('ide":{"temperature":5}}', '{"temperature":5}}') == {}


def test_a_half_is_told_from_a_whole() -> None:
    """What begins with its bracket and ends with it is no half: after a half more would come."""
    assert parser().parse_half(' {"a": 1} ') == [Field("a", 1.0)]
    for half in ('ide":{"a":5}}', '{"a":5}}', "{", '"a": 1}', "1}", "21.5"):
        with pytest.raises(HalfError):
            parser().parse_half(half)


def test_a_document_has_bounds() -> None:
    """In length and in depth; after it all is as before."""
    json_parser = parser()
    line = '"x": "' + "y" * 1000 + '",'
    json_parser.parse("{")
    for _ in range(MAX_DOCUMENT // len(line)):
        json_parser.parse(line)
    with pytest.raises(UnfitError, match="expected a document of at most 8192 characters"):
        json_parser.parse(line)
    assert not json_parser.unfinished
    assert parsed("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH) == {".".join("0" * MAX_DEPTH): 1.0}
    for deep in ("[" * (MAX_DEPTH + 1) + "1" + "]" * (MAX_DEPTH + 1), "[" * 2000, "[" * 2000 + "]" * 2000):
        with pytest.raises(UnfitError):
            json_parser.parse(deep)
        assert not json_parser.unfinished


def test_depth_is_bounded_over_several_lines_too() -> None:
    """The line that opens one bracket too many is the end of it."""
    deep = ["[ "] * MAX_DEPTH
    assert parsed(*deep, "1", *["]"] * MAX_DEPTH) == {".".join("0" * MAX_DEPTH): 1.0}
    json_parser = parser()
    for line in deep:
        json_parser.parse(line)
    with pytest.raises(UnfitError, match=f"expected at most {MAX_DEPTH} brackets in each other"):
        json_parser.parse("[")


def test_forgetting() -> None:
    """A line that was no text may have been anything."""
    json_parser = parser()
    json_parser.parse("{")
    json_parser.forget()
    assert json_parser.parse('{"a": 2}') == [Field("a", 2.0)]


VALUES = st.recursive(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**9), 10**9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab{}[]\",:\\ '", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text("ab{}[]\",:\\ '", max_size=3), VALUES, max_size=4), st.integers(0, 4))
def test_every_document_is_read_however_it_is_printed(document: dict[str, Any], indent: int) -> None:
    """On one line or pretty-printed, with whatever is in its names."""

    def leaves(value: Any) -> list[float]:
        if isinstance(value, dict):
            value = list(value.values())
        return (
            [leaf for each in value for leaf in leaves(each)] if isinstance(value, list) else [float(value)]
        )

    text = json.dumps(document, indent=indent or None)
    json_parser = parser()
    fields: list[Field] = []
    for line in text.split("\n"):
        fields += json_parser.parse(line)
    assert [field.value for field in fields] == leaves(document)


@settings(deadline=None)
@given(st.lists(st.text('{}[]",:1a\\ n', min_size=1).filter(str.strip), max_size=30))
def test_only_unfit_is_raised(lines: list[str]) -> None:
    """Whatever comes."""
    parsed(*lines)
