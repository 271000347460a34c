"""The connection to the broker.

broker        connections, one after the other, for ever
dialling      opening one, on a thread
connection    one of them, on paho
client        paho's client, where it falls short
paho          what is used of paho; nobody else imports it
tls           whom to believe, and who we are
publishing    a message as bytes
packets       a broker's answers, read from their bytes
confirmation  acknowledgements where there are none
notes         what a connection tells the bridge
abilities     what a broker cannot do
target        where the broker is, and who we are there
versions      which version of MQTT to speak
back_off      when to try again
rival         whether another client has our id, or says that we are not there
hints         what to do where no connection is to be had
journal       what the log says of connections
complaints    each thing once
"""
