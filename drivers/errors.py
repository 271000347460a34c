"""What can go wrong between a port and a reading.

Errors of a *request* are those of `sig` (`sig.NotConnected`, `sig.RequestTimeout`, …): they
cross the network with their type. The ones here stay on the gateway's side: a port that cannot be
opened, an option that makes no sense.
"""


class DriverError(Exception):
    """Root of this package's own errors."""


class OptionError(DriverError, ValueError):
    """A sensor's or link's option is wrong.

    Attributes: `option` is the option's name, `problem` says what was expected and what was given. Of
    one that is missing, `instead` has the options that would do in its place.
    """

    def __init__(self, option: str, problem: str, instead: tuple[str, ...] = ()) -> None:
        super().__init__(f"{option}: {problem}")
        self.option = option
        self.problem = problem
        self.instead = instead


class PortError(DriverError):
    """A port is there, and cannot be used: held by another program, no permission, an I/O error."""


class PortNotFoundError(PortError):
    """Nothing is there that matches the port's path, USB identity or URL."""


class LinkLostError(DriverError):
    """An open port stopped working: unplugged, hung, or silent."""


class SilentError(LinkLostError):
    """What was opened works, as far as can be told, and nobody answers any more."""
