"""The live table of `sig-gateway run` on a terminal.

screen    the thread that draws it
terminal  a terminal that is drawn on: entered, drawn, and given back as it was
table     what is shown of each sensor, with no word about how
whole     what is said of the whole gateway, and what is wrong
layout    the table's lines for a terminal of any size; pure
rows      those of the sensors
lines     measured in a terminal's cells, cut, wrapped and coloured; pure
summary   what is said when the gateway ends
"""
