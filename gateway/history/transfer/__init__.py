"""History as lines of text, out and in again: JSON lines or CSV; a line at a time.

records   what a line holds, and which fields it has; pure
writing   a record as a line; pure
reading   a line as a record, or what is wrong with it; both formats, and CSV of others; pure
checks    whether a line's fields make a record; pure
outgoing  a history as records
incoming  records into a history

A file has, of each sender in order of time, its readings and the gaps between them; then the events; then
what was measured by a clock that has not been set yet. Each line says everything, so lines may be left out,
put together, and come twice.
"""
