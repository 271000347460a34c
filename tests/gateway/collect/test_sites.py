"""`gateway.collect.sites`: who keeps a site's events is begun before anybody has it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gateway.clock.wall import WallClock
from gateway.collect.sites import Sites
from gateway.config.collecting import load_collect
from tests.support.waiting import until

CONFIG = """\
collect:
  name: collector
fleet:
  routers: [tcp://127.0.0.1:1]
"""


def test_one_that_could_not_be_begun_is_begun_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where this machine has no thread left for a while; until then nobody has it."""
    path = tmp_path / "collect.yaml"
    path.write_text(CONFIG)
    sites = Sites(load_collect(path, {}), WallClock(), lambda: None)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", _no_thread)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            sites.of("north")
    assert list(sites) == []
    keeping = sites.of("north")
    try:
        until(lambda: keeping.news().opened is not None)
        assert list(sites) == [keeping]
    finally:
        assert all(each.stop(60.0) for each in sites.stop())


def _no_thread(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
