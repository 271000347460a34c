"""The MQTT bridge: the router's events to a broker, and requests from there. docs/mqtt.md has every topic.

    bridge          the thread that drives all of these
    status          how it fares, for whoever asks
    guard           errors of its own, which end nothing
    broker/         the connection to the broker, for ever
    outbox/         events that wait for it, in memory and on disk
    home_assistant/ what Home Assistant is told of each sensor, link and gateway
    delivery        what goes out on the connection, and who waits for which acknowledgement
    parcels         what is handed to the connection, and what of it may be to blame
    waiting         what waits to be sent and is no event
    gate            lets suspects through one at a time
    suspects        which message it is that ends the connections; pure
    left_out        what the broker does not get, for the log
    untaken         what the broker does not take, as the log and whoever asks are told of it
    aside           what the broker does not get or let us read, for whoever asks; any thread
    subscriptions   what is listened to at the broker
    states          the retained readings and availabilities
    made            by which clock a message was made
    diagnostics     how the gateway does
    doubles         whether another gateway of our name publishes; pure
    retained        all that is retained, as one
    repetition      when it is said again; pure
    requests        the pool that answers requests from MQTT
    topics          events to topics and payloads; pure
    settings        what the config says of all this
    sleep           how the bridge's thread sleeps

paho is imported by `broker.paho` only; it and SQLite when the bridge starts.
"""
