"""What time it is, and whether the machine's clock can be believed.

wall      the clock that the whole house uses: belief, steps, and the time of what was noted before
belief    from what is known to a verdict
machine   the machine's clocks, and what its kernel and its time clients say of them
memory    what is kept of time over restarts
words     what the log says of the clock
"""
