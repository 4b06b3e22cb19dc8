from __future__ import annotations

from pathlib import Path

import pytest

from solver.catalog.model_errors import (
    MeasuredError,
    parse_model_errors,
    read_model_errors,
    shipped_model_errors,
)
from solver.errors import CatalogError

HEAD = 'schema = 1\nsource = "made-up points"\nas_of = "2026-11-21"\n'
GROUP = """
[[groups]]
model = "calibrated"
family = "dense"
accelerator = "H100 SXM"
weight_format = "any"
mode = "any"
rows = 412
tpot = {median = 0.09, p95 = 0.31, bias = -0.02}
ttft = {median = 0.25, p95 = 0.9}
"""


def test_a_group_is_read_with_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "errors.toml"
    file.write_text(HEAD + GROUP, encoding="utf-8")
    errors = read_model_errors(file)
    assert (errors.source, errors.as_of) == ("made-up points", "2026-11-21")
    (group,) = errors.groups
    assert group.key == ("calibrated", "dense", "H100 SXM", "any", "any")
    assert group.rows == 412
    assert group.tpot == MeasuredError(0.09, 0.31, -0.02)
    assert group.ttft == MeasuredError(0.25, 0.9)


def test_a_group_without_first_tokens_has_none() -> None:
    text = GROUP.replace("ttft = {median = 0.25, p95 = 0.9}\n", "")
    (group,) = parse_model_errors(HEAD + text, where="f").groups
    assert group.ttft is None


def test_the_shipped_file_is_well_formed() -> None:
    errors = shipped_model_errors()
    assert all(group.rows > 0 for group in errors.groups)
    assert bool(errors.source) == bool(errors.groups)


def test_an_empty_list_needs_no_source() -> None:
    text = 'schema = 1\nsource = ""\nas_of = ""\ngroups = []\n'
    assert parse_model_errors(text, where="f").groups == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = ", "f: not TOML"),
        (HEAD, "f: groups: Field required"),
        (HEAD + GROUP + GROUP, r"f: groups\.1: .*stands twice"),
        (HEAD.replace("made-up points", "") + GROUP, "f: source: groups without a source"),
        (HEAD.replace("2026-11-21", "lately") + GROUP, "f: as_of: 'lately' is not a date"),
        (HEAD + GROUP.replace("0.31", "0.01"), r"f: groups\.0\.tpot: 95th percentile 0.01 below"),
        (HEAD + GROUP.replace("= 412", "= 0"), r"f: groups\.0\.rows"),
        (HEAD + GROUP.replace("median = 0.09", "median = -1"), r"f: groups\.0\.tpot\.median"),
        (HEAD + GROUP.replace("median = 0.09", "median = nan"), r"f: groups\.0\.tpot\.median"),
        (HEAD + GROUP.replace('"dense"', '"sparse"'), r"f: groups\.0\.family"),
        (HEAD + GROUP + 'remark = "x"\n', r"f: groups\.0\.remark"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        parse_model_errors(text, where="f")


def test_every_fault_of_a_file_is_told() -> None:
    text = HEAD.replace("made-up points", "") + GROUP.replace("0.31", "0.01")
    with pytest.raises(CatalogError) as caught:
        parse_model_errors(text, where="f")
    assert len(caught.value.faults) == 2


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        read_model_errors(tmp_path / "none.toml")
