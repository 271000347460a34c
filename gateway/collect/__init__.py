"""`sig-gateway collect`: a whole fleet's events into history, and one dashboard over all its gateways.

consumer    the thread that reads what comes
around      what is around following: the wire, who keeps, a clock
following   each gateway's events, in order and once, and who is told what is safe
roster      all gateways that are known: who is there, who is followed anew, who is forgotten
wire        what comes from the fleet, and what is asked there
asking      whom to ask next: for what is missing, and what a gateway is; pure
room        how much may wait until it is written, and what had to be dropped
member      one gateway: how far it is, what is known of it
twins       whether two gateways speak under one name; pure
arrival     what a gateway has sent, as history is told it; pure
placed      a receipt that knows where its event was among all of its gateway's
keeping     a recorder of history for a site, or for all
admission   what of a batch is written, and how far each gateway is then; pure
site_store  a site's file: events and cursors in one transaction
cursors     how far each gateway is, in that file
postgres/   PostgreSQL instead
sites       who keeps what, and all histories as one
live        a router over all gateways: what is now
listing     gateways and their senders, as the API tells them
faring      how the sites fare; pure
goings      who comes and goes, for the log; pure
counting    what /metrics tells of the fleet
confirming  who is to be told what is safe, and when
connection  whether there is a router, and why not; pure
app         all of it together
"""
