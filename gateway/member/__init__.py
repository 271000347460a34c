"""A gateway as a member of a fleet: what it sends, what it keeps until that is safe, what it answers.

service       its thread, and what becomes of it
loop          what that thread does: events from the mailbox to the fleet and the spool
connected     the gateway while it is in the fleet
offered       what it answers: who is here, and requests
how           how it fares; pure
settings      from the config to a session
spool         what not all have confirmed, in memory and then on disk
unconfirmed   how that is numbered, confirmed and dropped, without the disk
held          the newest events, in memory; pure
in_time       what waited, with its time as it is known by now
spool_status  how the spool fares
store         its file
rows          the rows in it
schema        its tables, and which values can have been written there
"""
