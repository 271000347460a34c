"""History as lines of text, out and in again: JSON lines or CSV. Pure, no I/O; a line at a time.

records  what a line holds, and which fields it has
writing  a record as a line
reading  a line as a record, or what is wrong with it; both formats, and CSV of others

A file has, of each sender in order of time, its readings and the gaps between them; then the events; then
what was measured by a clock that has not been set yet. Each line says everything, so lines may be left out,
put together, and come twice.
"""
