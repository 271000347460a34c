"""The report as an archive that can be given to others: no secret, and nothing personal, is in it.

private      what must not be in it: from the config, and of this machine
typed        the same from the text of a config of which nothing else can be made
scrubber     taking it out of texts and of JSON
ordinary     names that say nothing of anybody
rules        what is known by how it looks: addresses, URLs with users, keys
config_text  the config, with what is known to be harmless alone
logs         the newest lines of the service's log
contents     the files
archive      writing them
"""
