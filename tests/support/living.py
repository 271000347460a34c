"""What is still kept somewhere, though nobody should need it any more."""

import gc
from typing import TypeVar

Kind = TypeVar("Kind")


def living(kind: type[Kind]) -> list[Kind]:
    """The objects of a class that something refers to."""
    gc.collect()
    return [each for each in gc.get_objects() if type(each) is kind]
