"""Controls taken from one table of a file: what stands there becomes their value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from solver.catalog import shipped_catalog
from solver.errors import InstanceError
from solver.explore.control import Control, Group
from solver.instance.loading import apply_settings
from solver.report.numbers import clean

__all__ = ["Panel", "exact_text", "tiers_of"]

_LABEL = 120


def exact_text(value: Fraction | int) -> str:
    """A number with all its digits: a decimal where one tells it, else ``p/q``."""
    fraction = Fraction(value)
    denominator = fraction.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    if denominator != 1:
        return str(fraction)
    digits = Decimal(fraction.numerator) / Decimal(fraction.denominator)
    return format(digits.normalize(), "f") if Fraction(digits) == fraction else str(fraction)


def _text(value: object) -> str | None:
    """What a control shows of a value; ``None`` where no single text tells it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal | str):
        return str(value).strip()
    return None


def tiers_of(accelerators: Sequence[str]) -> list[str]:
    """Tiers of the shipped price catalog that all of these have."""
    catalog = shipped_catalog()
    offered = [[price.tier for price in catalog.prices_of(name)] for name in accelerators]
    return [tier for tier in (offered[0] if offered else ()) if all(tier in o for o in offered)]


class Panel:
    """The controls of one table of a file; ``Panel.of_file`` is that of the file itself."""

    def __init__(self, table: Mapping[str, Any], key: str, of: str, ways: _Ways) -> None:
        self.table = table
        self.found: list[Control] = []
        self._key = key
        self._of = of
        self._ways = ways

    @classmethod
    def of_file(cls, tables: Mapping[str, Any]) -> Panel:
        """The panel of a whole file."""
        return cls(tables, "", "", _Ways(tables))

    def inner(self, name: str) -> Panel:
        """The panel of a table within this one, empty where it is not there."""
        table = self.table.get(name)
        return Panel(
            table if isinstance(table, Mapping) else {}, self.key_of(name), self._of, self._ways
        )

    def states(self, *names: str) -> bool:
        """Whether the table says one of these."""
        return any(name in self.table for name in names)

    def key_of(self, name: str) -> str:
        """The dotted key of one entry."""
        return f"{self._key}.{name}" if self._key else name

    def number(
        self, name: str, group: Group, label: str, unit: str, about: str, *,
        minimum: str | None = "0", maximum: str | None = None, step: str | None = None,
        otherwise: str = "", drops: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """A number; in place of a list of them one for all, and none of anything else."""
        stated = self.table.get(name)
        value = "" if isinstance(stated, list) else _text(stated)
        if value is None:
            return
        if isinstance(stated, list):
            otherwise = f"{len(stated)} figures of the file"
        self.found.append(
            Control(
                self.key_of(name), group, self._label(label), unit, "number", value,
                minimum=minimum, maximum=maximum, step=step, help=about, otherwise=otherwise,
                stays=isinstance(stated, list),
                drops=tuple(self.key_of(other) for other in drops if other in self.table),
            )
        )  # fmt: skip

    def choice(
        self, name: str, group: Group, label: str, choices: Sequence[str], about: str, *,
        unit: str = "", otherwise: str = "",
    ) -> None:  # fmt: skip
        """One of some texts; what the file says is always among them."""
        value = _text(self.table.get(name))
        if value is None:
            return
        offered = dict.fromkeys((*choices, *([value] if value else [])))
        if offered:
            self.found.append(
                Control(
                    self.key_of(name), group, self._label(label), unit, "choice", value,
                    choices=tuple(offered), help=about, otherwise=otherwise,
                )
            )  # fmt: skip

    def choices(
        self, name: str, group: Group, label: str, choices: Sequence[str], about: str, *,
        unit: str = "", stated: Sequence[int | str] = (), otherwise: str = "",
    ) -> None:  # fmt: skip
        """Several texts; ``stated`` is what the file was read as."""
        value = [str(entry) for entry in stated] if name in self.table else []
        offered = tuple(dict.fromkeys((*choices, *value)))
        if offered:
            self.found.append(
                Control(
                    self.key_of(name), group, self._label(label), unit, "choices", ", ".join(value),
                    choices=offered, help=about, otherwise=otherwise,
                )
            )  # fmt: skip

    def switch(self, name: str, group: Group, label: str, about: str, *, otherwise: str) -> None:
        """True or false."""
        value = _text(self.table.get(name))
        if value in ("", "true", "false"):
            self.found.append(
                Control(
                    self.key_of(name), group, self._label(label), "", "switch", value,
                    choices=("true", "false"), help=about, otherwise=otherwise,
                )
            )  # fmt: skip

    def part(
        self, name: str, part: str, group: Group, label: str, unit: str, about: str, *,
        otherwise: str, drops: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """One number of a table of numbers that is set as a whole."""
        whole = self.table.get(name)
        value = _text(whole.get(part)) if isinstance(whole, Mapping) else ""
        if value is None:
            return
        self.found.append(
            Control(
                f"{self.key_of(name)}.{part}", group, self._label(label), unit, "number",
                value, minimum="0", help=about, otherwise=otherwise, setting=self.key_of(name),
                part=part,
                drops=tuple(self.key_of(other) for other in drops if other in self.table),
            )
        )  # fmt: skip

    def element(
        self, name: str, place: int, group: Group, label: str, unit: str, about: str
    ) -> None:
        """One number of a list of numbers, which is set as a whole."""
        self.found.append(
            Control(
                f"{self.key_of(name)}.{place}", group, self._label(label), unit, "number",
                str(self.table[name][place]), minimum="0", step="1", help=about,
                setting=self.key_of(name), place=place,
            )
        )  # fmt: skip

    def entries(self, name: str, what: str) -> list[Panel]:
        """A panel for every table of a list, named as ``--set`` and faults name it.

        An entry that no key leads to is left out.
        """
        listed = self.table.get(name)
        found = []
        for place, entry in enumerate(listed if isinstance(listed, list) else ()):
            if not isinstance(entry, Mapping):
                continue
            stated = entry.get("name")
            named = stated if isinstance(stated, str) and stated else ""
            told = named or str(entry.get("kind") or f"{what} {place + 1}")
            for word in dict.fromkeys((named or str(place), str(place))):
                key = self.key_of(f"{name}.{word}")
                if self._ways.lead(key, entry):
                    of = f" of {clean(told, limit=60)}{self._of}"
                    found.append(Panel(entry, key, of, self._ways))
                    break
        return found

    def _label(self, text: str) -> str:
        head, comma, tail = text.partition(",")
        return clean(f"{head}{self._of}{comma}{tail}", limit=_LABEL)


class _Ways:
    """Where the keys of a file lead, tried on a copy without its values.

    A name may hold dots, or look like the place of another entry.
    """

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._shadow_of: dict[int, dict[str, Any]] = {}
        self._shadow = self._copied(tables)
        self._tried = 0

    def lead(self, key: str, table: Mapping[str, Any]) -> bool:
        """Whether ``key`` leads to ``table``."""
        self._tried += 1
        mark = f"try {self._tried}"
        try:
            apply_settings(self._shadow, {f"{key}.{mark}": True})
        except InstanceError:
            return False
        return mark in self._shadow_of[id(table)]

    def _copied(self, tree: Any) -> Any:
        if isinstance(tree, Mapping):
            copied = {key: self._copied(value) for key, value in tree.items()}
            self._shadow_of[id(tree)] = copied
            return copied
        if isinstance(tree, list):
            return [self._copied(entry) for entry in tree]
        return tree if isinstance(tree, str) else None
