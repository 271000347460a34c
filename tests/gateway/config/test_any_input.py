"""hypothesis: whatever the file holds: `load` gives a Config or a ConfigError, every error in one line."""

from collections.abc import Callable

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.config import Config, ConfigError

LoadText = Callable[..., Config]

WORDS = """gateway router links sensors mqtt http history name data listen token tls cert key board protocol
    port baud temp driver link channel delta cold hot url home_assistant keep"""
KEYS = st.sampled_from(WORDS.split())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.sampled_from(
        ["temperature", "board", "sim:", "/dev/x", "5%", "127.0.0.1:7300", "0.0.0.0:1", "[::1]:9", "[:"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | SCALARS, inner, max_size=5),
    max_leaves=25,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=7)
BOUNDED = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def outcome(load_text: LoadText, text: str | bytes) -> None:
    problems: list[str] = []
    try:
        load_text(text)
    except ConfigError as error:
        problems = [str(problem) for problem in error.problems] or ["none at all\n"]
    assert all(problem.isprintable() for problem in problems), problems


@BOUNDED
@given(st.binary(max_size=200))
@example(b'a: "\\UFFFFFFFF"')
@example(b"%YAML 1." + b"9" * 5000 + b"\n--- a")
@example(b"!<%ff> a")
@example(b"\xff\xfea\x00")
def test_any_bytes(load_text: LoadText, data: bytes) -> None:
    """Arbitrary bytes."""
    outcome(load_text, data)


@BOUNDED
@given(st.text(alphabet="ab:-[]{}&*!?|>'\"%#@`, \n\t0159.~<=eUu\\x", max_size=60))
def test_any_yaml_soup(load_text: LoadText, text: str) -> None:
    """YAML's own characters, in any order."""
    outcome(load_text, text)


@BOUNDED
@given(VALUES | DOCUMENTS)
def test_any_document(load_text: LoadText, value: object) -> None:
    """Any YAML document, most of them with the right keys in the wrong places."""
    outcome(load_text, yaml.safe_dump(value, allow_unicode=True))
