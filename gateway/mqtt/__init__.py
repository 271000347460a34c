"""The MQTT bridge: the router's events to a broker, and requests from there. docs/mqtt.md has every topic.

    bridge          the thread that drives all of these
    broker/         the connection to the broker, for ever
    outbox/         events that wait for it, in memory and on disk
    home_assistant/ what Home Assistant is told of each sensor, link and gateway
    delivery        what goes out on the connection, and who waits for which acknowledgement
    states          the retained readings and availabilities
    diagnostics     how the gateway does
    retained        all that is retained, as one
    repetition      when it is said again; pure
    requests        the pool that answers requests from MQTT
    topics          events to topics and payloads; pure
    settings        what the config says of all this
    sleep           how the bridge's thread sleeps

paho is imported by `broker.connection` only; it and SQLite when the bridge starts.
"""
