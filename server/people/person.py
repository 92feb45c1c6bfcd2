"""A person, and a visitor who sends the cookie of a person. Pure."""

from dataclasses import dataclass

COLOURS = 12
"""Number of colours. The page chooses the colour for each number."""


@dataclass(frozen=True, slots=True)
class Person:
    """The public data of a guest, or of the holder of a handle."""

    id: str
    """Id of the person; empty for a visitor without a valid cookie (ANONYMOUS)."""
    name: str
    colour: int
    """Number of the person's colour, from 0 to COLOURS - 1."""
    handle: str | None = None
    """The unique name of the person; None for a guest."""


ANONYMOUS = Person("", "", 0)
"""Stands for a visitor who has sent no valid cookie."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person and the device that a cookie describes."""

    person: Person
    device: str
    """Id of the device. Each browser has its own device, so that each browser can be signed out
    alone.
    """
    stored: bool = False
    """Whether the person was stored when the cookie was made."""
