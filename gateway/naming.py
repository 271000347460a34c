"""What gateways, sites, links and collectors may be called: in the config, and in a fleet's certificates."""

from __future__ import annotations

import re

CHARACTERS = "letters, digits, '_', '-' or '.', at most 48"
"""What such a name is made of, but that it begins with none of the last two."""
EVERY_SITE = "all"
"""Instead of a site's name, of a collector: all of them. No site is called so."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,47}")


def is_name(text: str) -> bool:
    """Whether it may be called so: such a name is a file's, a topic's and a key's as well."""
    return _NAME.fullmatch(text) is not None
