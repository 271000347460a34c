"""The document of the API, and that the API is as it says: every operation is asked all kinds of things."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gateway.event_id import EventId
from gateway.history.buckets import Bucket, Gap
from gateway.history.rows import Kept, Series
from gateway.http import events as events_module
from gateway.http import schemas
from gateway.http.openapi import document
from tests.gateway.http.conftest import Answer, Web
from tests.support.examples import examples

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")


class Past:
    """A history of one sender."""

    def points(self, sender: str, *_: Any) -> Series | None:
        """See `History`."""
        if sender != "temp":
            return None
        return Series("°C", 1, [Bucket(1000, 1.0, 1.0, 1.0, 1.0, 1, 1)], [Gap(1, 2, "off")])

    def since(self, *_: Any) -> list[Kept]:
        """See `History`."""
        return [Kept(EventId(1, 0), "temp", "hot", "1")]


class Measured:
    """Metrics."""

    def text(self) -> str:
        """See `Metrics`."""
        return "# HELP x\nx 1\n"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A server with all its parts, for all tests here."""
    web = Web(tmp_path_factory.mktemp("http"))
    web.history, web.metrics = Past(), Measured()
    web.start()
    yield web
    assert web.stop()


@pytest.fixture(scope="module", autouse=True)
def no_thread_survives() -> None:
    """The server does, until the last test."""


def described(web: Web) -> dict[str, Any]:
    """The document."""
    found: dict[str, Any] = web.ask("/openapi.json").json
    return found


def operations(web: Web) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of all of them."""
    paths = described(web)["paths"]
    return [(method.upper(), path, each) for path, ops in paths.items() for method, each in ops.items()]


def test_every_operation_is_there(full: Web) -> None:
    """By the names that are seen from outside."""
    assert {f"{method} {path}" for method, path, _ in operations(full)} == {
        "GET /api/v1/senders",
        "GET /api/v1/senders/{name}",
        "GET /api/v1/senders/{name}/history",
        "POST /api/v1/senders/{name}/requests/{method}",
        "GET /api/v1/gateway",
        "GET /api/v1/events",
        "GET /healthz",
        "GET /metrics",
        "POST /login",
        "POST /logout",
    }


def test_it_refers_to_what_it_has(full: Web) -> None:
    """Every reference leads somewhere, every schema is used, every identifier is one."""
    found = described(full)
    text = json.dumps(found)
    schemas_there = set(found["components"]["schemas"])
    referred = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= schemas_there
    assert schemas_there - referred <= {"StreamEvent"}
    ids = [operation["operationId"] for _, _, operation in operations(full)]
    assert len(ids) == len(set(ids))
    assert found["openapi"] == "3.1.0"


def test_statuses_of_errors(full: Web) -> None:
    """Those of product names, and the types that go with each."""
    (ask,) = [each for _, path, each in operations(full) if path.endswith("/requests/{method}")]
    types = {
        int(status): response["content"]["application/json"]["schema"]["allOf"][1]["properties"]["error"][
            "enum"
        ]
        for status, response in ask["responses"].items()
        if status != "200"
    }
    assert types == {
        400: ["bad_host", "bad_request"],
        401: ["unauthorized"],
        403: ["forbidden"],
        404: ["unknown_method", "unknown_sender"],
        413: ["too_large"],
        422: ["bad_params"],
        429: ["busy"],
        502: ["bad_reply", "failed"],
        503: ["not_connected"],
        504: ["timeout"],
    }


MODELS: dict[str, Any] = {
    "/api/v1/senders": list[schemas.SenderEntry],
    "/api/v1/senders/temp": schemas.SenderDetail,
    "/api/v1/senders/temp/history": schemas.History,
    "/api/v1/gateway": schemas.GatewayInfo,
    "/healthz": schemas.Health,
}


@pytest.mark.parametrize("path", MODELS)
def test_answers_are_as_their_models(full: Web, path: str) -> None:
    """They are not validated on their way out; here they are."""
    TypeAdapter(MODELS[path]).validate_json(full.ask(path).body, strict=True)


def test_metrics(full: Web) -> None:
    """As they are."""
    answer = full.ask("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.body == b"# HELP x\nx 1\n"


TEXTS = st.one_of(
    st.sampled_from(
        ["temp", "last", "info", "echo", "nobody", "1h", "2026-11-22T06:30:00Z", "json", "7", "1-0"]
    ),
    st.text(max_size=30),
)
BODIES = st.one_of(
    st.none(),
    st.binary(max_size=50),
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    ).map(lambda value: json.dumps(value).encode()),
)


def check(answer: Answer, operation: dict[str, Any]) -> None:
    """A status that is documented, and a body of the type and the shape that is documented for it."""
    responses = operation["responses"]
    assert str(answer.status) in responses, answer
    content = responses[str(answer.status)]["content"]
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in content
    if kind == "application/json" and "allOf" in (schema := content[kind]["schema"]):
        assert answer.error[1] in schema["allOf"][1]["properties"]["error"]["enum"]


def is_path(text: str) -> bool:
    """What clients do not take for a way up, and is there."""
    return text not in ("", ".", "..")


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_operation_takes_everything(
    full: Web, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    """Whatever the parameters and the body are: an answer that is documented."""
    for method, path, operation in operations(full):
        if "/events" in path:
            continue
        query = []
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                text = data.draw(TEXTS.filter(is_path))
                path = path.replace(f"{{{parameter['name']}}}", quote(text, safe="", errors="replace"))
            elif data.draw(st.booleans()):
                text = data.draw(TEXTS)
                query.append(f"{parameter['name']}={quote(text, safe='', errors='replace')}")
        body = data.draw(BODIES) if method == "POST" else None
        answer = full.ask(f"{path}?{'&'.join(query)}", method, body)
        check(answer, operation)


def test_the_stream_is_as_documented(full: Web) -> None:
    """With each of its parameters."""
    (operation,) = [each for _, path, each in operations(full) if "/events" in path]
    for query in ("", "?sender=temp", "?event=%00", "?last_event_id=1-0", "?last_event_id=%ff"):
        stream = full.follow(query)
        assert (stream.status, stream.headers["content-type"].partition(";")[0]) == (
            200,
            events_module.STREAM,
        )
        stream.close()
    assert events_module.STREAM in operation["responses"]["200"]["content"]


def test_other_methods(full: Web) -> None:
    """Are refused."""
    for method, path, _ in operations(full):
        address = path.replace("{name}", "temp").replace("{method}", "last")
        for other in METHODS:
            if other not in (method, "HEAD"):
                answer = full.ask(address, other)
                assert answer.error[:2] == (405, "method_not_allowed")
                assert method in answer.headers["allow"]


class Links(HTMLParser):
    """What a page leads to, and the places in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser`."""
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.ids.add(value)
            assert name not in ("style", "onclick")


def test_the_page_for_people(full: Web) -> None:
    """Has every operation, needs nothing from elsewhere, and each of its links leads somewhere."""
    answer = full.ask("/docs")
    page = answer.body.decode()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = Links(page)
    assert {operation["operationId"] for _, _, operation in operations(full)} <= found.ids
    for link in found.links:
        if link.startswith("#"):
            assert link[1:] in found.ids
        else:
            assert full.ask(f"/{link}").status == 200


def test_the_document_of_nothing() -> None:
    """Is one."""
    found = document((), "1")
    assert (found["paths"], found["info"]["version"]) == ({}, "1")
    assert "Failure" in found["components"]["schemas"]
