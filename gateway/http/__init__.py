"""The gateway over HTTP: an API, a stream of events, and a page. docs/http.md has every path.

    service   its thread, and the server on it
    app       the routes, and what stands before them
    context   what they can ask of the gateway
    senders   who is there, and requests to them
    history   what a sensor has said
    events    the stream, for each client
    hub       from the threads that trigger events to the streams, each event encoded once
    auth      the token, and browsers that have shown it
    guard     what is refused before anybody looks at it: hosts, sizes, slowness
    files     the page's own files
    schemas   what comes and goes, as models; openapi makes the document of them
    errors    the one shape of an error, and its statuses

Starlette and uvicorn are imported when the service is made, and by nobody else.
"""
