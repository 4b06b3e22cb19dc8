"""How far each performance model was off against measurements: the file of groups and its reader.

A group is a kind of question (model family, accelerator, weight format, serving mode) and what the
comparison with its measured rows gave. Which group speaks for a question is the business of
``solver.performance.model_error``.
"""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from solver.errors import CatalogError, Fault

__all__ = [
    "ANY",
    "MeasuredError",
    "ModelErrorGroup",
    "ModelErrors",
    "parse_model_errors",
    "read_model_errors",
    "shipped_model_errors",
]

ANY = "any"
"""Stands for all values of a key taken together."""

_FILE = "model_errors.toml"
_MEND = "Write the file again from the report of 'fleetfront validate'"


@dataclass(frozen=True, slots=True)
class MeasuredError:
    """Relative error of a predicted time.

    ``median`` and ``p95`` are of ``|predicted / measured - 1|``; ``bias`` is the geometric mean of
    ``predicted / measured`` less 1, or ``None`` where it was not stated.
    """

    median: float
    p95: float
    bias: float | None = None


@dataclass(frozen=True, slots=True)
class ModelErrorGroup:
    """Error of one performance model on one kind of question.

    ``tpot`` is of the time per output token, ``ttft`` of the time to the first one. ``rows`` is the
    number of measured points. A key may be ``ANY``.
    """

    model: str
    family: str
    accelerator: str
    weight_format: str
    mode: str
    rows: int
    tpot: MeasuredError
    ttft: MeasuredError | None = None

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What tells it from other groups."""
        return (self.model, self.family, self.accelerator, self.weight_format, self.mode)


@dataclass(frozen=True, slots=True)
class ModelErrors:
    """All groups of a file, what was measured and when they were compared."""

    source: str
    as_of: str
    groups: tuple[ModelErrorGroup, ...]


class _TpotRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    median: float = Field(ge=0, allow_inf_nan=False)
    p95: float = Field(ge=0, allow_inf_nan=False)
    bias: float = Field(gt=-1, allow_inf_nan=False)


class _TtftRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    median: float = Field(ge=0, allow_inf_nan=False)
    p95: float = Field(ge=0, allow_inf_nan=False)


class _GroupRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    model: str = Field(min_length=1)
    family: Literal["dense", "moe", "any"]
    accelerator: str = Field(min_length=1)
    weight_format: str = Field(min_length=1)
    mode: Literal["aggregated", "disaggregated", "any"]
    rows: int = Field(ge=1)
    tpot: _TpotRecord
    ttft: _TtftRecord | None = None

    def to_domain(self) -> ModelErrorGroup:
        return ModelErrorGroup(
            model=self.model,
            family=self.family,
            accelerator=self.accelerator,
            weight_format=self.weight_format,
            mode=self.mode,
            rows=self.rows,
            tpot=MeasuredError(self.tpot.median, self.tpot.p95, self.tpot.bias),
            ttft=None if self.ttft is None else MeasuredError(self.ttft.median, self.ttft.p95),
        )


class _FileRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: int = Field(alias="schema", ge=1, le=1)
    source: str
    as_of: str
    groups: list[_GroupRecord]


def parse_model_errors(text: str, *, where: str) -> ModelErrors:
    """The groups in a TOML text.

    Raises
    ------
    CatalogError
        With every fault: not TOML, unknown or missing keys, figures out of range or out of order, a
        group that stands twice, groups without a source or a date.
    """
    try:
        record = _FileRecord.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CatalogError.one(f"not TOML: {error}", where=where, mend=_MEND) from error
    except ValidationError as error:
        raise CatalogError.all_of(
            Fault(f"{where}: {'.'.join(str(part) for part in fault['loc'])}", fault["msg"], _MEND)
            for fault in error.errors()
        ) from error
    groups = tuple(group.to_domain() for group in record.groups)
    faults: list[Fault] = []
    seen: set[tuple[str, ...]] = set()
    for number, group in enumerate(groups):
        place = f"{where}: groups.{number}"
        if group.key in seen:
            faults.append(Fault(place, f"{', '.join(group.key)} stands twice", _MEND))
        seen.add(group.key)
        for name, error_of in (("tpot", group.tpot), ("ttft", group.ttft)):
            if error_of is not None and error_of.p95 < error_of.median:
                told = f"95th percentile {error_of.p95:g} below the median {error_of.median:g}"
                faults.append(Fault(f"{place}.{name}", told, _MEND))
    if groups and not record.source:
        faults.append(Fault(f"{where}: source", "groups without a source", _MEND))
    if groups and not _is_date(record.as_of):
        faults.append(Fault(f"{where}: as_of", f"{record.as_of!r} is not a date", _MEND))
    if faults:
        raise CatalogError.all_of(faults)
    return ModelErrors(record.source, record.as_of, groups)


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def read_model_errors(path: Path) -> ModelErrors:
    """The groups in a file.

    Raises
    ------
    CatalogError
        If it cannot be read, and as ``parse_model_errors``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError.one(
            f"cannot be read: {error}", where=str(path), mend="Give a readable TOML file"
        ) from error
    return parse_model_errors(text, where=str(path))


@cache
def shipped_model_errors() -> ModelErrors:
    """The groups that come with the package; no groups where no model has been compared yet."""
    text = files("solver.catalog").joinpath(_FILE).read_text(encoding="utf-8")
    return parse_model_errors(text, where=_FILE)
