"""A gateway as a member of a fleet: what it sends, what it keeps until that is safe, what it answers."""
