"""What mypy, as strict as it can be, says of a user's script."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
    from typing import Any

    import sig
    from sig.carrier.local import LocalCarrier


    class Stamped(sig.Signal):
        def trigger(self, data: Any = None, info: dict[str, Any] | None = None) -> None:
            super().trigger(data, {"stamp": 1})


    def heard(info: dict[str, Any], data: Any) -> None:
        print(info["sender"], data)


    def asks(router: sig.Router) -> sig.Sender:
        with router.listen(heard, event="#changed") as subscription:
            subscription.close()
        router.addListener(heard, "temp", sig.EVENT_CONNECT)
        temp = router.addSender("temp", ["#changed"], {"read": lambda params: 23.5, None: print})
        signal = temp.getSignal("#changed")
        if signal is not None:
            signal.trigger(24.0)
        reveal_type(router.getSender("temp"))
        reveal_type(router.getSender("temp", create=True))
        reveal_type(temp.getEvent("hot", create=True).getListeners())
        reveal_type(temp.getRouter().addSender("other", "e"))
        reveal_type(sig.LOG_LEVELS.LEVEL_NAMES[10])
        reveal_type(sig.__version__)
        return temp


    ours, theirs = LocalCarrier(), LocalCarrier()
    server, client = sig.ServerRouter(ours, class_signal=Stamped), sig.ClientRouter(theirs)
    theirs.connect(ours)
    theirs.connect("localhost", 7300)
    asks(client).remove()
    sig.setup_logger(sig.NullLogger())

    theirs.connect(7300)                              # wrong
    server.addListener("heard")                       # wrong
    server.addListener(lambda data: None)             # wrong
    server.addSender(None, ["e"])                     # wrong
    server.addSender("s", ["e"], {"read": 23.5})      # wrong
    server.getSender("s").getName()                   # wrong
    server.listen(heard, "s", remote=1)               # wrong
    sig.Router(class_signal=sig.Sender)               # wrong
"""
REVEALED = [
    "sig.sender.Sender | None",
    "sig.sender.Sender",
    "list[def (dict[str, Any], Any) -> Any]",
    "sig.sender.Sender",
    "str",
    "str",
]


@pytest.mark.once
def test_a_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is right passes, with the types that one hopes for, and each wrong line is found."""
    from mypy import api

    script = textwrap.dedent(SCRIPT).strip()
    path = tmp_path / "script.py"
    path.write_text(script)
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    said, problems, _ = api.run(["--strict", "--cache-dir", str(tmp_path), "--no-error-summary", str(path)])
    assert problems == ""
    lines = [line.split(": ", 2) for line in said.splitlines()]
    revealed = [
        text.split('"')[1].replace("builtins.", "")
        for _, kind, text in lines
        if text.startswith("Revealed type")
    ]
    assert revealed == REVEALED
    wrong = [number for number, line in enumerate(script.splitlines(), 1) if line.endswith("# wrong")]
    found = {int(where.split(":")[1]) for where, kind, _ in lines if kind == "error"}
    assert sorted(found) == wrong, said
