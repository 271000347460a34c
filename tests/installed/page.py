"""docs/install.md, and a person who types what is in its boxes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from tests.support.machine import ROOT, Machine

PAGE = (ROOT / "docs" / "install.md").read_text()
BLOCKS = dict(re.findall(r"<!-- tested: ([a-z-]+) -->\n```(?:sh|yaml)\n(.*?)```", PAGE, re.DOTALL))
NAME, HOME = "pi", "/home/pi"
PASSWORDS = {"gateway": "hush", "homeassistant": "quiet"}
EDITOR = "/usr/local/bin/nano"
TYPED = "/opt/typed"
"""What the person types into the config at its end."""
# An editor is a person's; here it writes what the page says to write.
NANO = f"""\
#!/bin/sh
case "$1" in
*/mqtt-password) echo {PASSWORDS["gateway"]} >"$1" ;;
*) sed -i 's/hot: 26 /hot: 24 /' "$1"; [ ! -f {TYPED} ] || cat {TYPED} >>"$1" ;;
esac
"""


class Person:
    """Somebody with an account, who may use `sudo`, as the first user of a Raspberry Pi OS."""

    def __init__(self, debian: Machine) -> None:
        self.debian = debian
        debian.run("useradd", "--create-home", "--shell=/bin/bash", "--groups=sudo,adm,systemd-journal", NAME)
        debian.path("/etc/sudoers.d/pi").write_text(f"{NAME} ALL=(ALL) NOPASSWD: ALL\n")
        editor = debian.path(EDITOR)
        editor.write_text(NANO)
        editor.chmod(0o755)
        debian.path("/etc/apt/apt.conf.d/99yes").write_text('APT::Get::Assume-Yes "true";\n')
        debian.path("/etc/hosts").write_text("127.0.0.1 localhost\n")
        # Without a network nobody answers; so `apt update` keeps the lists that it has, and says so at once.
        debian.path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
        debian.path("/etc/apt/apt.conf.d/99once").write_text('Acquire::Retries "0";\n')

    def bring(self, *files: Path) -> None:
        """Have copies of files in the home folder."""
        for file in files:
            shutil.copy(file, self.debian.path(HOME))

    def line(self, line: str, *, answers: str = "", status: int | None = 0) -> str:
        """Type a line, and `answers` to what it asks; what it prints. `status`: which it is to end with, None
        for any."""
        shell = 'printf %s "$1" | runuser --login --command="$0" ' + NAME
        return self.debian.run("sh", "-c", shell, line, answers, status=status)

    def block(self, name: str, *, status: int | None = 0, **named: str) -> str:
        """Type each line of a block; `named`: what to type for words that the page says to replace."""
        lines = BLOCKS[name]
        for word, by in named.items():
            assert word in lines
            lines = lines.replace(word, by)
        return "".join(self.line(line, status=status) for line in lines.splitlines())

    def does(self, line: str) -> bool:
        """Whether a line ends well."""
        return self.debian.does("runuser", "--login", f"--command={line}", NAME)

    def has_values(self) -> bool:
        """Whether each of the three sensors has one."""
        if not self.does("sig-gateway senders"):
            return False
        senders = json.loads(self.line("sig-gateway senders --json"))
        return len(senders) == 3 and all(sender["last"] for sender in senders)

    def info(self, sensor: str) -> dict[str, Any]:
        """What the gateway that runs says of a sensor."""
        told: dict[str, Any] = json.loads(self.line(f"sig-gateway request {sensor} info"))
        return told

    def retained(self) -> dict[str, str]:
        """What a client with Home Assistant's name finds at the broker, by topic."""
        listen = (
            f"mosquitto_sub -u homeassistant -P {PASSWORDS['homeassistant']} -t 'homeassistant/#' -t 'sig/#'"
        )
        said = self.line(f"{listen} --retained-only -W 3 -F '%t %p'", status=None)
        return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
