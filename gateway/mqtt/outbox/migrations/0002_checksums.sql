-- A row that is not what was written is known by its checksum: see gateway/storage/checksum.py. An event's age
-- is told by the clock of the boot in which it was triggered: `boot` is the kernel's id of that boot, `at` that
-- boot's CLOCK_BOOTTIME in seconds, `known` whether the wall clock could be believed then. A gap has the same of
-- its `last`.
ALTER TABLE events ADD COLUMN boot  TEXT    NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN at    REAL    NOT NULL DEFAULT 0.0;
ALTER TABLE events ADD COLUMN known INTEGER NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN crc   INTEGER NOT NULL DEFAULT 0;
UPDATE events SET crc = row_crc(time, sender, event, uid, head, boot, at, known);

ALTER TABLE gaps ADD COLUMN boot  TEXT    NOT NULL DEFAULT '';
ALTER TABLE gaps ADD COLUMN at    REAL    NOT NULL DEFAULT 0.0;
ALTER TABLE gaps ADD COLUMN known INTEGER NOT NULL DEFAULT 1;
ALTER TABLE gaps ADD COLUMN crc   INTEGER NOT NULL DEFAULT 0;
UPDATE gaps SET crc = row_crc(sender, uid, first, last, count, reason, boot, at, known);

ALTER TABLE retained ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
UPDATE retained SET crc = row_crc(topic, kind, parts);
