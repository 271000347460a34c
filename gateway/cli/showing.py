"""The live table of `run`: what is put on the terminal, and what stays there at the end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.cli.common import discard_output
from gateway.live.layout import LogLine, Picture, farewell, log_lines
from gateway.live.lines import Line, has_colours, painted
from gateway.live.screen import Screen
from gateway.live.table import LiveTable
from gateway.live.terminal import Terminal
from gateway.live.whole import whole_of
from gateway.logs import to_stderr

if TYPE_CHECKING:
    from queue import SimpleQueue

    from drivers.link import Link
    from gateway.app import App
    from gateway.logs import Tail


def show(app: App, tail: Tail, stops: SimpleQueue[int]) -> None:
    """Draw the live table until a signal comes, even if the terminal goes before. The log's lines are on the
    screen as long as there is one, and after that on standard error."""
    terminal = Terminal(sys.stdout)
    picture = _pictures(app)
    screen = Screen(terminal, lambda: picture(list(tail.lines)), lambda: _say_lines(tail, terminal))
    screen.start()
    try:
        with _redrawn_when_told(screen):
            stops.get()
    finally:
        if not screen.close():
            discard_output()
        elif screen.ended_well:
            lines = tail.hand_over(to_stderr())
            _say(farewell(picture(lines), terminal.size[0]))
        else:
            _say_lines(tail, terminal)


def _pictures(app: App) -> Callable[[list[LogLine]], Picture]:
    """Makes what is to be seen now, of the newest log lines."""
    seen = app.config
    table = LiveTable(app.router, lambda: _links(app), lambda sensor: _problem(app, sensor), app.clock)

    def picture(log: list[LogLine]) -> Picture:
        nonlocal seen
        config = app.config
        if config is not seen:
            table.forget_settings()
            seen = config
        page = None if config.http is None else config.http.url
        whole = whole_of(app.health(), page, config.router.listen)
        return Picture(config.gateway.name, whole, table.now(), log)

    return picture


def _problem(app: App, sensor: str) -> str | None:
    found, section = app.sensors.get(sensor), app.names.get(sensor)
    if found is None or section is None:  # it was found this moment, and is not there yet
        return None
    link = app.links.get(section.link)
    return None if link is None else found.problem or link.absence(found.channel)


def _links(app: App) -> dict[str, tuple[str, Link]]:
    """By sensor, those of the config first."""
    links = dict(app.links)
    return {
        name: (sensor.link, links[sensor.link])
        for name, sensor in app.names.all().items()
        if sensor.link in links  # else the config has just changed
    }


def _say_lines(tail: Tail, terminal: Terminal) -> None:
    """There is no table any more: what the log has, and what it gets."""
    _say(log_lines(tail.hand_over(to_stderr()), terminal.size[0]))


def _say(lines: Sequence[Line]) -> None:
    colours = has_colours(sys.stdout)
    try:
        for line in lines:
            print(painted(line, colours=colours))
        sys.stdout.flush()
    except OSError:
        discard_output()


@contextmanager
def _redrawn_when_told(screen: Screen) -> Iterator[None]:
    """SIGWINCH: the size has changed. SIGCONT: a shell may have written there while we were stopped."""

    def redraw(_number: int, _frame: object) -> None:
        screen.redraw()

    before = {number: signal.signal(number, redraw) for number in (signal.SIGWINCH, signal.SIGCONT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
