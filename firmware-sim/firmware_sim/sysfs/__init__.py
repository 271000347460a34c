"""A folder that looks like /sys of a machine with sensors on its own buses."""
