"""`reload`: have a running gateway take its config file as it is now, and say what became of each part."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import sig
from gateway.cli.client import complain, connection, to_json
from gateway.plain import plain
from gateway.senders import OWN_NAME

WITHIN_S = 50.0
"""For the answer: a little more than the gateway has to say that it takes too long."""


def reload(url: str, token: str | None, *, as_json: bool) -> int:
    """0 if the new config holds; 1 if it is refused, which is told line by line, or a part did not start."""
    try:
        with connection(url, token) as client:
            report = client.remoteRequest(OWN_NAME, "reload", timeout=WITHIN_S)
    except sig.RequestError as error:
        return _refused(error, as_json=as_json) if error.error == sig.RequestError.error else complain(error)
    for text in report["warnings"]:
        print(plain(f"warning: {text}"), file=sys.stderr)
    for text in report["left_out"]:
        print(plain(f"still left out: {text}"), file=sys.stderr)
    if as_json:
        print(to_json(report))
    else:
        for line in lines(report):
            print(line)
    return 1 if any(part["result"] == "failed" for part in report["parts"]) else 0


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """A line for each part: its name, what became of it, and what is to be said of that."""
    rows = [(plain(part["part"]), part["result"], plain(part["message"])) for part in report["parts"]]
    names, results = (max((len(row[at]) for row in rows), default=0) for at in (0, 1))
    for name, result, message in rows:
        yield f"{name:{names}}  {result:{results}}  {message}".rstrip()


def _refused(error: sig.RequestError, *, as_json: bool) -> int:
    problems = str(error).splitlines()
    if as_json:
        print(to_json({"refused": problems}))
    for problem in problems:
        print(plain(problem), file=sys.stderr)
    count = f"{len(problems)} error{'s' if len(problems) > 1 else ''}"
    print(f"{count}: the config is refused, and the one before goes on", file=sys.stderr)
    return 1
