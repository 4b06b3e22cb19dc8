"""Tables of the flags that the engines take: type, choices, and the file that defines each.

An engine makes every argument through its table, so a flag that the table does not have, or a value
of another type, cannot reach a file.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from solver.deploy.launch import Addresses, Argument, OptionFile
from solver.deploy.model_facts import AcceleratorFacts

__all__ = ["Flag", "FlagTable", "Option", "Program", "flag_table"]

FlagType = Literal["int", "float", "text", "json", "switch", "file"]
OptionType = Literal["int", "text", "switch", "ints", "addresses"]

_WHOLE = re.compile(r"\d{1,12}|\{rank\}")
_DECIMAL = re.compile(r"\d{1,6}(?:\.\d{1,12})?")


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of a program.

    Parameters
    ----------
    choices
        The values it takes; empty where any value of its type will do.
    defined_in, choices_in
        Files of the engine's source that define it and that list its choices.
    """

    name: str
    type: FlagType
    choices: tuple[str, ...]
    defined_in: str
    choices_in: str

    def fault_of(self, value: str) -> str | None:
        """Why ``value`` is none of this flag; ``None`` where it is one."""
        if self.choices and value not in self.choices:
            return f"{value!r} is none of {', '.join(self.choices)}"
        word = bool(value) and not value.startswith("-")
        sound: dict[FlagType, bool] = {
            "int": _WHOLE.fullmatch(value) is not None,
            "float": _DECIMAL.fullmatch(value) is not None,
            "text": word,
            "file": word,
            "json": _is_table(value),
            "switch": not value,
        }
        return None if sound[self.type] else f"{value!r} is no value of type {self.type}"


@dataclass(frozen=True, slots=True)
class Option:
    """One key of a YAML file that a program reads, dotted as it nests."""

    name: str
    type: OptionType
    choices: tuple[str, ...]
    defined_in: str

    def fault_of(self, value: Any) -> str | None:
        """Why ``value`` is none of this option; ``None`` where it is one."""
        if self.choices and value not in self.choices:
            return f"{value!r} is none of {', '.join(self.choices)}"
        sound = {
            "int": type(value) is int,
            "text": isinstance(value, str) and bool(value),
            "switch": isinstance(value, bool),
            "ints": isinstance(value, list) and all(type(each) is int for each in value),
            "addresses": isinstance(value, Addresses),
        }[self.type]
        return None if sound else f"{value!r} is no value of type {self.type}"


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _is_table(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Program:
    """A command with the flags that we may give it, and the environment variables it reads."""

    words: tuple[str, ...]
    package: str
    version: str
    image: str
    images: Mapping[str, str]
    flags: Mapping[str, Flag]
    environment: Mapping[str, str]
    options: Mapping[str, Option]

    def image_for(self, device: AcceleratorFacts) -> str:
        """The container image for a device: by its name, else its vendor, else the usual one."""
        return self.images.get(device.name) or self.images.get(device.vendor) or self.image

    def option_file(
        self, name: str, options: Mapping[str, Any], whys: Mapping[str, str]
    ) -> OptionFile:
        """A file of options of this program.

        Raises
        ------
        ValueError
            For a key that is not in the table, or a value that is none of it: a fault of ours.
        """
        for key, value in _leaves(options):
            fault = "is not in its table"
            if key in self.options:
                found = self.options[key].fault_of(value)
                if found is None:
                    continue
                fault = found
            raise ValueError(f"{' '.join(self.words)}, option {key}: {fault}")
        return OptionFile(name, options, whys)

    def argument(self, flag: str, value: str | int, why: str) -> Argument:
        """An argument of this program.

        Raises
        ------
        ValueError
            For a flag that is not in the table, or a value that is none of it: a fault of ours.
        """
        if flag not in self.flags:
            raise ValueError(f"{' '.join(self.words)} has no flag {flag} in its table")
        fault = self.flags[flag].fault_of(str(value))
        if fault is not None:
            raise ValueError(f"{' '.join(self.words)} {flag}: {fault}")
        return Argument(flag, str(value), why, is_file=self.flags[flag].type == "file")


@dataclass(frozen=True, slots=True)
class FlagTable:
    """The programs of one engine.

    Parameters
    ----------
    source
        Where the table was read, and when.
    """

    engine: str
    title: str
    version: str
    source: str
    programs: Mapping[str, Program]


@cache
def flag_table(engine: str) -> FlagTable:
    """The table of an engine, from ``flags_<engine>.toml`` beside this file."""
    text = files(__package__).joinpath(f"flags_{engine}.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    return FlagTable(
        engine=engine,
        title=told["title"],
        version=told["version"],
        source=f"{told['source']}, {told['as_of']}",
        programs={
            name: Program(
                words=tuple(program["command"]),
                package=program["package"],
                version=program["version"],
                image=program["image"],
                images=program.get("images", {}),
                flags={
                    flag: Flag(
                        flag,
                        row["type"],
                        tuple(row.get("choices", ())),
                        row["in"],
                        row.get("choices_in", row["in"]),
                    )
                    for flag, row in program["flags"].items()
                },
                environment=program.get("environment", {}),
                options={
                    key: Option(key, row["type"], tuple(row.get("choices", ())), row["in"])
                    for key, row in program.get("options", {}).items()
                },
            )
            for name, program in told["programs"].items()
        },
    )
