"""Questions on the terminal for what a file does not say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.prompt import Prompt
from rich.text import Text

from solver.errors import InstanceError
from solver.importers.answering import FLAGS, check_answers
from solver.importers.devices import KnownDevices
from solver.importers.findings import Answers, Figure, Missing, Tables
from solver.importers.merging import Place, identity
from solver.importers.missing_lines import is_line, place_of
from solver.importers.prices.given import price_keys
from solver.importers.visible import visible

__all__ = ["ask", "ask_options", "tables_of_answer"]

_LISTS = ("accelerators", "machines", "models", "periods", "prices", "racks", "workloads")
_ASKED = "answered when asked"


def ask_options(
    missing: Sequence[Missing], tables: Mapping[str, Any], answers: Answers, console: Console
) -> Answers:
    """Ask for what no line of the instance can hold, as answers for the reader of the file.

    Parameters
    ----------
    console
        Where the questions go: standard error, for the instance may go to standard output.
    """
    for one in missing:
        field = next((name for name, flag in FLAGS.items() if flag == one.flag), None)
        if field is None or _has_place(one, tables) or getattr(answers, field) is not None:
            continue
        while answer := _answer(one, console):
            filled: dict[str, Any] = {field: answer}
            given = replace(answers, **filled)
            try:
                check_answers(given)
            except InstanceError as error:
                console.print(str(error), markup=False)
                continue
            answers = given
            break
    return answers


def ask(missing: Sequence[Missing], tables: Mapping[str, Any], console: Console) -> list[Tables]:
    """Ask for everything that has a place in the instance; an empty answer leaves it open.

    Returns
    -------
    list
        For each answer the tables that hold it.
    """
    found: list[Tables] = []
    for one in missing:
        while _has_place(one, tables) and (answer := _answer(one, console)):
            try:
                found.append(tables_of_answer(one, answer, tables))
            except InstanceError as error:
                console.print(str(error), markup=False)
                continue
            break
    return found


def _answer(missing: Missing, console: Console) -> str:
    """What the person at the terminal says; empty where nobody answers."""
    question = Text(f"{visible(missing.question, 300)} (such as {visible(missing.example)})")
    try:
        answer: str = Prompt.ask(question, console=console, default="", show_default=False)
    except EOFError:
        # Nobody is there to answer; what is open stays open.
        return ""
    return answer.strip()


def tables_of_answer(missing: Missing, answer: str, tables: Mapping[str, Any]) -> Tables:
    """Tables that hold one answer at the place of what was missing.

    Whole numbers become such; decimals stay text, so that they are exact. Where a price is asked
    for, a tier of the catalog is an answer as well.

    Raises
    ------
    InstanceError
        If the answer is none that the option of the same meaning would take.
    ValueError
        If the table that the key belongs into is not there.
    """
    place = place_of(missing, tables)
    if place.table is not None:
        node: Any = tables
        for part in place.table:
            node = node[part]
        return _nested(place.table, _keys(missing, place.key, answer, node, tables), tables)
    if not _has_place(missing, tables):
        raise ValueError(f"no table for {missing.key}")
    table, _, key = missing.key.partition(".")
    return {table: dict(_keys(missing, key, answer, tables.get("design", {}), tables))}


def _keys(
    missing: Missing, key: str, answer: str, beside: Any, tables: Mapping[str, Any]
) -> Mapping[str, Figure]:
    """The key that holds an answer; ``beside`` is the table that names the accelerator."""
    if key == "usd_per_hour":
        accelerator = beside.get("accelerator") if isinstance(beside, dict) else None
        known = KnownDevices(tables)
        name = accelerator if isinstance(accelerator, str) else None
        found, fault = price_keys(answer, name, known, missing.key, _ASKED)
        if fault is not None:
            raise InstanceError.all_of([fault])
        return found
    flag = missing.flag.partition(" ")[0]
    field = next((name for name, known_flag in FLAGS.items() if known_flag == flag), None)
    if field is not None:
        given: dict[str, Any] = {field: answer}
        check_answers(Answers(**given))
    value = int(answer) if re.fullmatch(r"[0-9]{1,18}", answer) else answer
    return {key: Figure(value, _ASKED)}


def _has_place(missing: Missing, tables: Mapping[str, Any]) -> bool:
    """Whether the table of a missing key is there, or may be begun: it is no entry of a list."""
    if not is_line(missing):
        return False
    if place_of(missing, tables).table is not None:
        return "." in missing.key
    first, *rest = missing.key.split(".")
    return first not in tables and first not in _LISTS and len(rest) == 1


def _nested(place: Place, inner: Tables, tables: Any) -> Tables:
    """``inner`` within tables that lead to ``place``, entries by what tells them apart."""
    if not place:
        return inner
    key, *rest = place
    node = tables[key]
    if rest and isinstance(rest[0], int):
        position, *further = rest
        entry = node[position]
        known = identity(entry)
        named = {("name" if entry.get("name") == known else "kind"): Figure(known)}
        return {str(key): [{**named, **_nested(tuple(further), inner, entry)}]}
    return {str(key): _nested(tuple(rest), inner, node)}
