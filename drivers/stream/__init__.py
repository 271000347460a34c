"""Sources that are a byte stream: ports, what is said over them, and the protocols that say it."""
