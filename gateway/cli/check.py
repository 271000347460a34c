"""`check`: every error of a config, or a summary of it."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

from drivers import kinds
from gateway.cli.common import EXIT_USAGE
from gateway.config import Config, ConfigError, load, load_usable
from gateway.config.broker_url import address
from gateway.config.collecting import is_collect
from gateway.config.loading import parsed


def check(path: Path) -> int:
    """Print what is wrong (to stderr, exit status 2), or what the config sets up: a gateway's, a collector's,
    or that of a fleet's router."""
    from gateway.cli.collect import check_collect, or_collect

    path = or_collect(path)
    if is_collect(path):
        return check_collect(path)
    if is_router_s(path):
        from gateway.cli.fleet_router import check_router

        return check_router(path)
    config = load_or_explain(path)
    if config is None:
        return EXIT_USAGE
    print(f"{path}: correct")
    for name in config.links:
        on_it = [sensor for sensor, options in config.sensors.items() if options.link == name]
        if config.links[name].options.get("discover") is True:
            on_it.append("what it finds")
        print(f"  link {name} ({_what(name, config)}): {', '.join(on_it) or 'no sensors'}")
    for name, sensor in config.sensors.items():
        remark = _remark(config.links[sensor.link].protocol, sensor.channel or name)
        channel = f"{sensor.channel or name} of {sensor.link}{remark and f' ({remark})'}"
        print(f"  sensor {name}: {sensor.driver}, channel {channel}")
    if config.mqtt is not None:
        print(f"  mqtt: {_broker(config)}, Home Assistant {'on' if config.mqtt.home_assistant else 'off'}")
    if config.fleet is not None:
        print(f"  fleet: {_fleet(config)}")
    return 0


def _what(link: str, config: Config) -> str:
    """What it speaks and where, and who must be there."""
    section = config.links[link]
    words = [section.protocol]
    if ("links", link, "port") in config.secrets:
        words.append("a port that is not shown")
    elif "port" in section.options:
        words.append(section.options["port"])
    if section.identity is not None:
        hidden = ("links", link, "identity") in config.secrets
        words.append(f"identity {'that is not shown' if hidden else section.identity}")
    return ", ".join(words)


def _remark(protocol: str, channel: str) -> str:
    """What its kind says of a channel; nothing where it says nothing."""
    remark = getattr(kinds.protocol(protocol), "remark", None)
    return str(remark(channel)) if remark is not None else ""


def _broker(config: Config) -> str:
    """Where it is; never who we are there."""
    assert config.mqtt is not None
    if ("mqtt", "url") in config.secrets:
        return "a broker that is not shown"
    url = config.mqtt.url.get_secret_value()
    encrypted = ", encrypted" if urlsplit(url).scheme in ("mqtts", "wss") else ""
    return f"broker {address(url)}{encrypted}"


def _fleet(config: Config) -> str:
    """What it is called there, and where; and for whom it keeps what it says."""
    assert config.fleet is not None
    section = config.fleet
    hidden = any(path[:2] == ("fleet", "routers") for path in config.secrets)
    routers = "routers that are not shown" if hidden else f"routers {', '.join(section.routers)}"
    name = f"{section.site}/{config.gateway.name}"
    return f"{name}, {routers}, consumers {', '.join(section.consumers) or 'none'}"


def is_router_s(path: Path) -> bool:
    """Whether that is a file for `fleet-router`, as far as it can be read."""
    from gateway.cli.fleet_config import KEYS  # with it comes OpenSSL, which `run` does without

    try:
        tree = parsed(path, None, past_denied=True).tree
    except ConfigError:
        return False
    return isinstance(tree, dict) and "listen" in tree and tree.keys() <= set(KEYS)


def load_or_explain(path: Path, *, usable: bool = False, warn: bool = True) -> Config | None:
    """The config, with its warnings printed, if wanted (`warn`); or None, with every error printed, all to
    stderr. `usable`: what can be left out of one with errors is no error."""
    try:
        config = load_usable(path) if usable else load(path)
    except ConfigError as error:
        from gateway.cli.collect import instead_of, or_collect

        if is_collect(other := or_collect(path)):
            print(instead_of(other), file=sys.stderr)
            return None
        for problem in error.problems:
            print(problem, file=sys.stderr)
        count = len(error.problems)
        print(f"{count} error{'s' if count > 1 else ''}", file=sys.stderr)
        if any(problem.denied for problem in error.problems) and not usable:
            from gateway.doctor.as_root import as_root

            print(f"what only root may read, root can check: {as_root(path, 'check')}", file=sys.stderr)
        return None
    for warning in config.warnings if warn else ():
        print(f"warning: {warning}", file=sys.stderr)
    return config
