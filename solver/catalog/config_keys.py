"""Typed access to the keys of a model's config.json that collects every fault on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.errors import Fault

__all__ = ["ConfigKeys"]

_LARGEST = 10**9
"""No shape of a model comes near; a larger number is a damaged file."""

_PLACEHOLDER = 1
"""Stands in for a key that is at fault, so that reading can go on to find the others."""


class ConfigKeys:
    """The keys of one config.json, those of the text decoder first.

    Parameters
    ----------
    document
        The whole file.
    where
        Its name, for the faults.

    Notes
    -----
    A multimodal model keeps its decoder under ``text_config``; a key missing there is looked up one
    level above. A key that is ``null`` counts as not given, as it does in the libraries.
    """

    def __init__(self, document: Mapping[str, Any], *, where: str) -> None:
        self.where = where
        self.faults: list[Fault] = []
        self._outer = document
        self._prefix = ""
        self._inner: Mapping[str, Any] = {}
        nested = document.get("text_config")
        if isinstance(nested, Mapping):
            self._inner, self._prefix = nested, "text_config."
        elif nested is not None:
            self.fault("text_config", "should be an object", "Give the file as published")

    def fault(self, key: str, what: str, mend: str) -> None:
        """Note that ``key`` is at fault."""
        self.faults.append(Fault(f"{self.where}: {key}", what, mend))

    def path(self, key: str) -> str:
        """``key`` with the level it is (or would be) found on."""
        return key if key in self._outer and key not in self._inner else f"{self._prefix}{key}"

    def get(self, key: str) -> Any:
        """The value as it stands, or None."""
        value = self._inner.get(key)
        return self._outer.get(key) if value is None else value

    def _missing(self, key: str) -> None:
        self.fault(self.path(key), "missing", "Add the key; this architecture needs it")

    def _wrong(self, key: str, value: object, wanted: str) -> None:
        what = f"should be {wanted} (got {value!r:.60})"
        self.fault(self.path(key), what, "Give the value of the published file")

    def integer(self, key: str, default: int | None = None, *, minimum: int = 1) -> int:
        """A whole number of at least ``minimum``; without a default the key must be there."""
        value = self.get(key)
        if value is None:
            if default is None:
                self._missing(key)
                return _PLACEHOLDER
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            self._wrong(key, value, f"a whole number of at least {minimum}")
            return _PLACEHOLDER
        if value > _LARGEST:
            self._wrong(key, value, f"a whole number of at most {_LARGEST}")
            return _PLACEHOLDER
        return value

    def optional_integer(self, key: str) -> int | None:
        """A positive whole number, or None where the key is not given."""
        return None if self.get(key) is None else self.integer(key)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self._wrong(key, value, "true or false")
            return default
        return value

    def text(self, key: str, default: str) -> str:
        """A text."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            self._wrong(key, value, "text")
            return default
        return value

    def table(self, key: str) -> Mapping[str, Any]:
        """An object; empty where the key is not given."""
        value = self.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self._wrong(key, value, "an object")
            return {}
        return value

    def items(self, key: str) -> list[Any]:
        """A list; empty where the key is not given."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong(key, value, "a list")
            return []
        return value

    def refuse_unless(self, key: str, expected: object, default: object) -> None:
        """Refuse a setting that a ``Model`` cannot carry."""
        value = self.get(key)
        value = default if value is None else value
        if value != expected:
            what = f"{value!r:.60} is not supported, only {expected!r}"
            self.fault(self.path(key), what, "Write the model as a [[models]] entry instead")
