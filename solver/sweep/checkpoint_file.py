"""One file that one run holds: locked, written durably, replaced whole.

The lock is advisory (``flock``) and ends with the process that holds it, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import ModuleType

from solver.errors import OutputError

__all__ = ["LockedFile"]


class LockedFile:
    """A file open for reading and writing; begun empty where there was none.

    Raises
    ------
    OutputError
        From the constructor and every method: if another run holds the file, or it cannot be
        opened, read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1
        with self._told("be opened"):
            # A link stays a link when the file it leads to is replaced.
            self.path = path.resolve()
            self._descriptor = self._locked()

    def read(self) -> bytes:
        """All of it."""
        with self._told("be read"):
            data = bytearray()
            while piece := os.pread(self._descriptor, 2**20, len(data)):
                data += piece
            return bytes(data)

    def write(self, data: bytes, *, at: int) -> None:
        """Write ``data`` at byte ``at`` as the new end; on return it is on the disk.

        After an error the bytes before ``at`` are as they were.
        """
        with self._told("be written"):
            self._check_in_place(at)
            # Bytes beyond were never acknowledged: a write that failed half way.
            os.ftruncate(self._descriptor, at)
            _write(self._descriptor, data, at)
            os.fsync(self._descriptor)
            if at == 0:
                _sync_folder(self.path)

    def replace(self, data: bytes) -> Path:
        """Replace the content whole; returns where the file as it was is kept."""
        with self._told("be replaced"), contextlib.ExitStack() as undo:
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
            undo.callback(os.close, descriptor)
            undo.callback(Path(name).unlink)
            _lock(descriptor, self.path)
            os.fchmod(descriptor, stat.S_IMODE(os.fstat(self._descriptor).st_mode))
            _write(descriptor, data, 0)
            os.fsync(descriptor)
            kept = self._kept_beside()
            Path(name).replace(self.path)
            undo.pop_all()
            os.close(self._descriptor)
            self._descriptor = descriptor
            _sync_folder(self.path)
        return kept

    def close(self) -> None:
        """Give the file up; closing twice does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, RuntimeError) as error:
            # ValueError: a NUL in the name; RuntimeError: a loop of links.
            raise OutputError.one(
                f"cannot {what} ({getattr(error, 'strerror', None) or error})",
                where=f"--checkpoint {self.path}",
                mend="Name another file, or see to its folder, permissions and free space",
            ) from error

    def _locked(self) -> int:
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError("it is no regular file")
                _lock(descriptor, self.path)
                if self._is(descriptor):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            # The run that held it replaced the file in the meantime.
            os.close(descriptor)

    def _is(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False

    def _check_in_place(self, at: int) -> None:
        if not self._is(self._descriptor):
            raise OSError("it was moved or removed while in use")
        if os.fstat(self._descriptor).st_size < at:
            raise OSError("it was cut short by someone else while in use")

    def _kept_beside(self) -> Path:
        data = self.read()
        for n in count(1):
            kept = self.path.with_name(f"{self.path.name}.damaged{n if n > 1 else ''}")
            with contextlib.suppress(FileExistsError), kept.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                return kept
        raise AssertionError("unreachable")


def _posix_locks(path: Path) -> ModuleType:
    try:
        import fcntl
    except ImportError as error:
        raise OutputError.one(
            "needs the file locks of a POSIX system",
            where=f"--checkpoint {path}",
            mend="Leave the option out here",
        ) from error
    return fcntl


def _lock(descriptor: int, path: Path) -> None:
    locks = _posix_locks(path)
    try:
        locks.flock(descriptor, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError.one(
            "is in use by another run",
            where=f"--checkpoint {path}",
            mend="Wait for that run to end, or name another file",
        ) from error


def _write(descriptor: int, data: bytes, at: int) -> None:
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, at)
        left, at = left[written:], at + written


def _sync_folder(path: Path) -> None:
    """Make the name of a new file durable as well."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
