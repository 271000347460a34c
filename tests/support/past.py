"""A gateway's folder with a history in it, made without a gateway."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from gateway.event_id import EventId
from gateway.history.buckets import DAY
from gateway.history.rows import Batch, Item, Reading
from gateway.history.sealed import GOOD, SUSPECT
from gateway.history.store import Store
from gateway.recording import FILE

NOON = 1_795_780_800_000
"""2026-11-27T12:00:00Z."""
CONFIG = """\
gateway: {{name: greenhouse, data: ./data}}
router: {{listen: 'unix:{folder}/s'}}
history: {{keep: 40000d, events: 40000d}}
"""


def reading(sender: str, time: int, value: float, unit: str = "°C", reason: str | None = None) -> Reading:
    """Heard when it was measured."""
    quality = GOOD if reason is None else SUSPECT
    return Reading(sender, unit, time, value, quality, reason, 1, EventId(time, 0))


def configure(folder: Path, more: str = "") -> Path:
    """A config.yaml whose data folder is beside it, and that keeps whatever there is."""
    folder.mkdir(exist_ok=True)
    path = folder / "config.yaml"
    path.write_text(CONFIG.format(folder=folder) + more)
    return path


@contextmanager
def new_store(folder: Path) -> Iterator[Store]:
    """The history of that folder, to be written."""
    path = folder / "data" / FILE
    store = Store(path, keep_ms=40_000 * DAY, keep_events_ms=40_000 * DAY, most_bytes=1 << 30)
    with closing(store):
        store.open()
        yield store


def remember(folder: Path, items: Sequence[Item], alive: int | None = None) -> Path:
    """Put them into the history of that folder; returns its file."""
    (folder / "data").mkdir(exist_ok=True)
    with new_store(folder) as store:
        store.write(Batch(items, alive))
    return folder / "data" / FILE
