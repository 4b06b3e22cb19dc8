from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.errors import FleetError, InstanceError
from solver.explore.changed_toml import changed_text, tables_in
from solver.explore.controls import Control, controls_of, settings_of
from solver.explore.kinds import resolved_of
from solver.instance.reading import read_any_instance
from tests.solver.explore.asked import FLEET, INSTANCES, README

FILES = [
    README,
    FLEET,
    *(
        INSTANCES / f"{name}.toml"
        for name in (
            "replica/qwen2.5-72b-from-config",
            "replica/qwen3-235b-fp8-h100-or-h200",
            "replica/quality-speed-cost-h100",
            "replica/llama-3.1-8b-energy-a100",
            "fleet/procurement",
            "fleet/deepseek-disaggregated",
            "fleet/melange-request-sizes",
            "fleet/owned-against-rented",
            "placement/two-mixed-racks",
            "placement/helix-quality10_l30b-latency",
            "placement/slurm-cluster",
        )
    ),
]
NUMBERS = st.decimals(min_value=0, max_value=10**6, places=4).map(str) | st.integers(0, 10**6).map(
    str
)


def controls_at(path: Path) -> tuple[Control, ...]:
    return controls_of(tables_in(path, path.read_bytes()), read_any_instance(path))


CONTROLS = {path: controls_at(path) for path in FILES}


def told(path: Path, laid: dict[str, Any] | None = None) -> Any:
    """The question, or what the reader says against it; folders are left out of both."""
    try:
        found = json.dumps(resolved_of(read_any_instance(path, settings=laid)))
    except FleetError as error:
        found = str(error).replace(str(path), "FILE")
    return re.sub(r"(/[^/\"' :]+)+/", "", found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_question_without_changes_reads_the_same_elsewhere(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_text(changed_text(path, path.read_bytes(), {}))
    assert told(copy) == told(path)


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_text_says_what_settings_laid_over_say(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = data.draw(st.sampled_from(FILES))
    picked = data.draw(st.lists(st.sampled_from(CONTROLS[path]), max_size=3, unique=True))
    changes = {
        control.key: data.draw(
            st.sampled_from(("", *control.choices)) if control.choices else NUMBERS | st.just("")
        )
        for control in picked
    }
    laid = settings_of(CONTROLS[path], changes)
    copy = tmp_path_factory.mktemp("changed") / "copy.toml"
    copy.write_text(changed_text(path, path.read_bytes(), laid))
    assert told(copy) == told(path, laid)


def test_comments_are_kept() -> None:
    text = changed_text(README, README.read_bytes(), {"workload.context_tokens": 8192})
    assert "hbm_reserve_fraction = 0.1        # an engine keeps some HBM for itself" in text


def test_a_fraction_is_written_as_text() -> None:
    laid = settings_of(CONTROLS[README], {"price.usd_per_hour": "113/75"})
    text = changed_text(README, README.read_bytes(), laid)
    assert tomllib.loads(text)["price"]["usd_per_hour"] == "113/75"


def test_a_comment_says_where_files_were_named_from() -> None:
    path = INSTANCES / "replica" / "qwen2.5-72b-from-config.toml"
    first = changed_text(path, path.read_bytes(), {}).splitlines()[0]
    assert first.endswith("Files it names are written from the root.")


def test_the_name_of_a_file_does_not_leave_its_comment(tmp_path: Path) -> None:
    path = tmp_path / 'x\nkind = "fleet".toml'
    path.write_bytes(README.read_bytes())
    text = changed_text(path, path.read_bytes(), {})
    assert tomllib.loads(text) == tomllib.loads(README.read_text())


def test_columns_are_written_as_json(columns_file: Path) -> None:
    copy = columns_file.with_name("copy.json")
    laid = {"types.0.price_cents_per_h": 120}
    copy.write_text(changed_text(columns_file, columns_file.read_bytes(), laid))
    assert resolved_of(read_any_instance(copy)) == resolved_of(
        read_any_instance(columns_file, settings=laid)
    )


@pytest.mark.parametrize("text", ["[" * 5000, "a = " + "[" * 5000, "= 1", "\xff"])
def test_what_is_no_toml_is_refused(text: str) -> None:
    with pytest.raises(InstanceError, match="cannot be read"):
        tables_in(Path("odd.toml"), text.encode("latin-1"))
