"""Another config while the gateway runs: only what changed is stopped and started.

plan.py       from two configs to what becomes of each part; what cannot be changed. Pure
files.py      what the config names and a reload is to look into: certificates
refusal.py    why a config is refused, as `check` says it
report.py     what became of each part, in words
parts.py      what there is to change, as the app has put it together
exchange.py   from one config to another: in which order
succession.py from old services to new ones, and what is done when one does not stop, or start
reloader.py   the thread that does it, one reload after the other
telling.py    what systemd is told of it
last_good.py  the copy of the last good config in the data folder
"""
