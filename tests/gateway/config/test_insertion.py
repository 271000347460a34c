"""Entries put into YAML texts of many styles: the rest stays as it is, character by character."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.config.insertion import CannotInsertError, as_block, as_flow, inserted

BLOCK = '  new:\n    protocol: text\n    port: "usb:2341:0043"'
NEW = {"new": {"protocol": "text", "port": "usb:2341:0043"}}


def put(text: str, path: tuple[str, ...] = ("links",), entry: Any = NEW) -> str:
    """The text with the entry; what was there must be all there, in order, and mean what it meant."""
    result = inserted(text, path, entry)
    rest = iter(result)
    assert all(letter in rest for letter in text)
    return result


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # block style, with a comment that belongs to the last entry, and one that does not
        (
            "links:\n  a:\n    port: x  # mine\n    # port: y\n\nsensors: {}\n",
            f"links:\n  a:\n    port: x  # mine\n    # port: y\n{BLOCK}\n\nsensors: {{}}\n",
        ),
        # four spaces a level
        (
            "links:\n    a:\n        port: x\n",
            "links:\n    a:\n        port: x\n"
            '    new:\n        protocol: text\n        port: "usb:2341:0043"\n',
        ),
        # entries that stand apart
        (
            "links:\n  a: {port: x}\n\n  b: {port: y}\n",
            f"links:\n  a: {{port: x}}\n\n  b: {{port: y}}\n\n{BLOCK}\n",
        ),
        # a comment between entries, at the entries' own place
        (
            "links:\n  a: {port: x}\n  # b: {port: y}\n# the end\n",
            f"links:\n  a: {{port: x}}\n  # b: {{port: y}}\n{BLOCK}\n# the end\n",
        ),
        # the section is not there
        (
            "router: {}\n",
            f"router: {{}}\nlinks:\n{BLOCK}\n",
        ),
        # it is there, and empty
        (
            "links:   # none yet\nsensors: {}\n",
            f"links:   # none yet\n{BLOCK}\nsensors: {{}}\n",
        ),
        # in braces
        ("links: {a: {port: x}}\n", 'links: {a: {port: x}, new: {protocol: text, port: "usb:2341:0043"}}\n'),
        ("links: {}\n", 'links: {new: {protocol: text, port: "usb:2341:0043"}}\n'),
        (
            "links: {a: {port: x}, # c\n  }\n",
            'links: {a: {port: x}, new: {protocol: text, port: "usb:2341:0043"}, # c\n  }\n',
        ),
        ("{router: {}}", '{router: {}, links: {new: {protocol: text, port: "usb:2341:0043"}}}'),
        # nothing at all, and only comments
        ("", f"links:\n{BLOCK}\n"),
        ("# mine", f"# mine\nlinks:\n{BLOCK}\n"),
        # the last line has no end
        (
            "links:\n  a: {port: x}",
            f"links:\n  a: {{port: x}}\n{BLOCK}",
        ),
        # a last value that is empty, or an alias
        (
            "x: &a {port: x}\nlinks:\n  b: *a\n",
            f"x: &a {{port: x}}\nlinks:\n  b: *a\n{BLOCK}\n",
        ),
        # an anchor of its own
        (
            "links: &l\n  a: {port: x}\n",
            f"links: &l\n  a: {{port: x}}\n{BLOCK}\n",
        ),
        # the document's end
        (
            "---\nlinks:\n  a: {port: x}\n...\n",
            f"---\nlinks:\n  a: {{port: x}}\n{BLOCK}\n...\n",
        ),
    ],
)
def test_styles(before: str, after: str) -> None:
    """Where the new lines stand; as they would with other line ends."""
    assert put(before) == after
    assert put(before.replace("\n", "\r\n")) == after.replace("\n", "\r\n") or "\n" not in before
    yaml.safe_load(after)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x: &a {}\nlinks: *a\n", "'links' is an alias"),
        ("links: []\n", "'links' is not a mapping"),
        ("links: ~\n", "'links' is not a mapping"),
        ("links: 5\n", "'links' is not a mapping"),
        ("[1]\n", "is not a mapping"),
        ("links:\n  a: |\n    text\n", r"a text of several lines"),
        ("x: &a {}\nlinks: {a: *a}\n", "'a' is the last in its braces"),
        ("links: {a: }\n", "'a' is the last in its braces"),
        ("links:\r  a: {port: x}\r", "lines end in a way"),
    ],
)
def test_what_cannot_be_done_safely(text: str, why: str) -> None:
    """Is refused, with the reason."""
    with pytest.raises(CannotInsertError, match=why):
        inserted(text, ("links",), NEW)


def test_no_yaml() -> None:
    """The parser's own error."""
    with pytest.raises(yaml.YAMLError):
        inserted("a: [", ("links",), NEW)


PLAIN_VALUES = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.sampled_from(
        ["yes", "No", "on", "null", "~", "1", "1e3", "0x1", "a: b", "# x", "a #b", "-", "?", "!x"]
    ),
    st.integers(-(10**6), 10**6),
    st.booleans(),
    st.floats(-1e6, 1e6),
)
VALUES = st.recursive(
    PLAIN_VALUES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab-/. 1", min_size=1), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text(st.characters(codec="ascii"), min_size=1, max_size=6), VALUES, max_size=3))
@example({"a": 5e-05, "b": 1e16, "c": 1.5e-7, "d": -1e22, "e": True, "f": 3})
def test_whatever_is_written_is_read(entry: dict[str, Any]) -> None:
    """On one line, and on several."""
    assert yaml.safe_load(as_flow(entry)) == entry
    assert yaml.safe_load("\n".join(as_block(entry, 2)) or "{}") == entry
