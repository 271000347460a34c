"""Many gateways and three routers: zenoh as it is, zenoh's own recovery, NATS JetStream, and ours.

    python -m benchmarks.fleet [--rounds 5] [--outage 600] [--only kill hang outage request] [--quick]
    python -m benchmarks.fleet.growth [--gateways 10 100 1000]
    python -m benchmarks.fleet.sd_card

zenoh_roles  gateways and a consumer on zenoh alone: plain, or Advanced
nats_roles   the same on NATS JetStream
ours_role    a consumer that is a `FleetRouter`; its gateways are those of the tests
contenders   what each of them starts
measures     a router that is killed or hung, an outage, requests
sd_card      what a gateway writes to its disk while a consumer is away, and when it is there
growth       what a router and a gateway cost as there are more
"""
