"""A simulated sensor board on a pty: it speaks sensorline, replays recorded data, and fails on demand.

It stands alone: the encoder and the decoder here are a second, independent implementation of
docs/protocol.md, held to the same golden bytes as the gateway's.
"""
