"""Home Assistant without a face: set up with MQTT by its own dialog, and then telling what it shows.

    .venv-homeassistant/bin/python home_assistant_at_work.py FOLDER PORT USER PASSWORD

It prints a line of JSON for each step of the dialog, and from then on, each second, one with the state and
the attributes of each entity and the name of each device. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from homeassistant.bootstrap import async_setup_hass  # type: ignore[import-not-found]
from homeassistant.helpers import device_registry  # type: ignore[import-not-found]
from homeassistant.runner import RuntimeConfig  # type: ignore[import-not-found]

CONFIG = "homeassistant: {name: Home, unit_system: metric}\n"


def say(what: dict[str, Any]) -> None:
    print(json.dumps(what, default=str), flush=True)


async def add_mqtt(hass: Any, answers: dict[str, Any]) -> None:
    """Settings > Devices & services > Add integration > MQTT, and the form that it shows."""
    flow = hass.config_entries.flow
    step = await flow.async_init("mqtt", context={"source": "user"})
    asked = [str(key) for key in step["data_schema"].schema]
    say({"step": step["step_id"], "asked": asked})
    done = await flow.async_configure(step["flow_id"], answers)
    say({"step": done["type"], "errors": done.get("errors")})


async def main(folder: str, port: str, user: str, password: str) -> None:
    Path(folder, "configuration.yaml").write_text(CONFIG)
    hass = await async_setup_hass(RuntimeConfig(config_dir=folder, skip_pip=True))
    assert hass is not None, "it did not start"
    await hass.async_start()
    answers = {"broker": "127.0.0.1", "port": int(port), "username": user, "password": password}
    await add_mqtt(hass, answers)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    while not ended.done():
        devices = [device.name for device in device_registry.async_get(hass).devices.values()]
        entities = {
            state.entity_id: {"state": state.state, **state.attributes} for state in hass.states.async_all()
        }
        say({"devices": devices, "entities": entities})
        await asyncio.wait([ended], timeout=1)
    await hass.async_stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
