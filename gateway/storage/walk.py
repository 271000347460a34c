"""All rows of a damaged file, page by page, and how many pages hide others."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from gateway.storage import pages
from gateway.storage.image import Image
from gateway.storage.schema import Schema, Values

ONE_PAGE = 20
"""Rows of a page, where none could be read that would show how many there are."""


class Walk:
    """Over the pages of `image`, once, whose tables are of the schema's `version`: rows of one without
    checksums are taken if their values can be ours. `bad` is told of each that is not what was written."""

    def __init__(
        self, image: Image, schema: Schema, version: int, bad: Callable[[str, Values], None]
    ) -> None:
        self._image = image
        self._schema = schema
        self._bad = bad
        # A row says by its width of which table it is: none of ours has as many columns as another.
        self._by_width = {
            (schema.has_rowid(table), len(columns)): (table, columns)
            for table, columns in schema.versions[version - 1].items()
        }
        self._reals = {
            table: [number for number, column in enumerate(columns) if column.type == "REAL"]
            for table, columns in self._by_width.values()
        }
        self._unknown: set[int] = set()  # pages of which nobody knows what they were
        self._unsound = 0
        self.deleted = dict.fromkeys(schema.tables, 0)
        """By table, ids that are missing on pages that are sound: their rows were deleted."""
        self.fullest = dict.fromkeys(schema.tables, ONE_PAGE)
        """By table, how many rows a page has at most."""

    @property
    def suspects(self) -> int:
        """Pages on which there may have been rows that could not be read."""
        return self._unsound + len(self._unknown - self._image.fetched)

    def rows(self) -> Iterator[tuple[str, Values]]:
        """Those that are what was written, with their tables; one may come twice."""
        for number in self._image.pages:
            if number == 1:  # SQLite's own: where the tables are
                continue
            for age, page in enumerate(self._image.versions_of(number)):
                sound = yield from self._page(number, page, newest=age == 0)
                if sound:  # what it was before has been changed or deleted since
                    break

    def _page(self, number: int, page: bytes, *, newest: bool) -> Generator[tuple[str, Values], None, bool]:
        """Returns whether all of it is what was written."""
        if page[0] not in pages.KINDS:
            if newest:
                self._unknown.add(number)
            return False
        sound = True
        ids: dict[str, list[int]] = {}
        for cell in pages.cells(page, self._image.fetch):
            found = self._row(cell) if cell is not None else None
            if found is None:
                sound &= (
                    cell is not None and cell.rowid is None
                )  # an index may have rows that are none of ours
                continue
            table, row = found
            if not self._schema.is_sound(table, row):
                if cell is not None and cell.rowid is None and not self._schema.can_be_ours(table, row):
                    continue  # an index's, as wide by chance
                sound = False
                if newest:
                    self._bad(table, row)
                continue
            if self._schema.has_id(table):
                ids.setdefault(table, []).append(row[0])
            yield table, row
        self._count(ids, sound=sound, newest=newest)
        return sound

    def _count(self, ids: dict[str, list[int]], *, sound: bool, newest: bool) -> None:
        if newest and not sound:
            self._unsound += 1
        for table, there in ids.items():
            self.fullest[table] = max(self.fullest[table], len(there))
            if sound and newest:
                self.deleted[table] += max(there) - min(there) + 1 - len(there)

    def _row(self, cell: pages.Cell) -> tuple[str, Values] | None:
        """Its table, and itself as a row of today."""
        known = self._by_width.get((cell.rowid is not None, len(cell.values)))
        if known is None:
            return None
        table, columns = known
        values = list(cell.values)
        for number in self._reals[table]:  # SQLite keeps one that is whole as an integer
            if isinstance(values[number], int):
                values[number] = float(values[number])
        if cell.rowid is not None:
            if values[0] is not None:
                return None
            values[0] = cell.rowid
        return table, self._schema.of_today(table, columns, tuple(values))
