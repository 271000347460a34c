"""A chart in the terminal: what a sensor has said, as lines of text. Pure, no I/O.

ticks    round numbers and round times for the axes
columns  what is to be drawn in each column: least, mean, greatest, or nothing
canvas   dots, and the characters that show them: braille, blocks, plain ASCII
chart    all of it together, with axes and words
"""
