"""An SQLite file that a power cut does not harm, its migrations, and what can be saved of a damaged one.

database  the file: opened, written, replaced when it is damaged or removed
opening   a connection to it, with today's tables
reading   a file that another writes meanwhile
schema    tables, migrations, and whether a row is what was written
checksum  of a row
at_work   which threads are inside SQLite, and since when
salvage   from a damaged file to a new one
walk      all rows of a damaged file, page by page
image     its pages, the log's before the file's
pages     cells of a page
wal       the write-ahead log
"""
