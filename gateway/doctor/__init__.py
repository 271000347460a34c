"""Why something does not work, and what to do: looks at everything that the gateway needs, and changes
nothing.

finding         what a check says: a colour, a sentence, a remedy
looking         all checks, side by side
collector       the same of a collector's file
bounded         none of them is waited for longer than it may take
as_root         what whoever asks may not look at
patient         what they are about: config, user, machine, and the gateway that runs
machine         where things of this machine are looked up
people          whose rights count
unit            what systemd says of the service

config_file     the check of the config
gateway_itself  of the gateway that runs
service         of systemd's unit
permissions     of rights
ports           of the links' ports
broker          of the broker, and Home Assistant's discovery
fleet           of its place in a fleet: routers, certificate, what waits
listening       of where the gateway listens
databases       of its databases
time_of_day     of the clock and the time zone
power           of a Raspberry Pi's power and heat
disk            of room on the disks
wear            of how worn they are
memory          of the machine's memory
versions        of what is installed

named_files     the secrets that a config names
listeners       who listens at a port
visit           to the broker
fleet_spool     what waits until the fleet's consumers have confirmed it
bundle/         the report as an archive, for those who are asked for help
"""
