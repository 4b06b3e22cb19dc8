"""Files that a fleet file names: where they are, their bytes for the digest, what was not read."""

from __future__ import annotations

from pathlib import Path

from solver.instance.fleet.csv_table import CsvTable

__all__ = ["Attachments"]


class Attachments:
    """Tables beside one instance file.

    Parameters
    ----------
    folder
        Of the instance file; names are relative to it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data: dict[str, bytes] = {}
        self.warnings: list[str] = []

    def path(self, name: str) -> Path:
        """Where the file ``name`` is."""
        return self._folder / name

    def note(self, name: str, table: CsvTable) -> None:
        """Remember that ``table`` was read; columns nobody reads become a warning."""
        if name in self._data:
            return
        self._data[name] = table.data
        if table.ignored:
            columns = ", ".join(column or "(no name)" for column in table.ignored)
            self.warnings.append(f"{name}: columns that are not read: {columns}")

    @property
    def contents(self) -> tuple[bytes, ...]:
        """Bytes of every file that was read, in the order of their names."""
        return tuple(self._data[name] for name in sorted(self._data))
