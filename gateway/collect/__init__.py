"""`sig-gateway collect`: a whole fleet's events into history, and one dashboard over all its gateways."""
