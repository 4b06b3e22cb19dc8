"""A search that survives its process: records appended durably to one file.

A batch is written and forced to the disk before the search goes on, so that whatever ends the
process leaves whole lines and at most one that was cut short. That one is dropped; any other damage
is refused, or with ``recover`` cut out while the damaged file is kept. What the lines hold is said
by a codec.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from solver.errors import ResultError
from solver.sweep.checkpoint_file import LockedFile
from solver.sweep.checkpoint_lines import BEGINNING, VERSION, DamageError, read_header

__all__ = ["Codec", "Journal"]

_OTHER_FILE = "Name another file, or give the problem that it was begun with"

RecordT = TypeVar("RecordT")


class Codec(Protocol[RecordT]):
    """Writes and reads the lines for one problem.

    Attributes
    ----------
    digest, name
        Of the problem.
    road
        How it is solved, where records depend on that; else empty.
    """

    digest: str
    name: str
    road: str

    def header(self) -> bytes:
        """The first line, line end included."""
        ...

    def write(self, record: RecordT) -> bytes:
        """One line, line end included."""
        ...

    def read(self, line: bytes) -> RecordT:
        """Read one line that is not the first, without its line end.

        Raises
        ------
        DamageError
            If it was not written for this problem, or does not hold what it should.
        """
        ...


class Journal(Generic[RecordT]):
    """A checkpoint open for one run; a context manager.

    Parameters
    ----------
    path
        Locked against other runs until ``close``; begun where there is no file.
    recover
        Drop damaged lines. The file as it was is kept beside as ``NAME.damaged``
        (``.damaged2`` and so on where that exists).

    Attributes
    ----------
    records
        What the file held when it was opened, in its order.
    notes
        What a reader should know about how it was read.

    Raises
    ------
    ResultError
        If the file is no checkpoint, belongs to another problem, or is damaged.
    OutputError
        If another run uses it, or it cannot be opened or written.
    """

    records: tuple[RecordT, ...]
    notes: tuple[str, ...]

    def __init__(self, path: Path, codec: Codec[RecordT], *, recover: bool = False) -> None:
        self._codec = codec
        self._file: LockedFile | None = LockedFile(Path(path))
        try:
            self._begin(self._file, recover=recover)
        except BaseException:
            self.close()
            raise

    def _begin(self, file: LockedFile, *, recover: bool) -> None:
        content = _read(file, self._codec)
        notes = []
        if content.cut_short:
            notes.append(f"the last line of {file.path} was cut short and is dropped")
        whole = content.header + b"".join(content.lines)
        if content.faults:
            if not recover:
                raise content.refusal(file.path)
            kept = file.replace(whole)
            notes.append(
                f"damaged lines cut out of {file.path}: {len(content.faults)}, the first is line "
                f"{next(iter(content.faults))}; the file as it was is {kept}"
            )
        elif content.is_new:
            file.write(whole, at=0)
        elif content.cut_short:
            file.write(b"", at=len(whole))
        self._length = len(whole)
        self.records = tuple(content.records)
        self.notes = tuple(notes)

    def append(self, records: Iterable[RecordT]) -> None:
        """Append a batch; on return it is on the disk.

        Raises
        ------
        OutputError
            If it cannot be written; the file keeps what it had.
        ValueError
            If the checkpoint is closed.
        """
        if self._file is None:
            raise ValueError("the checkpoint is closed")
        batch = b"".join(map(self._codec.write, records))
        if batch:
            self._file.write(batch, at=self._length)
            self._length += len(batch)

    def close(self) -> None:
        """Leave the file to others."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass
class _Content(Generic[RecordT]):
    """What is in a file: intact lines with their ends, their records, faults by line number."""

    header: bytes
    is_new: bool = False
    has_header: bool = False
    cut_short: bool = False
    lines: list[bytes] = field(default_factory=list)
    records: list[RecordT] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)

    def refusal(self, path: Path) -> ResultError:
        """The error for damage that could be cut out."""
        line, why = next(iter(self.faults.items()))
        others = f", and {len(self.faults) - 1} more are damaged" if len(self.faults) > 1 else ""
        intact = len(self.lines) + self.has_header
        return ResultError.one(
            f"the line is damaged ({why}){others}; {intact} lines are intact",
            where=f"--checkpoint {path}, line {line}",
            mend="Run again with --recover to keep the intact lines",
        )


def _read(file: LockedFile, codec: Codec[RecordT]) -> _Content[RecordT]:
    """Sort the lines of a file.

    Raises
    ------
    ResultError
        If no line of it is for this problem.
    """
    raw = file.read()
    content: _Content[RecordT] = _Content(header=codec.header())
    *lines, tail = raw.split(b"\n")
    content.cut_short = bool(tail)
    if not lines and (raw.startswith(BEGINNING) or BEGINNING.startswith(raw)):
        # Empty, or killed before the first line was whole: nothing is lost.
        content.is_new = True
        return content
    for number, line in enumerate(lines, start=1):
        try:
            if number == 1 and line.startswith(BEGINNING):
                _check_header(line, file.path, codec)
                content.header, content.has_header = line + b"\n", True
            else:
                content.records.append(codec.read(line))
                content.lines.append(line + b"\n")
        except DamageError as error:
            content.faults[number] = str(error)
    if not content.has_header:
        content.faults.setdefault(1, "it does not name the problem")
        if not content.lines:
            # Not even --recover may touch it: nothing shows whose it is.
            what = "is no checkpoint"
            if raw.startswith(BEGINNING):
                what = f"line 1 is damaged ({content.faults[1]}) and no other is of this problem"
            raise ResultError.one(what, where=f"--checkpoint {file.path}", mend=_OTHER_FILE)
    return content


def _check_header(line: bytes, path: Path, codec: Codec[RecordT]) -> None:
    header = read_header(line)
    if header.version != VERSION:
        raise ResultError.one(
            f"has version {header.version}, and only version {VERSION} is known",
            where=f"--checkpoint {path}",
            mend="Use the fleetfront that wrote it, or name another file",
        )
    if header.digest != codec.digest:
        raise ResultError.one(
            f"belongs to another problem, {header.name!r} ({header.digest[:12]}), and not to "
            f"{codec.name!r} ({codec.digest[:12]})",
            where=f"--checkpoint {path}",
            mend=_OTHER_FILE,
        )
    if header.road != codec.road:
        raise ResultError.one(
            f"was begun with {header.road}, and this run has {codec.road}",
            where=f"--checkpoint {path}",
            mend="Give the options that it was begun with, or name another file",
        )
