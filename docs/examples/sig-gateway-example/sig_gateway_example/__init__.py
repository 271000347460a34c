"""A driver and a protocol for sig-gateway."""
