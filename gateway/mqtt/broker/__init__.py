"""The connection to the broker.

broker      connections, one after the other, for ever
connection  one of them, on paho; nobody else imports paho
notes       what it tells the bridge
target      where the broker is, and who we are there
versions    which version of MQTT to speak
rival       whether another client has our id, or says that we are not there
complaints  what the log has been told
"""
