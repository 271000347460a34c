"""Benchmarks: ours and others in one run, as ratios. `make bench`; results in benchmarks/results/."""
