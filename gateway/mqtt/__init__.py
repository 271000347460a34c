"""The MQTT bridge: the router's events to a broker, and requests from there. docs/mqtt.md has every topic.

    topics      events to topics and payloads; pure
    components  what Home Assistant is told of each sensor, link and gateway; pure
    discovery   its messages, in both forms; pure
    succession  in which order they are to be published when something has changed; pure
    mailbox     from the threads that trigger events to the bridge's own
    database    an SQLite file that survives what may happen to it; schema and salvage help
    store       what is in it: events that wait (rows), gaps, what is retained at the broker
    outbox      which event goes next, and when what is written; backlog: what goes late
    connection  one connection to a target, on paho; its notes tell the bridge what has come
    broker      connections, one after the other, for ever; versions, rival and complaints help
    publisher   what goes out on the connection, and who waits for which acknowledgement
    states      the retained readings and availabilities
    requests    the pool that answers requests from MQTT
    announcer   what Home Assistant has been told, and what it has to be told
    retained    all that is retained, as one
    sleep       how the bridge's thread sleeps
    bridge      the thread that drives all of these

paho is imported by `connection` only; it and SQLite when the bridge starts.
"""
