"""Events that wait for the broker, in memory and on disk.

outbox        which event goes next, and when what is written
backlog       what is on disk and goes late
store         what is in the file: events, gaps, what is retained at the broker
events_table  the table of events, and its bounds
event         an event on its way, and a gap record
in_time       their times as they are known when they are sent
schema        which values can have been written
sieve         rows as they are read: sound ones, and losses in place of the others
damage        what the disk has spoilt, until it is in gap records
"""
