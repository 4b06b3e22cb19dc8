from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.solver.explore.asked import COLUMNS


@pytest.fixture
def columns_file(tmp_path: Path) -> Path:
    """A fleet in columns with two workloads."""
    path = tmp_path / "columns.json"
    path.write_text(json.dumps(COLUMNS))
    return path
