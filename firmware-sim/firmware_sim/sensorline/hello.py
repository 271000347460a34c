"""A board's hello: `H`, and a `C` for each channel (docs/protocol.md, section 3)."""

from collections.abc import Collection

from firmware_sim.sensorline.parts import Identity, Pace

VERSION = 1


def hello(
    request_id: int, who: Identity, boot: int, now_ms: int, kept: int, paces: Collection[Pace]
) -> list[str]:
    """The bodies of its lines. `kept`: how many readings the board keeps; of 0 it says nothing, as a board
    that knows nothing of it."""
    keeps = f" {kept}" if kept else ""
    about = f"{who.model} {who.identity} {boot} {who.firmware} {len(paces)} {now_ms}"
    return [f"H {request_id} {VERSION} {about}{keeps}"] + [
        f"C {request_id} {index} {pace.channel.name} {pace.channel.kind} {pace.channel.unit} "
        f"{pace.channel.resolution} {pace.channel.minimum} {pace.channel.maximum} {pace.interval_ms}"
        for index, pace in enumerate(paces)
    ]
