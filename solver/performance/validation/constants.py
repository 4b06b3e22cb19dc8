"""The reference's own accelerators, models and prices, by the names that its output files use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from solver.catalog import shipped_catalog
from solver.catalog.domain import Accelerator, Model

__all__ = ["ReferenceConstants", "reference_constants"]

_PREFIX = "epoch/"
_PRICE_TIER = "reference"


def _folded(name: str) -> str:
    """``name`` without case and punctuation: files also write ``GPT-3``."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _index(names: Iterable[str]) -> dict[str, str]:
    index: dict[str, str] = {}
    for name in names:
        other = index.setdefault(_folded(name), name)
        if other != name:
            raise ValueError(f"the reference names {other!r} and {name!r} cannot be told apart")
    return index


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceConstants:
    """What the reference outputs were computed with.

    Parameters
    ----------
    accelerators, models
        By the reference's own name, such as ``"H100"`` and ``"Llama_3_70B_8_bit"``.
    usd_per_hour
        Price of one accelerator, exact, by the same name.
    """

    accelerators: Mapping[str, Accelerator]
    models: Mapping[str, Model]
    usd_per_hour: Mapping[str, Fraction]
    _accelerator_index: dict[str, str] = field(init=False, repr=False)
    _model_index: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_accelerator_index", _index(self.accelerators))
        object.__setattr__(self, "_model_index", _index(self.models))

    def accelerator_name(self, text: str) -> str | None:
        """The name of the accelerator that ``text`` means, case and punctuation aside."""
        return self._accelerator_index.get(_folded(text))

    def model_name(self, text: str) -> str | None:
        """The name of the model that ``text`` means, case and punctuation aside."""
        return self._model_index.get(_folded(text))


@cache
def reference_constants() -> ReferenceConstants:
    """The constants shipped with the catalog, under names that start with ``epoch/``."""
    catalog = shipped_catalog()
    # By name first: an entry is only parsed when it is looked up.
    accelerators = {
        name.removeprefix(_PREFIX): catalog.accelerator(name)
        for name in catalog.accelerators
        if name.startswith(_PREFIX)
    }
    models = {
        name.removeprefix(_PREFIX): catalog.model(name)
        for name in catalog.models
        if name.startswith(_PREFIX)
    }
    prices = {
        name: catalog.price(entry.name, _PRICE_TIER).usd_per_hour
        for name, entry in accelerators.items()
    }
    return ReferenceConstants(accelerators=accelerators, models=models, usd_per_hour=prices)
