"""The catalog as a collection: look up by name, with help for a name that is almost right."""

from __future__ import annotations

import difflib
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar, cast

from solver.catalog.domain import Accelerator, Model, Price
from solver.errors import CatalogError

__all__ = ["Catalog", "suggestion"]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def suggestion(name: str, known: Iterable[str], *, what: str) -> str:
    """One sentence that helps with the unknown ``name``: close matches, else all of ``known``.

    Parameters
    ----------
    what
        What the names stand for, in the plural: ``"accelerators"``.
    """
    names = sorted(known)
    if not names:
        return f"There are no {what} to choose from"
    by_folded = {known_name.casefold(): known_name for known_name in names}
    folded = name.casefold()
    close = [by_folded[match] for match in difflib.get_close_matches(folded, by_folded, n=3)]
    # "h100" is too short for a ratio to find "H100 SXM"; a shared beginning or part is enough.
    close += [by_folded[key] for key in by_folded if folded and folded in key]
    unique = list(dict.fromkeys(close))[:5]
    if unique:
        return "Close names: " + ", ".join(f"'{match}'" for match in unique)
    return f"Known {what}: {', '.join(names)}"


def _frozen(
    entries: Mapping[_Key, _Value], key_of: Callable[[_Value], _Key], kind: str
) -> Mapping[_Key, _Value]:
    """``entries`` as a mapping nobody can change.

    A dictionary is checked and copied. Any other mapping is taken to be read-only and left unread:
    the shipped entries are only parsed when looked up.
    """
    if not isinstance(entries, dict):
        return entries
    for key, entry in entries.items():
        if key != key_of(entry):
            raise ValueError(f"{kind} {key_of(entry)!r} is filed under {key!r}")
    return MappingProxyType(dict(entries))


def _merged(base: Mapping[_Key, _Value], over: Mapping[_Key, _Value]) -> Mapping[_Key, _Value]:
    """``over`` before ``base``, neither of them read; whichever is empty falls away."""
    if not over:
        return base
    if not base:
        return over
    # ChainMap asks for mutable maps but changes only its first, and the proxy forbids even that.
    maps = (cast("MutableMapping[_Key, _Value]", part) for part in (over, base))
    return MappingProxyType(ChainMap(*maps))


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """Accelerators, models and prices by name; immutable.

    Parameters
    ----------
    accelerators, models
        Entries by name.
    prices
        Prices by accelerator name and tier: ``prices["H100 SXM", "spot"]``.
    """

    accelerators: Mapping[str, Accelerator] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    prices: Mapping[tuple[str, str], Price] = field(default_factory=dict)

    def __post_init__(self) -> None:
        accelerators = _frozen(self.accelerators, lambda entry: entry.name, "accelerator")
        models = _frozen(self.models, lambda entry: entry.name, "model")
        prices = _frozen(self.prices, lambda entry: (entry.accelerator, entry.tier), "price")
        object.__setattr__(self, "accelerators", accelerators)
        object.__setattr__(self, "models", models)
        object.__setattr__(self, "prices", prices)

    def __repr__(self) -> str:
        counts = f"{len(self.accelerators)} accelerators, {len(self.models)} models"
        return f"Catalog({counts}, {len(self.prices)} prices)"

    def accelerator(self, name: str) -> Accelerator:
        """The accelerator called ``name``.

        Raises
        ------
        CatalogError
            If there is none; the cure names close matches.
        """
        if name not in self.accelerators:
            raise CatalogError.one(
                f"no accelerator {name!r}",
                where="catalog",
                mend=suggestion(name, self.accelerators, what="accelerators"),
            )
        return self.accelerators[name]

    def model(self, name: str) -> Model:
        """The model called ``name``.

        Raises
        ------
        CatalogError
            If there is none; the cure names close matches.
        """
        if name not in self.models:
            raise CatalogError.one(
                f"no model {name!r}",
                where="catalog",
                mend=suggestion(name, self.models, what="models"),
            )
        return self.models[name]

    def prices_of(self, accelerator_name: str) -> tuple[Price, ...]:
        """Every price of one accelerator, in file order; empty where there is none."""
        return tuple(self.prices[key] for key in self.prices if key[0] == accelerator_name)

    def price(self, accelerator_name: str, tier: str) -> Price:
        """The price of one accelerator in one tier.

        Raises
        ------
        CatalogError
            If the accelerator is unknown, has no price, or none in that tier.
        """
        self.accelerator(accelerator_name)
        tiers = sorted(key[1] for key in self.prices if key[0] == accelerator_name)
        if not tiers:
            raise CatalogError.one(
                f"no price for accelerator {accelerator_name!r}",
                where="catalog",
                mend="Give one: [[prices]] with accelerator, tier, usd_per_hour, as_of and source",
            )
        if tier not in tiers:
            raise CatalogError.one(
                f"no price for accelerator {accelerator_name!r} in tier {tier!r}",
                where="catalog",
                mend=f"Choose a tier it has: {', '.join(tiers)}",
            )
        return self.prices[accelerator_name, tier]

    def merged(self, other: Catalog) -> Catalog:
        """This catalog with every entry of ``other`` added; ``other`` wins where both have one."""
        return Catalog(
            accelerators=_merged(self.accelerators, other.accelerators),
            models=_merged(self.models, other.models),
            prices=_merged(self.prices, other.prices),
        )
