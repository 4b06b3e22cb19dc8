"""Which checkpoint a server loads: named by the user, else the maker's public one in that format.

A user names one as ``NAME=ID`` or ``NAME=ID@FORMAT``, where the format says what the checkpoint
holds if that is not what the plan computes with: ``Llama-3.1-70B=/models/llama@bf16``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from solver.catalog.weight_formats import FORMAT_BITS
from solver.deploy.launch import ReplicaDesign
from solver.deploy.model_facts import AcceleratorFacts, ModelFacts
from solver.errors import OutputError
from solver.report.numbers import clean

__all__ = ["Checkpoint", "checkpoint_of", "listed_source", "planned_format"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._+-]+)+")
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights to load.

    Parameters
    ----------
    format
        Of its weights; None where nobody says.
    is_assumed
        The user named it without a format, so that of the plan is taken.
    is_listed
        Nobody named it: it is in our table of published checkpoints.
    """

    id: str
    format: str | None
    is_assumed: bool = False
    is_listed: bool = False


def planned_format(
    bits: int | None, format_name: str | None, model: ModelFacts, device: AcceleratorFacts
) -> str | None:
    """The format that a plan's weights are in; None where a measurement does not say.

    A width alone means the format that the maker publishes in that width, else the plainest that
    the device computes in: the rule of ``solver.catalog.weight_formats``.
    """
    if format_name is not None or bits is None:
        return format_name
    published = [form for form in _published(model.name) if FORMAT_BITS[form] == bits]
    if published:
        return published[0]
    if bits == 16:
        return "bf16"
    if bits == 8:
        return "fp8" if device.has_fp8 else "int8"
    return "nvfp4" if device.has_4_bits else "int4"


def checkpoint_of(
    design: ReplicaDesign,
    name: str,
    form: str | None,
    weights: Mapping[str, str],
    *,
    native_bits: int,
    online: Collection[str],
) -> Checkpoint:
    """The checkpoint of model ``name`` for weights in format ``form`` (None: as published).

    Parameters
    ----------
    native_bits
        Width of the weights as the maker publishes them.
    weights
        By model, what the user named.
    online
        Formats that the engine makes itself from 16-bit weights while it loads them.

    Raises
    ------
    OutputError
        Where nobody names a checkpoint in that format, and for a name that is no identifier of a
        checkpoint and no absolute path.
    """
    if name in weights:
        return _named(name, weights[name], form)
    published = _published(name)
    wanted = [each for each in (form, "bf16" if form in online else None) if each is not None]
    if form is None:
        # A benchmark that states no format served the checkpoint as it is published.
        wanted = [each for each in published if FORMAT_BITS[each] == native_bits]
    for each in wanted:
        if each in published:
            return Checkpoint(published[each], each, is_listed=True)
    told = "as published" if form is None else f"in {form}"
    raise OutputError.one(
        f"no checkpoint of {clean(name, limit=60)} {told} is known to us",
        where=f"replicas of {design.name}",
        mend=f"Name one with --weights '{clean(name, limit=60)}=PATH-OR-ID'",
    )


def _named(name: str, told: str, form: str | None) -> Checkpoint:
    where = f"--weights {clean(name, limit=60)}"
    identifier, at, said = told.rpartition("@")
    if not at:
        identifier, said = told, ""
    if said and said not in FORMAT_BITS:
        raise OutputError.one(
            f"{clean(said, limit=40)!r} is no format of weights",
            where=where,
            mend=f"Write one of {', '.join(FORMAT_BITS)} after the @, or leave it out",
        )
    sound = _ID.fullmatch(identifier) or _PATH.fullmatch(identifier)
    climbs = any(part in {".", ".."} for part in identifier.split("/"))
    if not sound or climbs or len(identifier) > _LONGEST:
        raise OutputError.one(
            f"{clean(identifier, limit=60)!r} is no identifier of a checkpoint and no path",
            where=where,
            mend="Write MAKER/NAME as on the hub, or an absolute path of letters, digits and "
            "._+- without '..'",
        )
    if said:
        return Checkpoint(identifier, said)
    known = next(
        (row for rows in _rows().values() for row in rows.items() if row[1] == identifier), None
    )
    if known is not None:
        return Checkpoint(identifier, known[0])
    return Checkpoint(identifier, form, is_assumed=form is not None)


def listed_source() -> str:
    """Where our table of published checkpoints was read, and when."""
    told = tomllib.loads(_table())
    return f"{told['source']}, {told['as_of']}"


@cache
def _table() -> str:
    return files(__package__).joinpath("checkpoints.toml").read_text(encoding="utf-8")


def _published(name: str) -> Mapping[str, str]:
    return _rows().get(name, {})


@cache
def _rows() -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for row in tomllib.loads(_table())["checkpoints"]:
        rows.setdefault(row["model"], {})[row["format"]] = row["id"]
    return rows
