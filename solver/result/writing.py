"""Outputs that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from solver.errors import Fault, OutputError

__all__ = ["check_writable", "write_whole"]


def _is_special(path: Path) -> bool:
    """Whether ``path`` is a device, a pipe or the like, which is written to and never replaced."""
    return path.exists() and not path.is_file()


def _fault(option: str, path: Path) -> Fault | None:
    where = f"{option} {path}"
    folder = path.parent
    try:
        if path.is_dir():
            return Fault(where, "is a directory", "Name a file inside it")
        if _is_special(path):
            return None
        folder = path.resolve().parent
        if not folder.is_dir():
            file = next((parent for parent in (folder, *folder.parents) if parent.is_file()), None)
            if file is not None:
                return Fault(where, f"{file} is a file, not a folder", "Name a folder in its place")
            return Fault(where, f"the folder {folder} does not exist", "Create it first")
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{path.name}."):
            pass
    except (OSError, ValueError) as error:
        return Fault(
            where,
            f"cannot be written in {folder} ({getattr(error, 'strerror', None) or error})",
            "Choose another name or folder, or change its permissions",
        )
    return None


def check_writable(outputs: Mapping[str, Path | None]) -> None:
    """Refuse outputs that could not be written, before any work is done.

    Parameters
    ----------
    outputs
        Option of the command line to the path it names; ``None`` was not asked for.

    Raises
    ------
    OutputError
        With a fault for every such path, and for a path named twice.
    """
    faults: list[Fault] = []
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        fault = _fault(option, path)
        if fault is not None:
            faults.append(fault)
        key = path.resolve()
        if key in seen:
            faults.append(
                Fault(f"{option} {path}", f"is also the file of {seen[key]}", "Name two files")
            )
        seen[key] = option
    if faults:
        raise OutputError.all_of(faults)


def write_whole(contents: Mapping[Path, bytes]) -> None:
    """Write every file beside its place first, then move all into place.

    A link is followed; a device or pipe is written to, after the files are in place.

    Raises
    ------
    OutputError
        If one cannot be written; then none of the files is touched.
    """
    waiting: dict[Path, Path] = {}
    path = Path()
    try:
        for path, data in contents.items():
            if _is_special(path):
                continue
            target = path.resolve()
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            waiting[target] = Path(name)
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            # mkstemp keeps the file to its owner; give it what a plain new file would have.
            mask = os.umask(0)
            os.umask(mask)
            waiting[target].chmod(0o666 & ~mask)
        for path, temporary in list(waiting.items()):
            temporary.replace(path)
            del waiting[path]
        for path, data in contents.items():
            if _is_special(path):
                with path.open("wb") as stream:
                    stream.write(data)
    except OSError as error:
        raise OutputError.one(
            f"cannot be written ({error.strerror})",
            where=str(path),
            mend="Choose another folder, or free some space",
        ) from error
    finally:
        for temporary in waiting.values():
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
