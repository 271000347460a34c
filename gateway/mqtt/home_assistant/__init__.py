"""What Home Assistant is told.

components  its entities for what we have
discovery   the messages that announce them, in both forms
succession  in which order they are published when something has changed
announcer   what it has been told, and what it has to be told
memory      what of that the store remembers
spared      what stays announced of parts of the config that were left out
"""
