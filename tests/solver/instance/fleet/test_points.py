from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from solver.instance.fleet.domain import FleetInstance, MeasuredPoint
from solver.instance.fleet.reader import fleet_instance_from_raw

Read = Callable[..., FleetInstance]
Faults = Callable[..., list[str]]

POINTS = {
    "workloads.0.points": "p.csv",
    "workloads.0.model": None,
    "design": None,
    "trade_off": ["cost", "throughput"],
    "limits.max_devices": 64,
}
SIZES: dict[str, Any] = {
    "workloads.0.input_tokens": None,
    "workloads.0.output_tokens": None,
    "workloads.0.sizes": [
        {"input_tokens": 100, "output_tokens": 50, "share": "0.25"},
        {"input_tokens": 900, "output_tokens": 10, "share": "0.75"},
    ],
}


def points_of(question: FleetInstance) -> tuple[MeasuredPoint, ...]:
    return question.workloads[0].points


def test_a_row_holds_what_its_cells_say(read: Read) -> None:
    text = (
        "workload,model,machine,layout,phase,devices,requests_per_s,tpot_s,ttft_s,watts,"
        "usd_per_hour,input_tokens,output_tokens\n"
        "chat,m,h100,tp4 b24,aggregated,4,1.25,0.02,0.5,2800,10.1,1000,200\n"
    )
    (point,) = points_of(read(POINTS, p=text))
    assert point.where == "p.csv:2"
    assert point == MeasuredPoint(
        workload="chat",
        model="m",
        machine="h100",
        layout="tp4 b24",
        phase="aggregated",
        devices=4,
        requests_per_s=Fraction(5, 4),
        tpot_s=Fraction(1, 50),
        ttft_s=Fraction(1, 2),
        watts=Fraction(2800),
        usd_per_hour=Fraction(101, 10),
        size=(1000, 200),
        where=point.where,
    )


def test_output_tokens_are_divided_by_the_mean_of_the_workload(read: Read) -> None:
    (point,) = points_of(read(POINTS | SIZES, p="devices,tok_per_s\n2,40\n"))
    mean = Fraction(1, 4) * 50 + Fraction(3, 4) * 10
    assert point.requests_per_s == 40 / mean


def test_output_tokens_of_one_class_are_divided_by_its_own(read: Read) -> None:
    text = "devices,tok_per_s,input_tokens,output_tokens\n2,40,100,50\n2,40,900,10\n"
    first, second = points_of(read(POINTS | SIZES, p=text))
    assert (first.requests_per_s, second.requests_per_s) == (Fraction(4, 5), Fraction(4))


@pytest.mark.parametrize(
    ("column", "text"), [("tpot_s", "0.04"), ("tpot_ms", "40"), ("speed_tok_per_s", "25")]
)
def test_three_ways_to_state_a_speed_agree(read: Read, column: str, text: str) -> None:
    (point,) = points_of(read(POINTS, p=f"devices,requests_per_s,{column}\n2,1,{text}\n"))
    assert point.tpot_s == Fraction(1, 25)


@pytest.mark.parametrize(("column", "text"), [("ttft_s", "0.3"), ("ttft_ms", "300")])
def test_two_ways_to_state_the_first_token_agree(read: Read, column: str, text: str) -> None:
    (point,) = points_of(read(POINTS, p=f"devices,requests_per_s,{column}\n2,1,{text}\n"))
    assert point.ttft_s == Fraction(3, 10)


def test_an_empty_cell_is_not_measured(read: Read) -> None:
    text = "devices,requests_per_s,tpot_s,ttft_s,watts,usd_per_hour,layout\n2,1,,,,,\n"
    (point,) = points_of(read(POINTS, p=text))
    assert (point.tpot_s, point.ttft_s, point.watts, point.usd_per_hour) == (None,) * 4
    assert point.layout == "2 devices"


def test_a_row_without_a_machine_runs_on_the_only_one(read: Read) -> None:
    (point,) = points_of(read(POINTS, p="devices,requests_per_s\n2,1\n"))
    assert point.machine == "h100"


def test_a_row_with_its_own_price_needs_no_machine(read: Read) -> None:
    question = read({**POINTS, "machines": []}, p="devices,requests_per_s,usd_per_hour\n2,1,5\n")
    assert question.machines == ()
    assert points_of(question)[0].machine == ""


def test_models_are_those_that_the_rows_name(read: Read) -> None:
    text = "devices,requests_per_s,model\n2,1,small\n4,1,large\n2,2,small\n"
    models = read(POINTS, p=text).workloads[0].models
    assert [(model.name, model.model) for model in models] == [("small", None), ("large", None)]


def test_a_stated_model_need_not_be_in_the_catalog_and_names_nameless_rows(read: Read) -> None:
    scored = {"model": "ours", "quality": "7.5", "source": "ours"}
    changes = {**POINTS, "workloads.0.models": [scored]}
    question = read(changes, p="devices,requests_per_s\n2,1\n")
    (model,) = question.workloads[0].models
    assert (model.name, model.model, model.quality) == ("ours", None, Fraction(15, 2))
    assert points_of(question)[0].model == "ours"


def test_rows_of_other_workloads_and_classes_are_left_to_them_and_counted(read: Read) -> None:
    question = read(POINTS, p="devices,requests_per_s,input_tokens,output_tokens\n2,1,,\n2,1,9,9\n")
    assert len(points_of(question)) == 1
    assert any("1 of 2 rows" in text and "line 3" in text for text in question.warnings)


def test_two_workloads_share_one_table(read: Read, raw: Callable[..., dict[str, Any]]) -> None:
    chat = raw({"workloads.0.points": "p.csv", "workloads.0.model": None})["workloads"][0]
    code = {**chat, "name": "code", "output_tokens": 10}
    text = "workload,devices,tok_per_s\nchat,1,20\ncode,2,20\n,4,20\n"
    question = read({**POINTS, "workloads": [chat, code]}, p=text)
    found = [[(p.devices, p.requests_per_s) for p in w.points] for w in question.workloads]
    tenth = Fraction(1, 10)
    assert found == [[(1, tenth), (4, tenth)], [(2, Fraction(2)), (4, Fraction(2))]]
    assert question.warnings == ()


def test_phases_without_a_design_space_are_those_of_the_rows(read: Read) -> None:
    text = "devices,requests_per_s,phase\n2,1,decode\n4,1,prefill\n"
    assert read(POINTS, p=text).phases == ("prefill", "decode")
    assert read(POINTS, p="devices,requests_per_s\n2,1\n").phases == ("aggregated",)


def test_columns_that_nobody_reads_are_a_warning(read: Read) -> None:
    question = read(POINTS, p="devices,requests_per_s,batch,note\n2,1,8,x\n")
    (warning,) = question.warnings
    assert warning.endswith("columns that are not read: batch, note")


def test_a_class_that_cannot_be_served_may_be_stated_as_zero(read: Read) -> None:
    text = (
        "devices,requests_per_s,input_tokens,output_tokens,layout\n"
        "2,0,100,50,a\n2,3,900,10,a\n4,5,100,50,b\n"
    )
    assert [p.requests_per_s for p in points_of(read(POINTS | SIZES, p=text))] == [0, 3, 5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("requests_per_s\n1\n", ["p.csv:1: devices", "column is missing", "Add it"]),
        ("devices\n1\n", ["p.csv: requests_per_s or tok_per_s", "missing", "one of the two"]),
        ("gpus,requests_per_s\n1,1\n", ["p.csv:1: gpus", "Rename it devices"]),
        ("devices,rps\n1,1\n", ["p.csv:1: rps", "Rename it requests_per_s"]),
        ("devices,tok_per_s,tpot\n1,1,1\n", ["p.csv:1: tpot", "Rename it tpot_s"]),
        ("devices,requests_per_s,tok_per_s\n1,1,1\n", ["requests_per_s, tok_per_s", "Keep one"]),
        ("devices,requests_per_s,tpot_s,tpot_ms\n1,1,,\n", ["tpot_s, tpot_ms", "Keep one"]),
        ("devices,requests_per_s,input_tokens\n1,1,5\n", ["p.csv: output_tokens", "both"]),
        ("devices,requests_per_s\n0,1\n", ["p.csv:2: devices ('0')", "more than 0"]),
        ("devices,requests_per_s\n1.5,1\n", ["p.csv:2: devices ('1.5')", "whole number"]),
        ("devices,requests_per_s\n,1\n", ["p.csv:2: devices ('')", "is empty"]),
        ("devices,requests_per_s\n1,fast\n", ["p.csv:2: requests_per_s ('fast')", "12.5"]),
        ("devices,requests_per_s\n1,\n", ["p.csv:2: requests_per_s ('')", "is empty"]),
        ("devices,requests_per_s\n1,0\n", ["p.csv:2: requests_per_s ('0')", "more than 0"]),
        ("devices,requests_per_s,workload\n1,1,chta\n", ["p.csv:2: workload ('chta')", "'chat'"]),
        (
            "devices,requests_per_s,machine\n1,1,h10\n",
            ["machine ('h10')", "'h100'", "[[machines]]"],
        ),
        ("devices,requests_per_s,phase\n1,1,both\n", ["phase ('both')", "prefill, decode"]),
        ("devices,requests_per_s,tpot_s\n1,1,70\n", ["tpot_s ('70')", "70 s", "tpot_ms"]),
        ("devices,requests_per_s,ttft_s\n1,1,4000\n", ["ttft_s ('4000')", "milliseconds"]),
        ("devices,requests_per_s,ttft_s\n1,1,500\n", ["ttft_s ('500')", "ttft_ms"]),
        ("devices,requests_per_s,ttft_ms\n1,1,0.5\n", ["ttft_ms ('0.5')", "column ttft_s"]),
        ("devices,requests_per_s,tpot_ms\n1,1,0.02\n", ["tpot_ms ('0.02')", "column tpot_s"]),
        (
            "devices,requests_per_s,speed_tok_per_s\n1,1,90000\n",
            ["speed_tok_per_s ('90000')", "whole replica", "one user"],
        ),
        ("devices,requests_per_s\n1,1e-9\n", ["requests_per_s ('1e-9')", "another unit"]),
        ("devices,requests_per_s\n1,1e30\n", ["requests_per_s ('1e30')", "another unit"]),
        ("devices,tok_per_s\n1,1e-6\n", ["tok_per_s ('1e-6')", "another unit"]),
        (
            "devices,requests_per_s,layout\n1,1,a\x1b[31m\n",
            ["p.csv:2: layout ('a\\x1b[31m')", "cannot be seen", "anew"],
        ),
        ("devices,requests_per_s,usd_per_hour\n2,1,3000\n", ["('3000')", "1500 US$/h", "cents"]),
        ("devices,requests_per_s,watts\n8,1,5\n", ["watts ('5')", "0.625 W", "kW"]),
        ("devices,requests_per_s,phase\n1,1,decode\n", ["chat.points", "none of prefill"]),
        ("devices,requests_per_s,workload\n1,1,x\n", ["workload ('x')"]),
        (
            "devices,requests_per_s,input_tokens,output_tokens\n1,1,5,\n",
            ["p.csv:2: output_tokens ('')", "both"],
        ),
        (
            "devices,requests_per_s,input_tokens,output_tokens\n1,1,5,5\n",
            ["workloads.chat.points", "no row of p.csv is for this workload", "nobody"],
        ),
        (
            "devices,requests_per_s,input_tokens,output_tokens\n1,1,1000,200\n1,2,1000,200\n",
            ["p.csv:3: layout ('1 device')", "p.csv:2", "different names"],
        ),
    ],
)
def test_a_fault_names_line_column_value_and_cure(
    faults_of: Faults, text: str, words: list[str]
) -> None:
    faults = faults_of(POINTS, p=text)
    assert len(faults) == 1, faults
    for word in words:
        assert word in faults[0]


def test_all_faults_of_a_table_and_of_its_file_are_reported_at_once(faults_of: Faults) -> None:
    text = "devices,requests_per_s,phase\n0,1,x\n2,fast,\n"
    faults = faults_of({**POINTS, "machines.0.usd_per_hour": 3000}, p=text)
    assert len(faults) == 4


def test_a_class_that_no_row_carries_is_a_fault(faults_of: Faults) -> None:
    text = "devices,requests_per_s,input_tokens,output_tokens\n2,0,100,50\n2,3,900,10\n"
    (fault,) = faults_of(POINTS | SIZES, p=text)
    assert "no row of p.csv carries any of the class 100 in, 50 out" in fault


def test_a_row_without_a_model_is_a_fault_where_there_are_several(faults_of: Faults) -> None:
    changes = {**POINTS, "workloads.0.models": [{"model": "a"}, {"model": "b"}]}
    text = "devices,requests_per_s,model\n1,1,a\n1,1,b\n1,1,\n"
    (fault,) = faults_of(changes, p=text)
    assert fault.startswith("p.csv:4: model ('')")
    assert "'a' or 'b'" in fault


def test_a_model_without_rows_is_a_fault(faults_of: Faults) -> None:
    changes = {**POINTS, "workloads.0.models": [{"model": "a"}, {"model": "b"}]}
    (fault,) = faults_of(changes, p="devices,requests_per_s,model\n1,1,a\n")
    assert "no row of p.csv is for the model 'b'" in fault


def test_rows_without_machine_and_price_are_a_fault_where_cost_counts(
    faults_of: Faults, raw: Callable[..., dict[str, Any]]
) -> None:
    two = [*raw({})["machines"], {"name": "l40s", "accelerator": "L40S"}]
    (fault,) = faults_of({**POINTS, "machines": two}, p="devices,requests_per_s\n1,1\n")
    assert "1 of 1 rows have neither a machine nor a price" in fault
    assert "p.csv:2" in fault


@pytest.mark.parametrize(
    ("limit", "column"), [("min_speed_tok_per_s", "tpot_s"), ("max_ttft_s", "ttft_s")]
)
def test_a_limit_on_what_was_not_measured_is_a_fault_unless_vouched_for(
    faults_of: Faults, read: Read, limit: str, column: str
) -> None:
    changes = {**POINTS, f"workloads.0.{limit}": 20}
    text = "devices,requests_per_s\n1,1\n"
    (fault,) = faults_of(changes, p=text)
    assert f"workloads.chat.{limit}: no row of points gives {column}" in fault
    assert "20" in fault
    assert "points_meet_limits = true" in fault
    assert read({**changes, "workloads.0.points_meet_limits": True}, p=text).workloads


@pytest.mark.parametrize(
    ("limit", "column", "idle"),
    [("min_speed_tok_per_s", "tpot_s", "prefill"), ("max_ttft_s", "ttft_s", "decode")],
)
def test_rows_that_a_limit_leaves_out_unmeasured_are_told(
    read: Read, limit: str, column: str, idle: str
) -> None:
    other = {"prefill": "decode", "decode": "prefill"}[idle]
    text = f"devices,requests_per_s,phase,{column}\n1,1,,0.2\n2,2,,\n3,3,{idle},\n"
    text += f"4,4,{other},0.1\n"
    question = read({**POINTS, f"workloads.0.{limit}": 2}, p=text)
    assert question.warnings == (
        f"workloads.chat.{limit}: 1 of 3 rows of p.csv give no {column} and are left out, since "
        "they cannot be shown to meet 2; the first is p.csv:3",
    )


def test_rows_that_the_file_vouches_for_need_no_word(read: Read) -> None:
    changes = {**POINTS, "workloads.0.max_ttft_s": 2, "workloads.0.points_meet_limits": True}
    assert read(changes, p="devices,requests_per_s,ttft_s\n1,1,0.2\n2,2,\n").warnings == ()


def test_the_same_question_in_another_folder_is_the_same(
    raw: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    found = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "p.csv").write_text("devices,requests_per_s\n1,1\n")
        found.append(fleet_instance_from_raw(raw(POINTS), folder=folder))
    assert found[0] == found[1]


def test_speed_that_is_traded_off_must_be_measured_in_every_row(faults_of: Faults) -> None:
    text = "devices,requests_per_s,tpot_s\n1,1,0.1\n2,1,\n"
    (fault,) = faults_of({**POINTS, "trade_off": ["speed", "cost"]}, p=text)
    assert "speed is traded off, but 1 of 2 rows give none, the first is p.csv:3" in fault


def test_points_of_two_phases_need_a_design_space_that_offers_them(faults_of: Faults) -> None:
    text = "devices,requests_per_s,phase\n2,1,decode\n4,1,prefill\n"
    (fault,) = faults_of({**POINTS, "design": {"batch": [1]}}, p=text)
    assert "design.phases" in fault
    assert "'disaggregated'" in fault
