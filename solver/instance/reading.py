"""Any question from a file: what it is, is told by its name and its ``kind``.

The reader of a kind is loaded with the first question of that kind: its records take a while.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance
from solver.instance.loading import load_tables
from solver.instance.placement.domain import PlacementInstance
from solver.instance.reader import kind_of, read_replica_instance

__all__ = ["Question", "read_any_instance"]

Question = ReplicaInstance | FleetInstance | ColumnFleet | PlacementInstance


def read_any_instance(
    path: Path,
    *,
    settings: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> Question:
    """Read a question, with ``settings`` (dotted key to value) laid over it.

    A ``.json`` file is a fleet in columns; any other is TOML and says its ``kind``. ``today`` is
    what the age of prices is counted to; the clock's date if left out.

    Raises
    ------
    InstanceError
        With every fault of the file.
    """
    if path.suffix.lower() == ".json":
        from solver.instance.fleet.columns_reader import read_column_fleet

        return read_column_fleet(path, settings=settings)
    raw, _ = load_tables(path)
    kind = (settings or {}).get("kind", raw.get("kind"))
    asked = kind_of({"kind": kind}, str(path))
    if asked == "fleet":
        from solver.instance.fleet.reader import read_fleet_instance

        return read_fleet_instance(path, settings=settings, today=today)
    if asked == "placement":
        from solver.instance.placement.reader import read_placement_instance

        return read_placement_instance(path, settings=settings, today=today)
    return read_replica_instance(path, settings=settings, today=today)
