"""Files that a placement file names: where they are, their bytes for the digest, their faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from solver.errors import Fault, FleetError
from solver.instance.fleet.csv_table import CsvTable, read_csv_table
from solver.instance.fleet.fault_limit import listed
from solver.instance.lookup import Lookup
from solver.topology.text_files import read_text

__all__ = ["FilesRead"]


class FilesRead:
    """Files beside one instance file; what is wrong with one goes to ``lookup`` under its key.

    Parameters
    ----------
    lookup
        Of the instance file; names are relative to its folder.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._data: dict[str, bytes] = {}
        self._faulty: set[str] = set()

    @property
    def contents(self) -> tuple[bytes, ...]:
        """Bytes of every file that was read, in the order of their names."""
        return tuple(self._data[name] for name in sorted(self._data))

    def path(self, name: str) -> Path:
        """Where the file ``name`` is."""
        return self._lookup.folder / name

    def failed(self, key: str, faults: Iterable[Fault]) -> None:
        """Carry the faults of a file over, each with its place in the file."""
        found = [
            Fault(f"{self._lookup.where}: {key}: {fault.where}", fault.what, fault.mend)
            for fault in faults
        ]
        self._lookup.faults.extend(listed(found, f"{self._lookup.where}: {key}"))
        if found:
            self._faulty.add(key)

    def is_faulty(self, key: str) -> bool:
        """Whether something is wrong with the file that ``key`` names, or with naming it."""
        return key in self._faulty or self._lookup.has_fault(key)

    def text(self, key: str, name: str) -> str | None:
        """The text of the file ``name``, or ``None`` and faults."""
        try:
            text = read_text(self.path(name))
        except FleetError as error:
            self.failed(key, error.faults)
            return None
        self._data[name] = text.encode()
        return text

    def table(
        self,
        key: str,
        name: str,
        *,
        needed: tuple[str, ...],
        optional: tuple[str, ...] = (),
        synonyms: Mapping[str, str] | None = None,
    ) -> CsvTable | None:
        """The table in the file ``name``, or ``None`` and faults; an unknown column is a fault."""
        table, faults = read_csv_table(
            self.path(name), needed=needed, optional=optional, synonyms=synonyms
        )
        if table is None:
            self.failed(key, faults)
            return None
        self._data[name] = table.data
        known = ", ".join((*needed, *optional))
        faults += [
            Fault(
                f"{table.where}: {column or '(no name)'}",
                "is not a known column",
                f"Remove it; known: {known}",
            )
            for column in table.ignored
        ]
        self.failed(key, faults)
        # A row that was passed over must not look like one that is missing.
        return None if faults else table
