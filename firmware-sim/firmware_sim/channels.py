"""The three channels of the board: what its hello says of them.

The resolutions keep the recorded values: the office's sensors deliver 0.01 °C, 0.01 % and whole lx, of which
the data set holds averages over a minute, so light has a decimal.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as its hello line has it; `minimum`, `maximum` and 10^-`decimals` are in `unit`."""

    name: str
    kind: str
    unit: str
    decimals: int
    minimum: int
    maximum: int

    @property
    def resolution(self) -> str:
        """The smallest step, as a value of the protocol: `0.01`."""
        return f"{10**-self.decimals:.{self.decimals}f}"

    def text(self, value: float) -> str:
        """`value` at this channel's resolution as a value of the protocol: `23.2`, not `23.20`."""
        text = f"{value:.{self.decimals}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return "0" if text == "-0" else text


CHANNELS = (
    Channel("temp", "temperature", "C", decimals=2, minimum=-40, maximum=85),
    Channel("hum", "humidity", "%", decimals=2, minimum=0, maximum=100),
    Channel("lux", "light", "lx", decimals=1, minimum=0, maximum=65535),
)
NAMES = tuple(channel.name for channel in CHANNELS)
