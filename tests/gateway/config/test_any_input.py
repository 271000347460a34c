"""hypothesis: whatever the file holds: `load` gives a Config or a ConfigError, every error in one line, and
`load_usable` leaves something out, or gives the same errors."""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.kinds import new_source, protocol, protocol_names
from gateway.config import ConfigError, load, load_usable
from tests.support.examples import examples

# Each example checks a whole config, some ten times: with coverage and beside another Python, minutes.
pytestmark = [pytest.mark.once, pytest.mark.timeout(1800)]

WORDS = """gateway router links sensors mqtt http history name data listen token tls cert key board protocol
    port baud temp driver link channel delta cold hot url home_assistant keep range spike
    step heartbeat interval offset scale hysteresis stale_after min_interval unit show device_class precision
    calibrate median average clamp invalid low high"""
KEYS = st.sampled_from(WORDS.split())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.sampled_from(
        [
            "temperature",
            "board",
            "sim:",
            "/dev/x",
            "5%",
            "3min",
            "light",
            "sensorline",
            "generic",
            "pressure",
            "hPa",
            "F",
            "127.0.0.1:7300",
            "0.0.0.0:1",
            "[::1]:9",
            "[:",
        ]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | SCALARS, inner, max_size=5),
    max_leaves=25,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=7)
# Each costs a tenth of a second and more.
BOUNDED = settings(max_examples=examples(150), deadline=None)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is written anew for every example."""
    return tmp_path_factory.mktemp("any") / "config.yaml"


def outcome(path: Path, text: str | bytes) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    problems: list[str] = []
    try:
        load(path)
    except ConfigError as error:
        problems = [str(problem) for problem in error.problems] or ["none at all\n"]
    assert all(problem.isprintable() for problem in problems), problems
    try:
        left_out = load_usable(path).left_out
    except ConfigError as error:
        found = [str(problem) for problem in error.problems]
    else:
        assert all(out.reason.isprintable() and out.name.isprintable() for out in left_out)
        assert bool(left_out) == bool(problems)
        found = problems
    assert found == problems


@BOUNDED
@given(st.binary(max_size=200))
@example(b'a: "\\UFFFFFFFF"')
@example(b"%YAML 1." + b"9" * 5000 + b"\n--- a")
@example(b"!<%ff> a")
@example(b"\xff\xfea\x00")
def test_any_bytes(path: Path, data: bytes) -> None:
    """Arbitrary bytes."""
    outcome(path, data)


@BOUNDED
@given(st.text(alphabet="ab:-[]{}&*!?|>'\"%#@`, \n\t0159.~<=eUu\\x", max_size=60))
def test_any_yaml_soup(path: Path, text: str) -> None:
    """YAML's own characters, in any order."""
    outcome(path, text)


@BOUNDED
@given(VALUES | DOCUMENTS)
def test_any_document(path: Path, value: object) -> None:
    """Any YAML document, most of them with the right keys in the wrong places."""
    outcome(path, yaml.safe_dump(value, allow_unicode=True))


NUMBERS = st.integers(-5, 5) | st.floats()
POINTS = st.lists(st.lists(NUMBERS, max_size=3), max_size=4)
OPTIONS = st.dictionaries(KEYS, SCALARS | NUMBERS | POINTS | VALUES, max_size=6)


@BOUNDED
@given(st.sampled_from(["temperature", "humidity", "light", "generic"]), OPTIONS)
def test_any_options(path: Path, driver: str, options: dict[str, object]) -> None:
    """Of each driver."""
    sensor = {**options, "driver": driver, "link": "board"}
    config = {"links": {"board": {"port": "sim:"}}, "sensors": {"temp": sensor}}
    outcome(path, yaml.safe_dump(config, allow_unicode=True))


WORDS_OF_LINKS = [
    *("json", "csv", "pairs", "nmea", "(?P<t>x)", "(", "(?P<a b>x)", ",", "\n", "{", "°", "10s", "-1s"),
    *("xy-md02", "cwt", "u16", "f32", "sign-offset", "big", "little", "C", "%", "roof", "even", "odd", "2"),
    *("sim:", "sim:?shape=3", "sim:?slaves=1:xy-md02", "sim:?speed=nan", "sim:?x", "/dev/x", "usb:1:2"),
    *("tcp://h", "tcp://h:0", "tcp://[::1]:1", "tcp://[", "tcp://h:99999", "socket://h:1", "socket://h:x"),
    *("rfc2217://", "spy://", "usb:", "unix:/x", "\udc80", "~", "~nobody/x", "", " "),
]  # fmt: skip
LINK_KEYS = st.sampled_from(
    sorted(
        {
            "protocol",
            "identity",
            "id",
            "profile",
            "function",
            "address",
            "type",
            "word_order",
            "scale",
            "unit",
        }
        | {"offset", "invalid", "roof", "temperature"}
        | {key for name in protocol_names() for key in protocol(name).options}
    )
)
LINK_VALUES = st.recursive(
    SCALARS | NUMBERS | st.sampled_from(WORDS_OF_LINKS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LINK_KEYS | SCALARS, inner, max_size=4),
    max_leaves=12,
)


@BOUNDED
@given(
    st.sampled_from(protocol_names()),
    st.sampled_from(["sim:", "/dev/x", *WORDS_OF_LINKS]),
    st.dictionaries(LINK_KEYS, LINK_VALUES, max_size=6),
)
def test_any_link(path: Path, name: str, port: str, options: dict[str, object]) -> None:
    """Of each protocol; of what `check` takes a source can be made."""
    link = {"port": port, **options, "protocol": name}
    if name == "sysfs":
        link.pop("port")
    outcome(path, yaml.safe_dump({"links": {"x": link}}, allow_unicode=True))
    with suppress(ConfigError):
        section = load(path).links["x"]
        new_source(section.protocol, section.options).close()
