"""Which files a question reads besides its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.instance.files_named import files_named

TEXT = """
catalog = ["mine.toml"]
[[workloads]]
name = "chat"
points = "p.csv"
[[workloads]]
name = "code"
histogram = "deep/sizes.csv"
models = [{ model = { config = "m/config.json" } }, { model = "Llama-3.1-8B" }]
"""


@pytest.fixture
def question(tmp_path: Path) -> Path:
    path = tmp_path / "q.toml"
    path.write_text(TEXT)
    return path


def test_tables_catalogs_and_configurations_are_found(question: Path) -> None:
    names = ["mine.toml", "p.csv", "deep/sizes.csv", "m/config.json"]
    assert files_named(question) == {name: question.parent / name for name in names}


def test_settings_count(question: Path) -> None:
    found = files_named(question, {"workloads.chat.points": "other.csv", "catalog": []})
    assert set(found) == {"other.csv", "deep/sizes.csv", "m/config.json"}


def test_a_fleet_in_columns_names_none(tmp_path: Path) -> None:
    assert files_named(tmp_path / "q.json") == {}


def test_the_network_and_the_tables_of_a_placement_are_found(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(
        'measured = { rates = "r.csv", layer_times = "t.csv" }\n'
        'topology = { file = "c.graphml", links_file = "l.csv" }\n'
    )
    assert set(files_named(path)) == {"r.csv", "t.csv", "c.graphml", "l.csv"}
