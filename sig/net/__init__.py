"""The half of `sig` that works between processes: private, to be changed without notice."""
