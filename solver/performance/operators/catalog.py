"""Read the fitted constants of operator families, one TOML file a family.

The shipped files lie in ``solver/catalog/operators/``; each names its source, its date, and for
every system and precision the constants and how far they were off on rows held out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from solver.errors import CatalogError, Fault, UnsupportedModelError

__all__ = [
    "FitRecord",
    "FittedOperator",
    "HeldOutError",
    "OperatorCatalog",
    "operator_catalog",
    "parse_operator_catalog",
    "read_operator_catalog",
]

_RERUN = "Write the file again with scripts/fit_operators.py"


@dataclass(frozen=True, slots=True)
class HeldOutError:
    """Relative error on rows the fit did not see: median, 95th percentile, bias (see ``Fit``)."""

    median: float
    p95: float
    bias: float
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class FittedOperator:
    """Constants of one family for one system and precision.

    ``constants`` by name in the units of the catalog's ``units``; ``errors`` by split (``random``,
    ``shape``, ``system``).
    """

    system: str
    backend: str
    version: str
    precision: str
    rows: int
    constants: Mapping[str, float]
    errors: Mapping[str, HeldOutError]


@dataclass(frozen=True, slots=True, eq=False)
class OperatorCatalog:
    """All fits of one operator family, with the source of the measurements and the date."""

    family: str
    source: str
    as_of: str
    units: Mapping[str, str]
    fits: Mapping[tuple[str, str], FittedOperator]

    def find(self, *, system: str, precision: str) -> FittedOperator:
        """The fit of a system at a precision.

        Raises
        ------
        UnsupportedModelError
            Where nothing was fitted; the message lists the precisions of the system.
        """
        fit = self.fits.get((system, precision))
        if fit is None:
            known = [p for s, p in self.fits if s == system]
            mend = (
                f"Use a precision it has: {', '.join(known)}"
                if known
                else f"Use a system that was measured: {', '.join(self.systems)}"
            )
            raise UnsupportedModelError.one(
                f"{self.family} was not measured on {system!r} at precision {precision!r}",
                where="operator constants",
                mend=mend,
            )
        return fit

    @property
    def systems(self) -> tuple[str, ...]:
        """Systems with a fit, in the order of the file."""
        return tuple(dict.fromkeys(system for system, _ in self.fits))


class _ErrorRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    median: float = Field(ge=0)
    p95: float = Field(ge=0)
    bias: float = Field(gt=-1)
    rows: int = Field(ge=1)


class FitRecord(BaseModel):
    """One fit as a file states it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    system: str = Field(min_length=1)
    backend: str = Field(min_length=1)
    version: str = Field(min_length=1)
    precision: str = Field(min_length=1)
    rows: int = Field(ge=1)
    constants: dict[str, float]
    errors: dict[str, _ErrorRecord]

    def to_domain(self) -> FittedOperator:
        """The fit as the model takes it."""
        return FittedOperator(
            system=self.system,
            backend=self.backend,
            version=self.version,
            precision=self.precision,
            rows=self.rows,
            constants=MappingProxyType(dict(self.constants)),
            errors=MappingProxyType(
                {split: HeldOutError(**error.model_dump()) for split, error in self.errors.items()}
            ),
        )


class _FileRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: int = Field(alias="schema", ge=1, le=1)
    family: str = Field(min_length=1)
    source: str = Field(min_length=1)
    as_of: str = Field(min_length=1)
    units: dict[str, str]
    fits: list[FitRecord] = Field(min_length=1)


def parse_operator_catalog(text: str, *, where: str) -> OperatorCatalog:
    """The catalog in a TOML text.

    Raises
    ------
    CatalogError
        With every fault: not TOML, unknown or missing keys, a constant without a unit, a system
        and precision fitted twice.
    """
    try:
        record = _FileRecord.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CatalogError.one(f"not TOML: {error}", where=where, mend=_RERUN) from error
    except ValidationError as error:
        raise CatalogError.all_of(
            Fault(
                where=f"{where}: {'.'.join(str(part) for part in fault['loc'])}",
                what=fault["msg"],
                mend=_RERUN,
            )
            for fault in error.errors()
        ) from error
    faults: list[Fault] = []
    fits: dict[tuple[str, str], FittedOperator] = {}
    for fit in record.fits:
        place = f"{where}: {fit.system}, {fit.precision}"
        odd = sorted(fit.constants.keys() ^ record.units.keys())
        if odd:
            faults.append(Fault(place, f"constants and units differ in {', '.join(odd)}", _RERUN))
        if (fit.system, fit.precision) in fits:
            faults.append(Fault(place, "fitted twice", _RERUN))
        fits[fit.system, fit.precision] = fit.to_domain()
    if faults:
        raise CatalogError.all_of(faults)
    return OperatorCatalog(
        family=record.family,
        source=record.source,
        as_of=record.as_of,
        units=MappingProxyType(dict(record.units)),
        fits=MappingProxyType(fits),
    )


def read_operator_catalog(path: Path) -> OperatorCatalog:
    """The catalog in a file.

    Raises
    ------
    CatalogError
        Where the file cannot be read, or as ``parse_operator_catalog``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError.one(
            f"cannot be read: {error}", where=str(path), mend="Give a readable TOML file"
        ) from error
    return parse_operator_catalog(text, where=str(path))


@cache
def operator_catalog(family: str) -> OperatorCatalog:
    """The shipped constants of a family, such as ``gemm``; read once.

    Raises
    ------
    CatalogError
        For a family without a file.
    """
    file = files("solver.catalog").joinpath("operators", f"{family}.toml")
    if not file.is_file():
        raise CatalogError.one(
            f"no constants for the operator family {family!r}",
            where="solver/catalog/operators",
            mend="Name a family that has a file there, or write one with scripts/fit_operators.py",
        )
    return parse_operator_catalog(file.read_text(encoding="utf-8"), where=f"{family}.toml")
