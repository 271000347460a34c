"""YAML text to values, lines and problems."""

from pathlib import Path

import pytest

from gateway.config.document import Document, parse
from gateway.config.nodes import MAX_DEPTH
from gateway.config.secrets import Secrets


def parsed(text: str, **environ: str) -> Document:
    return parse(text, "c.yaml", Secrets(Path("/nonexistent"), environ))


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parsed(text).problems]


def test_every_path_knows_its_line() -> None:
    """A key's line is where the key is, not where its value begins."""
    document = parsed("a:\n  b:\n    - 1\n    - c: 2\n")
    assert document.tree == {"a": {"b": [1, {"c": 2}]}}
    assert document.lines[("a", "b")] == 2
    assert document.lines[("a", "b", 1, "c")] == 4
    assert document.line(("a", "zzz", "y")) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-1_000", -1000),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("on", True),
        ("No", False),
        ("~", None),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!!int foo", "foo"),
        ("12:30", "12:30"),
        ("0123", "0123"),
        ("2026-01-02", "2026-01-02"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("=", "="),
    ],
)
def test_scalars(text: str, value: object) -> None:
    """Numbers are numbers where a person would say so; all else stays text, and nothing ever fails."""
    document = parsed(f"a: {text}")
    assert document.tree == {"a": value}
    assert type(document.tree["a"]) is type(value)
    assert document.problems == []


def test_duplicate_key_names_both_lines() -> None:
    """The first one counts, and the second is an error."""
    document = parsed("a: 1\nb: 2\na: 3\n")
    assert document.tree == {"a": 1, "b": 2}
    expected = "c.yaml:3: a: duplicate key 'a': it is also on line 1; remove or rename one"
    assert [str(problem) for problem in document.problems] == [expected]


@pytest.mark.parametrize(
    ("key", "kind"), [("on", "a boolean"), ("7", "a number"), ("~", "null"), ("1.5", "a number")]
)
def test_keys_that_yaml_does_not_read_as_text(key: str, kind: str) -> None:
    """The error says what YAML makes of it and how to write it."""
    expected = f"c.yaml:2: sensors: expected a name, got {key}, which YAML reads as {kind}; "
    expected += f"write it in quotes: {key!r}"
    assert problems(f"sensors:\n  {key}: 1") == [expected]
    assert problems(f"sensors:\n  '{key}': 1") == []


def test_a_mapping_as_a_key() -> None:
    """YAML allows it; nothing here does."""
    assert problems("{a: 1}: 2") == [
        "c.yaml:1: expected a name before ':', got a mapping or a list; instead of '{{ … }}' write !env NAME"
    ]
    assert problems("? [a]\n: 2") == ["c.yaml:1: expected a name before ':', got a mapping or a list"]


def test_anchors_and_merges() -> None:
    """Aliases are values like any others, `<<` merges, and what is written wins."""
    document = parsed("x: &x {p: 1, q: 2}\ny: {<<: *x, q: 3}\nz: {<<: [*x, {r: 4}]}\nw: *x\n")
    assert document.tree["y"] == {"p": 1, "q": 3}
    assert document.tree["z"] == {"p": 1, "q": 2, "r": 4}
    assert document.tree["w"] == {"p": 1, "q": 2}
    assert document.problems == []
    assert problems("a: {<<: 5}") == ["c.yaml:1: a: '<<' expected a mapping to merge, such as *name"]


@pytest.mark.parametrize("merges", ["<<: [*a, *b]", "<<: *a\n  <<: *b", "<<: [*a]\n  <<: [*b]"])
def test_of_two_merges_the_first_wins(merges: str) -> None:
    """In one list or with two keys; and a value's line is that of the one that won."""
    document = parsed(f"x: &a {{p: 1}}\ny: &b {{p: 2, q: 2, r: 2}}\nz:\n  r: 3\n  {merges}\n")
    assert document.tree["z"] == {"p": 1, "q": 2, "r": 3}
    assert [document.lines["z", key] for key in "pqr"] == [1, 2, 4]
    assert document.problems == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: b: c", "1:5: not valid YAML: a second ':' in one value"),
        (
            "a:\n\tb: 1",
            "2:1: not valid YAML: a value cannot begin with '\\t'; write: spaces",
        ),
        (
            "a: [1,\nb",
            "1:4: not valid YAML: the '[' that begins here has no ']'; write it behind what belongs to it",
        ),
        (
            "links:\n  b: {port: sim:, baud: 9600}",
            "2:16: not valid YAML: expected ',' or '}', but got ':'; write: port: \"sim:\"",
        ),
        (
            "{port: sim:?speed=5}",
            "1:12: not valid YAML: expected ',' or '}', but got '?'; write: port: \"sim:?speed=5\"",
        ),
        ("port: sim:", "1:10: not valid YAML: a second ':' in one value; write: port: \"sim:\""),
        (
            "a: {unit: %}",
            "1:11: not valid YAML: a value cannot begin with '%'; write it in quotes: \"%\"",
        ),
        (
            'a: {b: "x", pattern: "\\s+(x)"}',
            "1:24: not valid YAML: found unknown escape character 's'; write single quotes around what has a "
            "backslash: '\\s+(x)'",
        ),
        (
            "a:\n  channel: Temperature: C  # mine",
            "2:23: not valid YAML: a second ':' in one value; write a value that has "
            "': ' in it in quotes: \"Temperature: C\"",
        ),
        (
            "a: {channel: Temperature: C}",
            "1:25: not valid YAML: expected ',' or '}', but got ':'; write a value that has "
            "': ' in it in quotes",
        ),
        (
            "a:\n  b: {link: x, channel: #1}\n  c: {link: x}\n\n",
            "2:25: not valid YAML: '#' begins a comment, to the end of the line; write a value that has "
            "'#' in it in quotes: \"#1\"",
        ),
        (
            "a: {channel: #1}\n",
            "1:14: not valid YAML: '#' begins a comment, to the end of the line; write a value that has",
        ),
        ("a: [1, # one\n 2,\nb", "1:4: not valid YAML: the '[' that begins here has no ']'; write it"),
        (
            "{a: 0,1, b: 2}",
            "1: expected a name, got 1, which YAML reads as a number; a fraction is written with "
            "a point: 0.1",
        ),
        ("{a: x,1}", "1: expected a name, got 1, which YAML reads as a number; write it in quotes: '1'"),
        ("a: *nope", "1:4: not valid YAML: '*' begins an alias; write it in quotes: \"*nope\""),
        ("a: 1\n---\nb: 2", "2:1: not valid YAML: '---' begins another document, and a config is one"),
        ('a: "\\UFFFFFFFF"', "1:7: not valid YAML: "),
        ("a: \x01", "1:4: not valid YAML: the character '\\x01' is not allowed"),
        ("[" * 5000, f"1:{MAX_DEPTH + 1}: not valid YAML: nested more than {MAX_DEPTH} levels deep"),
        ("a: &a [*a]", "1: an alias (*name) inside of what it stands for"),
        (
            "a: !!python/object:os.system x",
            "1: a: the tag '!!python/object:os.system' is not allowed here; remove it",
        ),
        ("a: !!set {x}", "1: a: the tag '!!set' is not allowed here"),
        ("a: !!binary x", "1: a: the tag '!!binary' is not allowed here"),
    ],
)
def test_what_yaml_refuses(text: str, problem: str) -> None:
    """Line and column, and what is wrong there."""
    found = problems(text)
    assert len(found) == 1
    assert found[0].startswith(f"c.yaml:{problem}")


def test_alias_bomb() -> None:
    """A kilobyte that stands for 9^10 values is refused at once."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    (problem,) = problems("\n".join(lines))
    assert "once aliases (*name) are expanded" in problem


def test_too_many_values() -> None:
    """A quarter of a megabyte of brackets and commas is refused before it is all read."""
    (problem,) = problems("a:\n- [" + "1," * 60_000 + "]")
    assert problem == "c.yaml:2: more than 50000 values: that is not a config"


def test_alias_chain_deeper_than_allowed() -> None:
    """Depth is bounded after aliases too."""
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 60)]
    (problem,) = problems("\n".join(lines))
    assert "levels deep, once aliases are expanded" in problem


def test_env_secret() -> None:
    """The value comes in, and its path is known as secret; one that is not set is an error."""
    document = parsed("t: !env TOKEN", TOKEN=" hush \n")
    assert document.tree == {"t": "hush"}
    assert document.secrets == {("t",)}
    assert problems("t: !env NOPE") == ["c.yaml:1: t: the environment variable 'NOPE' is not set"]
    assert [str(p) for p in parsed("t: !env E", E=" ").problems] == ["c.yaml:1: t: !env 'E' is empty"]
    assert problems("t: !env") == ["c.yaml:1: t: !env expected a variable; write: !env SIG_GATEWAY_TOKEN"]


def test_file_secret(tmp_path: Path) -> None:
    """Relative to the folder given, stripped; each way to fail has its own words."""
    (tmp_path / "good").write_text("hush\n")
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "huge").write_bytes(b"x" * 70_000)
    secrets = Secrets(tmp_path, {})
    assert parse("t: !file good", "c", secrets).tree == {"t": "hush"}
    (tmp_path / "notepad").write_bytes(b"\xef\xbb\xbfhush\r\n")
    assert parse("t: !file notepad", "c", secrets).tree == {"t": "hush"}
    (tmp_path / "two").write_text("hush\nhush\n")
    (tmp_path / "empty").write_text("\n")
    for name, text in [
        ("none", "cannot be read: No such file or directory"),
        ("binary", "is not UTF-8 text"),
        ("huge", "is larger than 65536 bytes"),
        ("two", "c:1: t: !file 'two' has several lines"),
        ("empty", "c:1: t: !file 'empty' is empty"),
        (".", "is not a regular file"),
        ('"a\\0b"', "is not a path"),
    ]:
        (problem,) = parse(f"t: !file {name}", "c", secrets).problems
        assert text in str(problem)
