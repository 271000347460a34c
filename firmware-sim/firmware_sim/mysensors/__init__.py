"""A MySensors serial gateway and the nodes that its radio hears."""
