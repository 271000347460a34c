"""The MQTT bridge: the router's events to a broker, and requests from there. docs/mqtt.md has every topic.

    topics      events to topics and payloads; pure
    components  what Home Assistant is told of each sensor, link and gateway; pure
    discovery   its messages, in both forms; pure
    succession  in which order they are to be published when something has changed; pure
    mailbox     from the threads that trigger events to the bridge's own
    store       the SQLite file: events that wait, gaps, what is retained at the broker
    outbox      which event goes next, and when what is written
    connection  one connection to the broker, on paho
    broker      connections, one after the other, for ever; what the log says about it
    states      the retained readings and availabilities
    requests    the pool that answers requests from MQTT
    announcer   what Home Assistant has been told, and what it has to be told
    bridge      the thread that drives all of these

paho is imported by `connection` only, `sqlite3` by `store` only; both when the bridge starts.
"""
