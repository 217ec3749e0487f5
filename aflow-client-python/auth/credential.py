"""The three words by which aiflow knows an application."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Credential:
    """Names the enterprise and the application, and holds the secret they share with aiflow."""

    enterprise_code: str
    app_id: str
    app_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        # A message names the field and never its value: the value may be the secret.
        for each in fields(self):
            value = getattr(self, each.name)
            if not isinstance(value, str):
                raise TypeError(f"{each.name} must be text")
            if not value:
                raise ValueError(f"{each.name} is empty")
            if not is_plain(value):
                raise ValueError(f"{each.name} contains a control character (a line break at its end?)")


def is_plain(text: str) -> bool:
    """Tells whether a text can stand on one line: no control character, no half of a surrogate pair."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
