"""One `Router` over many gateways, on Eclipse Zenoh; needs the extra `sig-gateway[fleet]`.

It imports `sig` and zenoh alone, so that a script can use it without the rest of the gateway. What travels
under which key, and what is promised of it: docs/decisions/0020-fleet.md.

keys      where in zenoh's key space a gateway's things are
message   what is sent there: events, pages of missed ones, positions
follower  one consumer's view of one gateway's events: in order, once, and what is missing
session   a zenoh session, and what its errors mean
spool     what was said and may be missing somewhere, numbered, a page at a time; gaps, paging
speaker   all that a gateway does on a session; questions, answering
"""
