"""Why something does not work, and what to do: looks at everything that the gateway needs, and changes
nothing.

finding         what a check says: a colour, a sentence, a remedy
looking         all checks, side by side
bounded         none of them is waited for longer than it may take
as_root         what whoever asks may not look at
patient         what they are about: config, user, machine, and the gateway that runs
machine         where things of this machine are looked up
people          whose rights count
unit            what systemd says of the service

config_file gateway_itself service permissions ports broker listening databases time_of_day power disk wear
memory versions: a check each
named_files     the secrets that a config names
listeners       who listens at a port
visit           to the broker
bundle          the report as an archive, for those who are asked for help
"""
