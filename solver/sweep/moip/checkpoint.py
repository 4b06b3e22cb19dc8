"""Points and claims of a search, kept in a checkpoint (see ``solver.sweep.checkpoint``)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from formulations.moip.problem import MultiObjectiveProgram
from solver.sweep.checkpoint import Journal
from solver.sweep.moip.checkpoint_lines import LineCodec, Record
from solver.sweep.moip.claims import Claim, FoundPoint

__all__ = ["Checkpoint"]


class Checkpoint:
    """A checkpoint open for one run; a context manager.

    Attributes
    ----------
    points, claims
        What the file held when it was opened, in its order.
    notes
        What a reader should know about how it was read.
    """

    points: tuple[FoundPoint, ...]
    claims: tuple[Claim, ...]
    notes: tuple[str, ...]

    def __init__(self, journal: Journal[Record]) -> None:
        self._journal = journal
        self.points = tuple(r for r in journal.records if isinstance(r, FoundPoint))
        self.claims = tuple(r for r in journal.records if isinstance(r, Claim))
        self.notes = journal.notes

    @classmethod
    def open(
        cls, path: Path, program: MultiObjectiveProgram, *, recover: bool = False
    ) -> Checkpoint:
        """Open the checkpoint of ``program``, or begin one where there is no file.

        Parameters
        ----------
        path
            Locked against other runs until ``close``.
        recover
            Drop damaged lines. The file as it was is kept beside as ``NAME.damaged``
            (``.damaged2`` and so on where that exists).

        Raises
        ------
        ResultError
            If the file is no checkpoint, belongs to another problem, or is damaged.
        OutputError
            If another run uses it, or it cannot be opened or written.
        """
        return cls(Journal(Path(path), LineCodec(program), recover=recover))

    def record(self, points: Iterable[FoundPoint], claims: Iterable[Claim]) -> None:
        """Append a batch; on return it is on the disk.

        Raises
        ------
        OutputError
            If it cannot be written; the file keeps what it had.
        ValueError
            If the checkpoint is closed.
        """
        self._journal.append([*points, *claims])

    def close(self) -> None:
        """Leave the file to others."""
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
