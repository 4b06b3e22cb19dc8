"""How the text of one column becomes a value, and which text is refused.

A reader takes the text of a cell and the constants and returns a number or a name; what it cannot
take it refuses by raising ``UnreadableError``, which says what is wrong and how to mend it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from solver.performance.validation.constants import ReferenceConstants

__all__ = ["AcceleratorName", "Choice", "ModelName", "Number", "Reader", "Text", "UnreadableError"]


class UnreadableError(ValueError):
    """A cell that its reader refuses."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


class Reader(Protocol):
    """Turns the text of a cell into a value."""

    def __call__(self, text: str, constants: ReferenceConstants, /) -> float | str:
        """The value of ``text``; raises ``UnreadableError``."""
        ...


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number within bounds.

    Parameters
    ----------
    least, above, below
        The number must be at least, more than, less than this.
    whole
        Whether it must be a whole number.
    infinite
        Whether ``inf`` is one of its values.
    """

    least: float = -math.inf
    above: float = -math.inf
    below: float = math.inf
    whole: bool = False
    infinite: bool = False

    def __call__(self, text: str, _constants: ReferenceConstants, /) -> float:
        try:
            # Python reads 1_000 as a number; nobody else does.
            value = math.nan if "_" in text else float(text)
        except ValueError:
            value = math.nan
        if math.isnan(value):
            raise UnreadableError(f"{text!r} is not a number", "Write a decimal number")
        if math.isinf(value):
            if not self.infinite:
                raise UnreadableError(f"{text!r} is not finite", "Write a finite number")
            return value
        if not (value >= self.least and value > self.above and value < self.below):
            raise UnreadableError(f"{text} is out of range", f"Write {self.bounds()}")
        if self.whole and not value.is_integer():
            raise UnreadableError(f"{text} is not a whole number", f"Write {self.bounds()}")
        return value

    def bounds(self) -> str:
        """The bounds in words."""
        limits = [
            f"{word} {bound:g}"
            for word, bound in (
                ("at least", self.least),
                ("above", self.above),
                ("below", self.below),
            )
            if math.isfinite(bound)
        ]
        number = "a whole number" if self.whole else "a number"
        return " ".join([number, " and ".join(limits)]).rstrip()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]

    def __call__(self, text: str, _constants: ReferenceConstants, /) -> str:
        if text not in self.options:
            raise UnreadableError(f"{text!r} is unknown", f"Known: {', '.join(self.options)}")
        return text


@dataclass(frozen=True, slots=True)
class Text:
    """Any text, to be compared as it stands."""

    def __call__(self, text: str, _constants: ReferenceConstants, /) -> str:
        return text


@dataclass(frozen=True, slots=True)
class AcceleratorName:
    """An accelerator of the reference."""

    def __call__(self, text: str, constants: ReferenceConstants, /) -> str:
        name = constants.accelerator_name(text)
        if name is None:
            raise UnreadableError(
                f"accelerator {text!r} is unknown",
                f"Known: {', '.join(constants.accelerators)}",
            )
        return name


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model of the reference."""

    def __call__(self, text: str, constants: ReferenceConstants, /) -> str:
        name = constants.model_name(text)
        if name is None:
            raise UnreadableError(
                f"model {text!r} is unknown", f"Known: {', '.join(constants.models)}"
            )
        return name
