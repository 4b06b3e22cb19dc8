"""Where an import goes: a new instance, the one that is there, or standard output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from solver.errors import InstanceError, OutputError
from solver.importers.drafting import Draft, draft
from solver.importers.findings import Answers, Findings
from solver.importers.safe_reading import read_text
from solver.importers.toml_edits import parse_tables
from solver.importers.visible import visible
from solver.result.writing import check_writable, write_whole

__all__ = ["Target"]

_MAX_INSTANCE_BYTES = 1_000_000
_MEASURED = ("vllm", "sglang", "aiperf", "points")
"""Kinds of file that speak of one workload on one machine."""


@dataclass(frozen=True, slots=True)
class Target:
    """The instance that an import writes.

    Parameters
    ----------
    out
        Its path; None is standard output.
    existing
        Text of the instance that is added to; None for a new one.
    """

    out: Path | None
    existing: str | None
    tables: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def opened(cls, out: Path | None, *, add: bool) -> Target:
        """Look at what is there.

        Raises
        ------
        OutputError
            If a new instance would take the place of a file, or cannot be written.
        InstanceError
            If there is nothing to add to, or it cannot be read.
        """
        if add and out is None:
            raise InstanceError.one(
                "names no instance to add to",
                where="--add",
                mend="Add it, for example: fleetfront import kubectl nodes.json --add -o plan.toml",
            )
        if out is None:
            return cls(None, None)
        if not add and out.is_file():
            raise OutputError.one(
                "the file is there already, and what it holds would be lost",
                where=f"--out {visible(str(out), 200)}",
                mend="Say --add to add to it, or name a new file",
            )
        check_writable({"--out": out})
        if not add:
            return cls(out, None)
        text = read_text(out, what="the instance to add to", max_bytes=_MAX_INSTANCE_BYTES)
        return cls(out, text, parse_tables(text, str(out)))

    @property
    def where(self) -> str:
        """What to call it in faults."""
        return "standard output" if self.out is None else visible(str(self.out), 200)

    def known(self, answers: Answers, kind: str) -> tuple[Answers, tuple[str, ...]]:
        """Answers with what the instance that is there says beyond doubt, and remarks on that.

        Raises
        ------
        InstanceError
            If another kind of question is asked for than the instance asks.
        """
        if self.out is None or self.existing is None:
            return answers, ()
        asked = self.tables.get("kind")
        if asked not in ("replica", "fleet"):
            raise InstanceError.one(
                f"asks {visible(repr(asked))}, and files are imported into replicas and fleets",
                where=f"{self.where}: kind",
                mend="Name an instance with kind = 'fleet' or 'replica'",
            )
        if answers.question not in (None, asked):
            raise InstanceError.one(
                f"{answers.question} is asked for, and the instance asks a {asked} question",
                where="--question",
                mend="Leave it out, or write a new file without --add",
            )
        filled = replace(
            answers,
            question="fleet" if asked == "fleet" else "replica",
            existing_tables=self.tables,
            existing_folder=self.out.parent,
        )
        if kind not in _MEASURED:
            return filled, ()
        remarks = []
        workloads, machines = (_names(self.tables.get(key)) for key in ("workloads", "machines"))
        if filled.workload is None and len(workloads) == 1:
            filled = replace(filled, workload=workloads[0])
            remarks.append(_only("workload", workloads[0]))
        if filled.machine is None and len(machines) == 1:
            filled = replace(filled, machine=machines[0])
            remarks.append(_only("machine", machines[0]))
        return filled, tuple(remarks)

    def drafted(self, findings: Findings, name: str) -> Draft:
        """The instance with the findings in it; raises as ``draft``."""
        made = draft(findings, existing=self.existing, name=name, where=self.where)
        if made.files and self.out is None:
            raise OutputError.one(
                f"{', '.join(made.files)} has to be written beside the instance",
                where="standard output",
                mend="Name a file with --out",
            )
        return made

    def write(self, made: Draft) -> None:
        """Write the instance and what belongs beside it, all or nothing.

        Raises
        ------
        OutputError
            If something cannot be written, or a file that the instance does not name is in the way.
        """
        if self.out is None:
            raise ValueError("there is no file to write to")
        folder = self.out.parent
        contents = {folder / file: data for file, data in made.files.items()}
        named = set(_texts(self.tables))
        for path, data in contents.items():
            if path.resolve() == self.out.resolve() or (
                path.exists() and path.name not in named and not _holds(path, data)
            ):
                raise OutputError.one(
                    "is there already, and the instance does not name it",
                    where=visible(str(path), 200),
                    mend="Move it away, or write the instance into another folder",
                )
        contents[self.out] = made.text.encode()
        check_writable({visible(str(path), 200): path for path in contents})
        write_whole(contents)


def _only(what: str, name: str) -> str:
    return (
        f"The points are those of {what} '{visible(name)}', the only one there is; --{what} names "
        "another."
    )


def _names(entries: object) -> list[str]:
    if not isinstance(entries, list):
        return []
    return [str(entry["name"]) for entry in entries if isinstance(entry, dict) and "name" in entry]


def _texts(tables: Mapping[str, Any]) -> Iterator[str]:
    """Every text that an instance holds; files that it names are among them."""
    waiting: list[Any] = [tables]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _holds(path: Path, data: bytes) -> bool:
    """Whether a file holds exactly this."""
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data
