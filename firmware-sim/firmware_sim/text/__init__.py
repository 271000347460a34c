"""Sketches that print what they measure, each in its own way."""
