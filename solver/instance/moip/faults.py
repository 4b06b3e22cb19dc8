"""Everything wrong with one file, gathered before anything is raised."""

from __future__ import annotations

from pathlib import PurePath

from solver.errors import Fault, InstanceError

__all__ = ["MAX_LISTED", "FaultList", "default_name", "shown"]

MAX_LISTED = 20
"""More faults than this are counted, not listed: one slip often breaks every element of a list."""
_LONGEST = 60


def shown(value: object) -> str:
    """A value for a message, cut where it is long."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except (ValueError, RecursionError):
        # Python refuses to write integers of more than some thousand digits.
        text = f"a {type(value).__name__} too long to show"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def default_name(source: str) -> str:
    """Name of a program that states none: that of its file."""
    name = PurePath(source).name.split(".")[0]
    return name if name and name.isprintable() else "moip"


class FaultList:
    """Collects the faults of one source.

    Parameters
    ----------
    source
        Path of the file, or what stands for it in messages.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.count = 0
        self._listed: list[Fault] = []

    def add(self, place: str, what: str, mend: str) -> None:
        """Note one fault; ``place`` is a key, a line, a row or a column, or empty for the file."""
        self.count += 1
        if len(self._listed) < MAX_LISTED:
            where = f"{self.source}: {place}" if place else self.source
            self._listed.append(Fault(where=where, what=what, mend=mend))

    def error(self) -> InstanceError:
        """All of them as one error; a last line counts those not listed."""
        faults = list(self._listed)
        if self.count > len(faults):
            faults.append(
                Fault(
                    where=self.source,
                    what=f"{self.count - len(faults)} more faults are not listed",
                    mend="Mend these first",
                )
            )
        return InstanceError.all_of(faults)

    def raise_if_any(self) -> None:
        """Raise what was found, if anything was.

        Raises
        ------
        InstanceError
            With every fault.
        """
        if self.count:
            raise self.error()
