"""What a family of generated instances is: parameters, a seed, and files that come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Family", "Generated", "Group", "Parameters"]

Group = Literal["replica", "placement", "flow", "fleet", "racks", "moip"]
"""``placement`` are single pipelines, ``flow`` is placement for throughput alone,
``racks`` are fleets that stand in racks."""


class Parameters(BaseModel):
    """Base of the parameters of every family: unknown keys are refused, fields have defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Generated:
    """One instance as files, the same bytes for the same parameters and seed.

    Parameters
    ----------
    name
        Of the instance, also of its file: letters, digits, dots and dashes.
    suffix
        ``.toml`` for questions, ``.json`` for multi-objective programs.
    text
        Of the file; a question anyone can solve with ``fleetfront solve``.
    beside
        Name -> text of files that it reads (CSV tables), in the same folder.
    """

    name: str
    suffix: Literal[".toml", ".json"]
    text: str
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """One way to make up instances.

    Parameters
    ----------
    name
        As in ``fleetfront bench NAME:key=value,seeds=3``.
    summary
        One line: what is drawn, from which distribution.
    parameters
        Their class; its field descriptions are shown to users.
    make
        From parameters (of that class) and a seed to the files.
    """

    name: str
    group: Group
    summary: str
    parameters: type[Parameters]
    make: Callable[[Any, int], Generated]
