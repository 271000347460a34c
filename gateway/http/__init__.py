"""The gateway over HTTP: an API, a stream of events, and a page. docs/http.md has every path.

    service     its thread, and what becomes of it
    server      the loop, and uvicorn's connections on it
    connection  one of them
    listening   their socket
    app         the routes, and what stands before them
    context     what they can ask of the gateway
    senders     who is there, and requests to them
    gateways    the gateways of a fleet: there at a collector alone
    calls       from the loop to threads that may wait
    history     what a sensor has said
    events      the stream, for each client
    hub         from the feed of events to the streams, each event made once
    auth        the token, and browsers that have shown it
    browsers    the requests for that
    guard       what is refused before anybody looks at it: hosts, sizes, slowness
    files       the page's own files
    operations  what each takes, gives and refuses: routes and document are made of them
    schemas     what comes and goes, as models
    openapi     the document
    reference   the page made of it
    answers     what is sent
    errors      the one shape of an error, and its statuses

Starlette and uvicorn are imported on the service's thread, and by nobody else.
"""
