"""What a part of the config is made of: its fields, and the texts that may stand in them.

A field's `json_schema_extra` says what an error message needs: `expected` (what the field takes), `write`
(an example to copy), `secret` (never show what was given) `quote` (a text of somebody's own: who gives a
number means its digits, and a `#` may belong to it) and `name` (a word that people make up).
`description` is for docs/configuration.md.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from gateway.naming import is_name

_IDENTITY = re.compile(r"[!-~]{1,24}")  # as sensorline's words are
_BAD_IN_SENDER = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
MAX_SENDER_CHARS = 64


def field(
    default: Any,
    description: str,
    expected: str,
    write: str = "",
    *,
    secret: bool = False,
    quote: bool = False,
    name: bool = False,
) -> Any:
    """A field with what error messages and the docs need; `default` is `...` for one that must be there."""
    extra: dict[str, Any] = {
        "expected": expected,
        "write": write,
        "secret": secret,
        "quote": quote,
        "name": name,
    }
    return Field(default, description=description, json_schema_extra=extra)


class Section(BaseModel):
    """A part of the config. Unknown keys are errors, and nothing is converted behind the user's back."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class OpenSection(BaseModel):
    """A part of the config that has keys beside its fields, checked against a table of the drivers' own."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    @property
    def options(self) -> dict[str, Any]:
        """The other keys, as they were written."""
        return dict(self.model_extra or {})


def _check_name(text: str) -> str:
    if not is_name(text):
        raise ValueError("not a name")
    return text


def _check_not_blank(text: str) -> str:
    if not text.strip() or _BAD_IN_SENDER.search(text):
        raise ValueError("blank")
    return text


def _check_identity(text: str) -> str:
    if not _IDENTITY.fullmatch(text):
        raise ValueError("not an identity")
    return text


def _check_token(token: SecretStr) -> SecretStr:
    _check_not_blank(token.get_secret_value())
    return token


def is_sender_name(text: str) -> bool:
    """A sensor's name is its sender's: anything a person can type, but no `#` first (that is a channel), and
    not the name of the gateway's own sender."""
    fits = text.strip() != "" and len(text) <= MAX_SENDER_CHARS and text != "$gateway"
    return fits and not text.startswith("#") and _BAD_IN_SENDER.search(text) is None


Text = Annotated[str, AfterValidator(_check_not_blank)]
Name = Annotated[str, AfterValidator(_check_name)]
Identity = Annotated[str, AfterValidator(_check_identity)]
Token = Annotated[SecretStr, AfterValidator(_check_token)]
