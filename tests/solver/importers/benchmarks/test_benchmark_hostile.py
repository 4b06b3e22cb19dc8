"""Files built to do harm: nothing runs, nothing leaks, and what is wrong is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.errors import FleetError, InstanceError
from solver.importers.benchmarks.cells import FORMULA_MARKS, file_word, plain_text, remark
from solver.importers.findings import Answers, Findings
from solver.importers.kinds import KINDS, reader_of
from tests.solver.importers.benchmarks.tables import rows_of

Read = Callable[..., Findings]
Faults = Callable[..., str]
Run = dict[str, Any]
MEASURED = ("vllm", "sglang", "aiperf", "points")
FORMULA = '=cmd|"/c calc"!A1'


def cells(findings: Findings) -> list[str]:
    """Every cell as a spreadsheet sees it, remarks included."""
    (data,) = findings.files.values()
    return [cell.strip(' "') for line in data.decode().splitlines() for cell in line.split(",")]


@pytest.mark.parametrize("model_id", [FORMULA, "<script>alert(1)</script>", "\x1b[2J", "../../etc"])
def test_a_model_id_never_becomes_a_cell(read: Read, vllm_run: Run, model_id: str) -> None:
    found = read("vllm", vllm_run | {"model_id": model_id})
    assert rows_of(found)[0]["model"] == ""
    assert not any(cell.startswith(FORMULA_MARKS) for cell in cells(found))
    assert list(found.files) == ["points-benchmark.csv"]


def test_a_model_id_is_shown_without_what_steers_a_terminal(read: Read, vllm_run: Run) -> None:
    found = read("vllm", vllm_run | {"model_id": "\x1b[2Jx"})
    assert not any("\x1b" in one.question for one in found.missing)


@pytest.mark.parametrize("flag", ["workload", "machine", "layout", "model"])
@pytest.mark.parametrize("text", ["=1+1", "@sum", "+1", "-1", "a\nb", "a,b", 'a"b', " a", ""])
def test_an_answer_that_would_be_a_formula_or_break_a_row_is_refused(
    faults: Faults, vllm_run: Run, flag: str, text: str
) -> None:
    run = vllm_run | {"model_id": "unknown"}
    assert f"--{flag}" in faults("vllm", run, **{flag: text})


@pytest.mark.parametrize("column", ["workload", "model", "machine", "layout", "source", "phase"])
def test_a_cell_that_would_be_a_formula_is_refused(faults: Faults, column: str) -> None:
    text = f"devices,qps,{column}\n1,2,=cmd()\n"
    assert "begins like a formula of a spreadsheet" in faults("points", text)


def test_the_name_of_a_hostile_file_is_made_plain(tmp_path: Path, vllm_run: Run) -> None:
    path = tmp_path / '=cmd(),"x";\t@a.json'
    path.write_text(json.dumps(vllm_run))
    found = reader_of(KINDS["vllm"])(path, Answers())
    (row,) = rows_of(found)
    assert row["source"].startswith("cmd()_x_a.json (vllm bench serve)"), row["source"]
    assert not any(cell.startswith(FORMULA_MARKS) for cell in cells(found))


@pytest.mark.parametrize("kind", ["vllm", "sglang"])
@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "-1", '"7.5"', "true", "[]", "{}"]
)
@pytest.mark.parametrize("key", ["duration", "request_throughput", "completed", "mean_tpot_ms"])
def test_what_is_no_number_is_refused_by_its_key(
    faults: Faults, vllm_run: Run, kind: str, key: str, value: str
) -> None:
    text = json.dumps(vllm_run | {key: "HERE"}).replace('"HERE"', value)
    assert f"{key}: is " in faults(kind, text)


@pytest.mark.parametrize("value", ["NaN", "-1", '"7.5"', "true", "1e300", "1e-300"])
def test_what_is_no_figure_of_aiperf_is_refused(
    faults: Faults, aiperf_run: Run, value: str
) -> None:
    aiperf_run["request_throughput"]["avg"] = "HERE"
    text = json.dumps(aiperf_run).replace('"HERE"', value)
    assert "request_throughput.avg: is " in faults("aiperf", text)


@pytest.mark.parametrize("kind", ["vllm", "sglang", "aiperf"])
def test_deep_nesting_and_keys_named_twice_are_refused(faults: Faults, kind: str) -> None:
    assert "nests deeper" in faults(kind, '{"completed":' + "[" * 100_000 + "]" * 100_000 + "}")
    assert "twice" in faults(kind, '{"completed": 1, "completed": 2}')


@pytest.mark.parametrize("kind", MEASURED)
def test_a_file_of_100_mb_a_folder_and_an_archive_are_refused(kind: str, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(100_000_000)
    archive = tmp_path / "a.zip"
    archive.write_bytes(b"PK\x03\x04" + bytes(100))
    for path, said in ((large, "bytes"), (tmp_path, "directory"), (archive, "zip")):
        with pytest.raises(InstanceError, match=said):
            reader_of(KINDS[kind])(path, Answers())


def test_too_many_runs_are_refused(faults: Faults) -> None:
    assert "holds 1001 runs" in faults("vllm", "{}\n" * 1001)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["vllm", "sglang", "aiperf"]),
    st.data(),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
        st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers()),
    ),
)  # fmt: skip
def test_any_value_under_any_key_is_read_or_refused(
    vllm_run: Run,
    sglang_run: Run,
    aiperf_run: Run,
    tmp_path: Path,
    kind: str,
    data: Any,
    value: Any,
) -> None:
    run = {"vllm": vllm_run, "sglang": sglang_run, "aiperf": aiperf_run}[kind]
    changed = json.loads(json.dumps(run))
    table = changed
    while True:
        key = data.draw(st.sampled_from(sorted(table)))
        if not isinstance(table[key], dict) or not table[key] or data.draw(st.booleans()):
            break
        table = table[key]
    table[key] = value
    path = tmp_path / "bench.json"
    path.write_text(json.dumps(changed), encoding="utf-8")
    try:
        found = reader_of(KINDS[kind])(path, Answers(workload="chat"))
    except FleetError:
        return
    assert not any(cell.startswith(FORMULA_MARKS) for cell in cells(found))


@given(st.text())
def test_plain_texts_hold_nothing_that_a_spreadsheet_runs(text: str) -> None:
    plain = plain_text(text)
    assert plain
    assert not plain.startswith(FORMULA_MARKS)
    assert not set(plain) & set(',;"\n\r\t=@')
    assert not set(remark(text)) & set(',;"\n\r\t')
    assert "/" not in file_word(text)
    assert "." not in file_word(text)
