"""`config.yaml`: read, checked whole, and every error named with its line.

    config = load(Path("config.yaml"))      # raises ConfigError holding every problem found
    config = load_usable(…)                 # leaves out the parts that have one, if the rest is right

Nothing here opens a port or creates a file; `load` reads the config file, and the files that it names
(`!file`, `tls`).
"""

from gateway.later import later

with later("secrets"):  # pydantic's, to compare what is secret; with it comes OpenSSL
    import pydantic.types  # noqa: F401

from gateway.config.leaving_out import LeftOut
from gateway.config.loading import Config, load, load_usable
from gateway.config.models import LinkSection, SensorSection
from gateway.config.problems import ConfigError, Problem

__all__ = [
    "Config",
    "ConfigError",
    "LeftOut",
    "LinkSection",
    "Problem",
    "SensorSection",
    "load",
    "load_usable",
]
