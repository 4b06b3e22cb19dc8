from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance
from solver.instance.placement.reader import placement_instance_from_raw
from tests.solver.instance.placement.questions import SAMPLES, changed

TODAY = datetime.date(2026, 11, 1)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., PlacementInstance]:
    """A question with dotted keys changed; ``files`` are written over the samples beside it."""

    def build(
        base: dict[str, Any],
        changes: dict[str, Any] | None = None,
        files: dict[str, str] | None = None,
    ) -> PlacementInstance:
        shutil.copytree(SAMPLES, tmp_path, dirs_exist_ok=True)
        for name, text in (files or {}).items():
            (tmp_path / name).write_text(text)
        return placement_instance_from_raw(
            changed(base, changes or {}), where="bad.toml", folder=tmp_path, today=TODAY
        )

    return build


@pytest.fixture
def faults_of(read: Callable[..., PlacementInstance], tmp_path: Path) -> Callable[..., list[str]]:
    """Faults of such a question, without the folder of its files."""

    def build(*arguments: Any) -> list[str]:
        with pytest.raises(InstanceError) as caught:
            read(*arguments)
        return [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults]

    return build
