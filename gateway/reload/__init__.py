"""Another config while the gateway runs: only what changed is stopped and started.

plan        from two configs to what becomes of each part; what cannot be changed. Pure
files       what the config names and a reload is to look into: certificates
refusal     why a config is refused, as `check` says it
report      what became of each part, in words
parts       what there is to change, as the app has put it together
exchange    from one config to another: in which order
succession  from old services to new ones, and what is done when one does not stop, or start
reloader    the thread that does it, one reload after the other
telling     what systemd is told of it
last_good   the copy of the last good config in the data folder
"""
