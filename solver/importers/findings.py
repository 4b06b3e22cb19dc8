"""What an importer found in a file: parts of an instance, where each came from, what is missing.

An importer never guesses. What the file does not say and no answer gave is ``Missing``: the draft
says so in the file and on the terminal, and names the flag that would give it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["Answers", "Figure", "Findings", "Missing", "Value"]

Value = str | int | bool | list[str] | list[int]
"""What a key of an instance may hold; decimals and fractions are texts, so they stay exact."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One value and where it came from.

    Parameters
    ----------
    source
        For people: file and place in it, or the flag (``nodes.json: items[0].status.capacity``);
        empty for what needs no source, such as a name.
    """

    value: Value
    source: str = ""


Tables = Mapping[str, "Figure | Tables | list[Tables]"]
"""Tables of an instance as TOML nests them; entries of a list of tables carry a ``name``."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that the file does not say and that the question needs.

    Parameters
    ----------
    key
        Dotted, as ``--set`` names it: ``machines.h100.contracts.0.usd_per_hour``.
    question
        What to ask a person, ending in a question mark.
    flag
        The option of ``fleetfront import`` that answers it: ``--usd-per-hour``.
    example
        A value that would be accepted.
    """

    key: str
    question: str
    flag: str
    example: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user gave on the command line beside the file; ``None`` is not given.

    Numbers are texts, as typed, so that decimals stay exact. Readers use those that concern them.
    """

    name: str | None = None
    """Of the instance, short."""
    question: Literal["replica", "fleet"] | None = None
    accelerator: str | None = None
    model: str | None = None
    context_tokens: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None
    requests_per_s: str | None = None
    min_speed_tok_per_s: str | None = None
    max_ttft_s: str | None = None
    usd_per_hour: str | None = None
    """A price of the only machine, a tier of the catalog, or ``machine=price`` with commas."""
    price_source: str | None = None
    devices: str | None = None
    """Of one measured replica."""
    stock_devices: str | None = None
    """Of all hosts like the one that was read."""
    phase: str | None = None
    machine: str | None = None
    workload: str | None = None
    as_of: str | None = None
    layout: str | None = None
    """Name of the design that a benchmark ran on: ``TP2 FP8`` (``--layout``)."""
    max_failed_share: str | None = None
    """Of the requests of a benchmark, that may have failed; 0.01 if left out."""
    existing_tables: Mapping[str, Any] | None = None
    """With ``--add``: the instance that is there, as plain values; readers take names from it."""
    existing_folder: Path | None = None
    """Where that instance lies; files that it names are beside it."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Parts of a question from one file.

    Parameters
    ----------
    question
        The kind of question that the parts belong to.
    tables
        What goes into the instance.
    missing
        What is still needed, in the order in which to ask.
    notes
        What a person should know: rows left out and why, figures that were converted.
    files
        Further files to write beside the instance (a table of measured points), by plain name.
    answered
        Keys, as ``Missing`` names them, of what stands in one of ``files`` by now; lines that ask
        for them are no longer due.
    """

    question: Literal["replica", "fleet"]
    tables: Tables
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    answered: tuple[str, ...] = ()
