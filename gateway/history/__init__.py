"""What every sensor has said, for years: on disk, and out of it again.

sealed   a day of a sensor as one blob, and back; pure
buckets  many readings as few points that keep the spikes, and know the gaps; pure
"""
