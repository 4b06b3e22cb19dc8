"""Results of committed questions, solved once for all tests of deployments."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from solver.cli import main

INSTANCES = Path(__file__).resolve().parents[3] / "instances"

Solved = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    """The result of an instance by its path under ``instances``, as a copy to change."""
    folder = tmp_path_factory.mktemp("results")

    @cache
    def text_of(name: str) -> str:
        out = folder / f"{name.replace('/', '-')}.json"
        assert main(["solve", str(INSTANCES / f"{name}.toml"), "--out", str(out), "--quiet"]) == 0
        return out.read_text(encoding="utf-8")

    def read(name: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(text_of(name))
        return copy.deepcopy(document)

    return read
