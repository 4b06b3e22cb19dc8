"""Sets by name: which families, with which parameters and seeds, make up ``replica-small``.

They lie in ``instances/bench``, one TOML file a group, and travel with the wheel.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from solver.bench.families.catalogue import families
from solver.bench.families.family import Family, Generated, Group, Parameters
from solver.errors import Fault, InstanceError

__all__ = ["SIZES", "Member", "members_of_sets", "set_names"]

Size = Literal["tiny", "small", "medium", "large"]
SIZES: tuple[Size, ...] = ("tiny", "small", "medium", "large")
"""``tiny`` is for checks: seconds for every formulation."""

PART_OF: dict[str, str] = {"flow": "placement", "racks": "fleet"}
"""Groups that another name takes in: pipelines and token flows are both placement."""

_PLACES = (
    Path(__file__).parent / "sets",
    Path(__file__).resolve().parents[2] / "instances" / "bench",
)
"""Inside an installed wheel, and in a checkout."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    size: Size
    family: str
    seeds: tuple[int, ...] = Field(min_length=1)
    parameters: dict[str, Any] = Field(default_factory=dict)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Literal[1] = Field(alias="schema")
    entry: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One instance to be generated."""

    family: Family
    parameters: Parameters
    seed: int
    size: str = ""

    @property
    def group(self) -> Group:
        """Of the family."""
        return self.family.group

    def make(self) -> Generated:
        """Its files."""
        return self.family.make(self.parameters, self.seed)


def _folder() -> Path:
    for place in _PLACES:
        if place.is_dir():
            return place
    raise InstanceError.one(
        "the files of the benchmark sets are not there",
        where=f"bench sets, {_PLACES[-1]}",
        mend="Install fleetfront again, or run from a checkout",
    )


def parameters_of(family: Family, told: dict[str, Any], *, where: str) -> Parameters:
    """Parameters of a family, checked.

    Raises
    ------
    InstanceError
        Where one is unknown, or out of its range.
    """
    try:
        return family.parameters.model_validate(told)
    except ValidationError as error:
        known = ", ".join(family.parameters.model_fields)
        raise InstanceError.all_of(
            Fault(
                where=f"{where}: {', '.join([family.name, *map(str, fault['loc'])])}",
                what=f"{fault['msg']} (got {fault['input']!r:.60})",
                mend=f"Parameters are {known}",
            )
            for fault in error.errors()
        ) from error


def _members_in(path: Path) -> list[Member]:
    try:
        told = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InstanceError.one(
            f"is no list of bench instances ({' '.join(str(error).split())[:300]})",
            where=str(path),
            mend="See the README beside it",
        ) from error
    found = []
    for entry in told.entry:
        if entry.family not in families():
            raise InstanceError.one(
                f"there is no family {entry.family!r}",
                where=str(path),
                mend=f"Choose from {', '.join(families())}",
            )
        family = families()[entry.family]
        parameters = parameters_of(family, entry.parameters, where=str(path))
        found += [Member(family, parameters, seed, entry.size) for seed in entry.seeds]
    return found


@cache
def _all_members() -> tuple[Member, ...]:
    return tuple(
        member for path in sorted(_folder().glob("*.toml")) for member in _members_in(path)
    )


def _matches(member: Member, name: str) -> bool:
    groups = {member.group, PART_OF.get(member.group, member.group)}
    names = {*groups, member.size, *(f"{one}-{member.size}" for one in groups), "all"}
    return name in names


def set_names() -> tuple[str, ...]:
    """Every name of a set, in order: sizes, groups, groups by size."""
    members = _all_members()
    groups = list(dict.fromkeys(member.group for member in members))
    sizes = [size for size in SIZES if any(member.size == size for member in members)]
    both = [f"{group}-{size}" for group in groups for size in sizes]
    return tuple(
        name
        for name in (*sizes, *groups, *both, "all")
        if any(_matches(member, name) for member in members)
    )


def members_of_sets(names: Sequence[str]) -> list[Member]:
    """Members of several named sets, each once, in the order of the files."""
    return [m for m in _all_members() if any(_matches(m, name) for name in names)]
