"""Who is there, and requests to them; and how the gateway itself does."""

from __future__ import annotations

from starlette.responses import Response

from gateway.http.answers import json_answer, succeeded
from gateway.http.calls import REQUEST_S, Calls
from gateway.http.context import Context
from gateway.http.errors import HttpError
from gateway.http.operations import Call, Operation, Parameter
from gateway.http.schemas import Answered, GatewayInfo, Health, SenderDetail, SenderEntry
from gateway.overview import WITHIN_S, Overview
from gateway.requests_pool import GRACE_S, patience

NAME = Parameter("name", "the sender's name, percent-encoded", "path", "temp")
METHOD = Parameter("method", "such as `read`, `last`, `info` or `stats`, percent-encoded", "path", "last")
GATEWAY = Parameter("gateway", "only those of this gateway: `site/gateway`", example="north/greenhouse")
OF_REQUESTS = ("unknown_sender", "unknown_method", "failed", "bad_reply", "not_connected")


class Senders:
    """Endpoints, on the server's loop. What may wait runs on the threads of `calls`."""

    def __init__(self, context: Context, calls: Calls, overview: Overview) -> None:
        self._context = context
        self._calls = calls
        self._overview = overview

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        return (
            Operation(
                "GET",
                "/api/v1/senders",
                "All senders",
                self.list,
                SenderEntry,
                many=True,
                parameters=(GATEWAY,) if self._context.fleet is not None else (),
                refuses=("failed",),
            ),
            Operation(
                "GET",
                "/api/v1/senders/{name}",
                "One sender, with what it says of itself",
                self.one,
                SenderDetail,
                parameters=(NAME,),
                refuses=("unknown_sender", "failed"),
            ),
            Operation(
                "POST",
                "/api/v1/senders/{name}/requests/{method}",
                "Ask a sender; the body has the params, a `timeout` in seconds among them, or nothing",
                self.request,
                Answered,
                takes_any=True,
                parameters=(NAME, METHOD),
                refuses=OF_REQUESTS,
            ),
            Operation(
                "GET",
                "/api/v1/gateway",
                "The gateway itself, its links and devices, and whether data flows",
                self.gateway,
                GatewayInfo,
            ),
            Operation("GET", "/healthz", "Whether data flows; 503 if not", self.health, Health, also=503),
        )

    async def list(self, call: Call) -> Response:
        """What `senders --json` prints."""
        fleet = self._context.fleet
        if fleet is not None:
            listed = fleet.overview.all
            return await self._calls.made(lambda: json_answer(listed(gateway=call.given["gateway"])))
        return json_answer(await self._calls.run(self._overview.all, WITHIN_S + GRACE_S, "it"))

    async def one(self, call: Call) -> Response:
        """The same of one, with its `info` and `stats`."""
        name: str = call.given["name"]
        fleet = self._context.fleet
        one = self._overview.one if fleet is None else fleet.overview.one
        found = await self._calls.run(lambda: one(name), WITHIN_S + GRACE_S, "it")
        if found is None:
            raise HttpError("unknown_sender", f"there is no sender '{name}'")
        return json_answer(found)

    async def request(self, call: Call) -> Response:
        """As on every other transport."""
        name, method, params = call.given["name"], call.given["method"], call.json()
        router = self._context.router
        within_s = patience(params, REQUEST_S)
        return succeeded(
            await self._calls.run(lambda: router.request(name, method, params), within_s, f"'{method}'")
        )

    async def gateway(self, _call: Call) -> Response:
        """What `$gateway` answers to `info`; and `health`, of which the page need not ask /healthz, whose
        503 a browser calls an error."""
        context = self._context
        return await self._calls.made(lambda: json_answer({**context.info(), "health": context.health()}))

    async def health(self, _call: Call) -> Response:
        """What `$gateway` answers to `health`."""

        def answer() -> Response:
            found = self._context.health()
            return json_answer(found, 200 if found["status"] == "ok" else 503)

        return await self._calls.made(answer)
