"""Read the file that ``fleetfront calibrate`` writes: an accelerator and its operator constants.

The file is TOML with ``schema = 1`` and three parts: ``[measured]`` says how it came about,
``[[accelerators]]`` is one entry as instances accept it, and each ``[[operators]]`` holds the
constants of a family at a precision, with errors, units, and the medians they were fitted to.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from solver.catalog.collection import Catalog
from solver.catalog.domain import Accelerator
from solver.catalog.entries import parse_entries
from solver.catalog.shipped import shipped_catalog
from solver.errors import CatalogError, Fault, UnsupportedModelError
from solver.performance.operators import attention, attention_context, collective, gemm
from solver.performance.operators.catalog import FitRecord, FittedOperator, OperatorCatalog
from solver.performance.operators.device import Device

__all__ = [
    "FAMILIES",
    "Calibration",
    "calibrated_device",
    "parse_calibration",
    "read_calibration",
]

_RERUN = "Write the file again with 'fleetfront calibrate'"

FAMILIES: Mapping[str, Callable[[Mapping[str, float]], object]] = MappingProxyType(
    {
        "gemm": gemm.constants_from,
        "attention_decode": attention.decode_constants_from,
        "attention_context": attention_context.context_constants_from,
        "collective": collective.constants_from,
    }
)
"""Families that a calibration may hold, and what turns named numbers into their constants."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A measured device: what it is, and the constants of its kernels.

    Parameters
    ----------
    where
        The file, for messages.
    accelerator, device
        The entry of the file, and the same as kernels see it.
    peaks
        ``vendor``, or ``measured`` where the device has no entry in the catalog.
    catalogs
        Constants by family; the system of each fit is the accelerator's name.
    """

    where: str
    accelerator: Accelerator
    device: Device
    peaks: Literal["vendor", "measured"]
    catalogs: Mapping[str, OperatorCatalog]

    def find(self, family: str, *, precision: str) -> FittedOperator:
        """The constants of a family at a precision.

        Raises
        ------
        UnsupportedModelError
            Where the file does not have them; the message says what it has.
        """
        catalog = self.catalogs.get(family)
        if catalog is None:
            raise UnsupportedModelError.one(
                f"{family} was not measured",
                where=self.where,
                mend=f"It holds {', '.join(self.catalogs) or 'no operators'}; "
                "use the shipped constants for the rest",
            )
        return catalog.find(system=self.accelerator.name, precision=precision)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _MeasuredRecord(_Strict):
    device: str = Field(min_length=1)
    kind: Literal["cuda", "cpu"]
    torch: str
    driver: str
    as_of: str = Field(min_length=4)
    seed: int
    budget_s: float = Field(gt=0)
    wall_s: float = Field(ge=0)
    peaks: Literal["vendor", "measured"]
    multiprocessors: int = Field(ge=1)
    cache_bytes: float = Field(gt=0)
    cache_source: str
    float8: bool
    mesh: bool
    devices: int = Field(ge=1)
    launch_s: float = Field(gt=0)
    copied_bytes: list[int]
    copy_bytes_per_s: list[float]
    host_copy_bytes_per_s: float | None = Field(default=None, gt=0)
    warnings: list[str]
    left_out: dict[str, int]


class _OperatorRecord(FitRecord):
    family: str
    source: str = Field(min_length=1)
    as_of: str = Field(min_length=4)
    held_at: str
    held: list[str]
    units: dict[str, str]
    medians: dict[str, list[float] | list[str]]


class _FileRecord(_Strict):
    schema_: Literal[1] = Field(alias="schema")
    measured: _MeasuredRecord
    accelerators: list[dict[str, Any]] = Field(min_length=1, max_length=1)
    operators: list[_OperatorRecord] = []


def read_calibration(path: Path, *, base: Catalog | None = None) -> Calibration:
    """The calibration in a file.

    Parameters
    ----------
    base
        Catalog whose entries the accelerator may extend, by default the shipped one.

    Raises
    ------
    CatalogError
        Where the file cannot be read, or as ``parse_calibration``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CatalogError.one(
            f"cannot be read: {reason}",
            where=str(path),
            mend="Give a file that 'fleetfront calibrate --out' wrote",
        ) from error
    return parse_calibration(text, where=str(path), base=base)


def parse_calibration(text: str, *, where: str, base: Catalog | None = None) -> Calibration:
    """The calibration in a TOML text.

    Raises
    ------
    CatalogError
        With every fault: not TOML, unknown or missing keys, bad values, an accelerator that the
        catalog refuses, constants without units or that a family refuses.
    """
    try:
        raw, exact = tomllib.loads(text), tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise CatalogError.one(f"not TOML: {error}", where=where, mend=_RERUN) from error
    try:
        record = _FileRecord.model_validate(raw)
    except ValidationError as error:
        raise CatalogError.all_of(
            Fault(
                where=f"{where}: {'.'.join(str(part) for part in fault['loc'])}",
                what=f"{fault['msg'][:1].lower()}{fault['msg'][1:]} (got {_shown(fault['input'])})",
                mend=_RERUN,
            )
            for fault in error.errors(include_url=False)
        ) from error
    given = {"accelerators": exact["accelerators"]}
    catalog, faults = parse_entries(given, where=where, base=base or shipped_catalog())
    if faults:
        raise CatalogError.all_of(faults)
    # An entry without a name is a fault of its own, found above.
    accelerator = catalog.accelerators[str(record.accelerators[0]["name"])]
    faults = [
        fault
        for index, operator in enumerate(record.operators)
        for fault in _operator_faults(operator, f"{where}: operators.{index}", accelerator.name)
    ]
    keys = [(operator.family, operator.precision) for operator in record.operators]
    faults += [
        Fault(f"{where}: operators", f"{family} at {precision} is given twice", "Keep one of them")
        for family, precision in sorted({key for key in keys if keys.count(key) > 1})
    ]
    if faults:
        raise CatalogError.all_of(faults)
    return Calibration(
        where=where,
        accelerator=accelerator,
        device=calibrated_device(
            accelerator,
            multiprocessors=record.measured.multiprocessors,
            cache_bytes=record.measured.cache_bytes,
            cache_source=record.measured.cache_source,
            float8=record.measured.float8,
            mesh=record.measured.mesh,
        ),
        peaks=record.measured.peaks,
        catalogs=_catalogs(record.operators),
    )


def _operator_faults(operator: _OperatorRecord, place: str, accelerator: str) -> list[Fault]:
    faults: list[Fault] = []
    odd = sorted(operator.constants.keys() ^ operator.units.keys())
    if odd:
        faults.append(Fault(place, f"constants and units differ in {', '.join(odd)}", _RERUN))
    if operator.system != accelerator:
        faults.append(
            Fault(
                f"{place}.system",
                f"{operator.system!r} is not the accelerator of the file",
                f"Write {accelerator!r}",
            )
        )
    build = FAMILIES.get(operator.family)
    if build is None:
        known = ", ".join(FAMILIES)
        faults.append(
            Fault(f"{place}.family", f"no family {operator.family!r}", f"Use one of {known}")
        )
        return faults
    try:
        build(operator.constants)
    except KeyError as error:
        faults.append(Fault(f"{place}.constants", f"{error.args[0]} is missing", _RERUN))
    except (ValueError, TypeError) as error:
        faults.append(Fault(f"{place}.constants", str(error), _RERUN))
    return faults


def calibrated_device(
    accelerator: Accelerator,
    *,
    multiprocessors: int,
    cache_bytes: float,
    cache_source: str,
    float8: bool,
    mesh: bool,
) -> Device:
    """The device that calibrated constants belong to: peaks of the entry, silicon of the machine.

    Parameters
    ----------
    multiprocessors, cache_bytes, cache_source
        As the machine tells them; a CPU's are its threads and its last-level cache.
    float8, mesh
        As ``Device`` has them.
    """
    return Device(
        name=accelerator.name,
        flop_per_s=accelerator.flop_per_s,
        hbm_bytes_per_s=accelerator.hbm_bytes_per_s,
        multiprocessors=multiprocessors,
        l2_bytes=cache_bytes,
        scale_up_bytes_per_s=accelerator.scale_up_bytes_per_s,
        node_devices=accelerator.node_devices,
        source=f"multiprocessors: PyTorch; cache: {cache_source}",
        float8=float8,
        mesh=mesh,
    )


def _catalogs(operators: list[_OperatorRecord]) -> Mapping[str, OperatorCatalog]:
    catalogs: dict[str, OperatorCatalog] = {}
    for family in dict.fromkeys(operator.family for operator in operators):
        own = [operator for operator in operators if operator.family == family]
        catalogs[family] = OperatorCatalog(
            family=family,
            source=own[0].source,
            as_of=own[0].as_of,
            units=MappingProxyType(dict(own[0].units)),
            fits=MappingProxyType({(o.system, o.precision): o.to_domain() for o in own}),
        )
    return MappingProxyType(catalogs)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
