"""From what was found to the text of an instance: a new one, or the one there with more in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from solver.errors import InstanceError
from solver.importers.findings import Findings, Missing
from solver.importers.merging import Merged, merge
from solver.importers.missing_lines import is_answered
from solver.importers.titles import title_of
from solver.importers.toml_edits import missing_in, parse_tables, titled, write_into
from solver.importers.visible import visible

__all__ = ["Draft", "draft", "plain_name"]

_IMPORTED = "imported"
_WINDOWS_DEVICES = frozenset(
    {
        "con",
        "prn",
        "aux",
        "nul",
        *(f"{name}{digit}" for name in ("com", "lpt") for digit in "123456789"),
    }
)
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,120}")


@dataclass(frozen=True, slots=True)
class Draft:
    """An instance as it will be written.

    Parameters
    ----------
    tables
        What the text holds, decimals exact.
    missing
        All that is still needed, what earlier imports left open included, in the order to ask.
    files
        Further files by plain name, to be written beside it.
    """

    text: str
    tables: Mapping[str, Any]
    missing: tuple[Missing, ...]
    notes: tuple[str, ...]
    files: Mapping[str, bytes]


def draft(findings: Findings, *, existing: str | None, name: str, where: str) -> Draft:
    """Put findings into a new instance, or into the text of the one that is there.

    Parameters
    ----------
    existing
        Text of the instance to add to; None for a new one.
    name
        Of a new instance; made plain.
    where
        The instance's file, for the faults.

    Raises
    ------
    InstanceError
        If the text is no instance of that kind of question, with every figure that contradicts it,
        or if a further file has no plain name.
    """
    for file in findings.files:
        _check_plain(file)
    text = _new(findings, plain_name(name)) if existing is None else existing
    # Ends of lines are made one kind for the edit and given back as they were.
    windows = "\r\n" in text
    text = text.replace("\r\n", "\n")
    tables = parse_tables(text, where)
    _check_question(tables, findings, where)
    merged = merge(tables, findings.tables, where=where)
    # A title of ours follows from the tables, so that any other is a person's and stays.
    if existing is None or tables.get("title") == title_of(tables):
        merged.tables["title"] = title_of(merged.tables)
        text = titled(text, merged.tables["title"], where)
    further = (*findings.missing, *_standing(merged))
    written = write_into(text, merged, findings.missing, where=where, answered=findings.answered)
    open_before = {one.key: one for one in missing_in(written, where)}
    # What an importer asks comes first, in its order; lines of earlier imports follow.
    asked = {one.key: one for one in further if not is_answered(one, merged.tables)}
    return Draft(
        text=written.replace("\n", "\r\n") if windows else written,
        tables=merged.tables,
        missing=tuple((asked | {k: v for k, v in open_before.items() if k not in asked}).values()),
        notes=findings.notes,
        files=findings.files,
    )


def _new(findings: Findings, name: str) -> str:
    """The head of a new instance."""
    return (
        "# A question for fleetfront, drafted from files; each figure says where it came from.\n"
        "# The line below 'missing:' is to be filled in, or given to 'fleetfront import --add'.\n"
        f'schema = 1\nkind = "{findings.question}"\nname = "{name}"\n'
    )


def _check_question(tables: Mapping[str, Any], findings: Findings, where: str) -> None:
    kind = tables.get("kind")
    if kind == findings.question:
        return
    had = f"asks a {visible(kind)} question" if isinstance(kind, str) else "names no kind"
    raise InstanceError.one(
        f"{had}, and the found parts belong to a {findings.question} question",
        where=f"{where}: kind",
        mend=f"Add them to an instance with kind = '{findings.question}', or leave out --add",
    )


def _standing(merged: Merged) -> tuple[Missing, ...]:
    """What a fleet needs whatever was imported: something to serve, and something to serve it."""
    if merged.tables.get("kind") != "fleet":
        return ()
    found = []
    if not merged.tables.get("machines"):
        found.append(
            Missing(
                "machines",
                "On which machines may it run?",
                "import kubectl, nvidia-smi or prices with --add",
                "nodes.json",
            )
        )
    if not merged.tables.get("workloads"):
        found.append(
            Missing(
                "workloads",
                "Which model is served, and to how many requests?",
                "import model with --add",
                "config.json",
            )
        )
    return tuple(found)


def plain_name(text: str) -> str:
    """A name that instances and file systems take, made from any text."""
    kept = re.sub(r"[^A-Za-z0-9_.+-]+", "-", text).strip("-.+")[:80].strip("-.+")
    return kept or _IMPORTED


def _check_plain(file: str) -> None:
    """Refuse a further file whose name is more than a name: no importer may choose a folder."""
    stem = file.partition(".")[0].lower()
    plain = _FILE_NAME.fullmatch(file) and PurePath(file).name == file
    if not plain or stem in _WINDOWS_DEVICES or ".." in file:
        raise InstanceError.one(
            f"{visible(file)} is no plain file name",
            where="fleetfront import",
            mend="Give a plain name with --name",
        )
