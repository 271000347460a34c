"""What YAML cannot make anything of: the cause's own line, and what to write."""

from collections.abc import Callable

import pytest

Complaints = Callable[..., list[str]]
LINK = "links:\n  board:\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "mqtt:\n  url:mqtt://h\n  user: u\n",
            "2:7: not valid YAML: a blank is missing behind 'url:'; write: url: mqtt://h",
        ),
        (
            "mqtt:\n  client_id:a\n\n  url:mqtt://h\n  user: u\n",
            "2:13: not valid YAML: a blank is missing behind 'client_id:'; write: client_id: a",
        ),
        (
            "mqtt:\n  password:abc\n  url: mqtt://h\n",
            "2:12: not valid YAML: a blank is missing behind 'password:'; write: password: …",
        ),
        (
            "mqtt:\n  url:mqtt://u:p@h\n  user: u\n",
            "2:7: not valid YAML: a blank is missing behind 'url:'; write: url: …",
        ),
        (
            LINK + "    port: /dev/x\n    baud:9600\nsensors: {}\n",
            "4:10: not valid YAML: a blank is missing behind 'baud:'; write: baud: 9600",
        ),
        (
            LINK + "    port: /dev/x\n    baud 9600\nsensors: {}\n",
            "4:5: not valid YAML: there is no ':' in this line; write KEY: VALUE",
        ),
        (
            LINK + "    port:/dev/x\n",
            "3: links.board: expected a mapping, got a text: a blank is missing behind 'port:'; "
            "write: port: /dev/x",
        ),
        (
            'links: {b: {port:"sim:"}}\n',
            "1: links.b.port: a blank is missing behind 'port:'; write: port: \"sim:\"",
        ),
        (
            'mqtt: {url: mqtt://h, password:"abc"}\n',
            "1: mqtt.password: a blank is missing behind 'password:'; write: password: …",
        ),
        (
            LINK + '    port: "sim:"\n      baud: 9600\n',
            "4:7: not valid YAML: this line begins with 6 spaces; write 4, as line 3",
        ),
        (
            LINK + "    port: /dev/x\n      baud: 9600\n",
            "4:7: not valid YAML: this line begins with 6 spaces; write 4, as line 3",
        ),
        (
            LINK + "    port: /dev/x\n\n   # why\n   baud: 9600\n",
            "6:4: not valid YAML: this line begins with 3 spaces; write 4, as line 3, or 2, as line 2",
        ),
        (
            " gateway: {name: a}\nlinks: {}\n",
            "1:1: not valid YAML: this line begins with 1 space, and line 2 with fewer; write both "
            "without any",
        ),
        (
            "links:\nboard:\n  port: /dev/x\n",
            "2: board: unknown key 'board'; keys here are: gateway, router, links, sensors, mqtt, "
            "http, history, fleet, log; if it is one of the links, write two spaces more before it and each "
            "of its lines",
        ),
        (
            "links:\n  b: {port: /dev/x}\n  sensors:\n    t: {driver: temperature, link: b}\n",
            "3: links.sensors: is it the section 'sensors'? Then write it, and what is in it, "
            "further to the left",
        ),
        (
            "router: {listen: [::1]:7300}\n",
            "1:18: not valid YAML: '[' begins a list; write it in quotes: \"[::1]:7300\"",
        ),
        (
            "router:\n  listen: [fe80::1%eth0]:7300\n",
            "2:11: not valid YAML: '[' begins a list; write it in quotes: \"[fe80::1%eth0]:7300\"",
        ),
        (
            "links: {b: {port: socket://[::1]:4001}}\n",
            "1:19: not valid YAML: '[' begins a list; write it in quotes: \"socket://[::1]:4001\"",
        ),
        ("a: @abc\n", "1:4: not valid YAML: a value cannot begin with '@'; write it in quotes: \"@abc\""),
        (
            "password: @abc\n",
            "1:11: not valid YAML: a value cannot begin with '@'; write it in quotes: \"…\"",
        ),
        (
            "a: |abc\n",
            "1:5: not valid YAML: '|' begins a text of several lines; write it in quotes: \"|abc\"",
        ),
        ("a: *abc\n", "1:4: not valid YAML: '*' begins an alias; write it in quotes: \"*abc\""),
        (
            "a: &abc\n",
            "1:4: not valid YAML: '&' begins an anchor, which names a value, and there is none; "
            "write it in quotes",
        ),
        (
            "a: 'abc\nb: 1\n",
            "1:4: not valid YAML: the quote (') that begins here has no end; write it at the end of "
            "the value",
        ),
        (
            'a: "abc\nb: "c"\n',
            "1:4: not valid YAML: the quote that begins here has its end on another line; is one "
            "missing on this line?",
        ),
        (
            'a: "b" c\n',
            "1:8: not valid YAML: there is more behind the closing quote; write the whole value in "
            "quotes",
        ),
        (
            "a: {abc\n",
            "1:4: not valid YAML: the '{' that begins here has no '}'; write it behind what belongs "
            "to it, or, where the '{' is part of a value, that in quotes: \"{abc\"",
        ),
        (
            "links: {b: {port: /dev/x}\nsensors: {}\n",
            "1:8: not valid YAML: the '{' that begins here has no '}'; write it behind what belongs "
            "to it",
        ),
        ("{a: 1 b: 2}\n", "1:8: not valid YAML: expected ',' or '}', but got ':'"),
        (
            "{a: 'x' b}\n",
            "1:9: not valid YAML: expected ',' or '}', but got another value; is a comma missing "
            "before it?",
        ),
        (
            "gateway: {name: ${HOST}}\n",
            "1:18: not valid YAML: expected ',' or '}', but got '{'; a variable is not filled in "
            "here: write !env HOST",
        ),
        (
            "gateway: {name: {{ host }}}\n",
            "1: gateway.name: expected a name before ':', got a mapping or a list; instead of '{{ … "
            "}}' write !env NAME",
        ),
        (
            "mqtt:\n  password: !abc\n",
            "2: mqtt.password: the tag '!abc' is not allowed here; remove it (allowed: !env, !file), "
            "or write a value that begins with '!' in quotes",
        ),
    ],
)  # fmt: skip
def test_told(complaints: Complaints, text: str, told: str) -> None:
    """Where the cause is, and never a password."""
    found = complaints(text)
    assert any(one.startswith(told) for one in found), found
    assert "abc" not in "".join(found) or "password" not in text or "!abc" in text


@pytest.mark.parametrize("written", ["“abc”", "„abc“", "‘abc’", "«abc»", "”abc”"])
def test_curly_quotes(complaints: Complaints, written: str) -> None:
    """Are no quotes: a value and a name with them are refused; in straight ones they are what they are."""
    (found,) = complaints(f"gateway: {{data: {written}}}\n")
    assert found == (
        f'1: gateway.data: {written[0]} and {written[-1]} are no quotes to YAML; write straight ones: "…"'
    )
    (found,) = complaints(f"gateway: {{{written}: x}}\n")
    assert found.endswith("are no quotes to YAML; write: abc")
    assert complaints(f"gateway: {{data: '{written}'}}\n") == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("te\u200bmp", "U+200B ZERO WIDTH SPACE"),
        ("\u00a0temp", "U+00A0 NO-BREAK SPACE"),
        ("temp\u00ad", "U+00AD SOFT HYPHEN"),
        ("te\u202emp", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("te\u200dmp", "U+200D ZERO WIDTH JOINER"),
    ],
)
def test_a_name_with_what_cannot_be_seen(complaints: Complaints, name: str, what: str) -> None:
    """Nobody could type it again."""
    links = "links: {b: {port: /dev/x}}\nsensors:\n"
    (found,) = complaints(f"{links}  {name}: {{driver: temperature, link: b}}\n")
    assert found.endswith(f"there is a character in it that cannot be seen ({what}); write: temp")
    assert complaints(f"{links}  👨\u200d👩: {{driver: temperature, link: b}}\n") == []


def test_an_umlaut_is_one_name(complaints: Complaints) -> None:
    """However it was typed: as one character, or as two."""
    links = "links: {b: {port: /dev/x}}\nsensors:\n"
    first = "  K\u00fcche: {driver: temperature, link: b}\n"
    (found,) = complaints(links + first + "  Ku\u0308che: {driver: temperature, link: b, channel: x}\n")
    name = "K\u00fcche"
    assert found == f"4: sensors.{name}: duplicate key {name!r}: it is also on line 3; remove or rename one"


def test_variables(complaints: Complaints) -> None:
    """Are not filled in: refused with what to write, but in single quotes, which mean what is in them."""
    for written in ("${PW}", '"${PW}"'):
        assert complaints(f"gateway: {{}}\nmqtt:\n  url: mqtt://h\n  client_id: {written}\n") == [
            "4: mqtt.client_id: ${PW} is not filled in here; write: !env PW; if that is the value itself, "
            "write it in single quotes"
        ]
    assert complaints("mqtt:\n  url: mqtt://h\n  client_id: '${PW}'\n") == []
