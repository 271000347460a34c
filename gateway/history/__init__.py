"""What every sensor has said, for years: on disk, and out of it again.

rows       what a recorder hands to the store, and what an archive answers
recorder   from the feed of events to the store, a window at a time
heard      out of the mailbox, until it is on disk
flushing   who wants it to be there now, and how often
disk       what a recorder writes to
again      when what has failed is tried again
intake     what an event is to history; pure
pending    what was heard and is not on disk yet
recall     disk and pending, as one answer
store      the file, for the one thread that writes it
known      what that thread knows of the file without reading it
writing    what a batch becomes in the file
untimed    what waits until the clock of its boot is known
upkeep     what is to be done beside writing, in short steps
sealing    readings from the hot table to the blob of their day
growing    the same for a day that is not over
covered    up to when that has been done
retention  what is forgotten
clearing   readings go from the hot table
archive    the file, for all who read it, on any thread
answers    what an archive answers
answer     the same as people and programs get it
moments    times as people write them
transfer/  export and import
chart      a series over some time as few points, from whatever holds it
by_rows    one that is made of readings
by_rollups one that is made of roll-ups, and of readings where those are not enough
standing   a series a day at a time, as it stands, sealed or not
held       which value holds at a time
parts      what a chart is put together of; pure
fold       gaps as they will be when what is not written yet is
days       readings of a day, sealed and not
blocks     roll-ups by the hour, 32 days in a row of their table
events     events by their ids, as they were published
gaps       when nothing was known
ledger     which readings of boards that keep theirs are written, so that each is once
lookups    the reading that is next to a time
series     names, and their series
notes      what is known of the whole
schema     tables, and which values can have been written there
rollups    buckets by column, as a blob and back, and made wider; pure
portions   a day of very many readings as such blobs; pure
sealed     a day of a sensor as one blob, and back; pure
buckets    many readings as few points that keep the spikes, and know the gaps; pure
"""
