"""What a test does on another thread."""

import threading
from typing import Any


def in_background(action: Any) -> tuple[threading.Thread, list[Any]]:
    """Run `action` on a thread; what it returns or raises will be in the list."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(action())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results.append(error)

    thread = threading.Thread(target=run, name="in-background")
    thread.start()
    return thread, results
