"""`read` and `request`: one call, response as JSON on stdout, or error on stderr and exit status 1."""

from __future__ import annotations

import json
from typing import Any

import click

import sig
from gateway.cli.client import anywhere, complain, to_json
from gateway.cli.over_fleet import check_name

MARGIN_S = 2.0
"""A read's own timeout runs at the gateway; the call waits so much longer, for that error to arrive."""


def read(
    url: str, token: str | None, sender: str, *, max_age_s: float | None, timeout_s: float | None
) -> int:
    """Call `read` on a sensor."""
    given = {"max_age": max_age_s, "timeout": timeout_s}
    params = {name: value for name, value in given.items() if value is not None} or None
    return _call(url, token, sender, "read", params, None if timeout_s is None else timeout_s + MARGIN_S)


def request(
    url: str, token: str | None, sender: str, method: str, params: str | None, *, timeout_s: float | None
) -> int:
    """Call any method with params given as JSON text."""
    return _call(url, token, sender, method, None if params is None else parse_params(params), timeout_s)


def parse_params(text: str) -> Any:
    """The JSON value; raises click's usage error, which names the position and shows it."""
    try:
        return json.loads(text)
    except RecursionError:
        raise click.BadParameter("nested too deep", param_hint="PARAMS_JSON") from None
    except json.JSONDecodeError as error:
        line = text.splitlines()[error.lineno - 1] if text.strip() else ""
        place = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        pointer = f"\n  {line}\n  {' ' * (error.colno - 1)}^" if line and len(line) < 200 else ""
        hint = "write it like this: '{\"max_age\": 5}'"
        raise click.BadParameter(
            f"not JSON: {error.msg} at {place}; {hint}{pointer}", param_hint="PARAMS_JSON"
        ) from None


def _call(url: str, token: str | None, sender: str, method: str, params: Any, timeout_s: float | None) -> int:
    options = {} if timeout_s is None else {"timeout": timeout_s}
    check_name(url, sender)
    try:
        with anywhere(url, token) as client:
            response = client.remoteRequest(sender, method, params, **options)
    except sig.RequestError as error:
        return complain(error)
    print(to_json(response))
    return 0
