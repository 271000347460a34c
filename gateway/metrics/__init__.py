"""`/metrics`: what every part says of itself in numbers (`gateway.samples`), for Prometheus. docs/metrics.md
has all names.

    collect   all of it, at one moment
    links     links and their requests
    sensors   their readings
    process   memory, descriptors, CPU
    text      the format

Nothing of it is imported without `http:` in the config.
"""
