"""The gateways of a fleet: there at a collector alone."""

from __future__ import annotations

from starlette.responses import Response

from gateway.http.answers import json_answer
from gateway.http.calls import Calls
from gateway.http.context import Context
from gateway.http.operations import Call, Operation
from gateway.http.schemas import FleetGateway


class Gateways:
    """Endpoints, on the server's loop."""

    def __init__(self, context: Context, calls: Calls) -> None:
        self._fleet = context.fleet
        self._calls = calls

    def operations(self) -> tuple[Operation, ...]:
        """The one of them; none at a gateway."""
        if self._fleet is None:
            return ()
        text = "All gateways of the fleet: who is up, whose data flows"
        return (Operation("GET", "/api/v1/gateways", text, self.list, FleetGateway, many=True),)

    async def list(self, _call: Call) -> Response:
        """As the collector knows them now."""
        assert self._fleet is not None
        gateways = self._fleet.gateways
        return await self._calls.made(lambda: json_answer(gateways()))
