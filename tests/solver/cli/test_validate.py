"""``fleetfront validate`` on measurements, from the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from solver.cli.main import main

Run = Callable[..., tuple[int, str, str]]

HEADER = (
    "id,system,backend,version,model_path,mode,isl,osl,concurrency,gemm_quant_mode,"
    "moe_quant_mode,batch_size,tp_size,pp_size,attention_dp_size,moe_tp_size,moe_ep_size,ttft_s,"
    "tpot_s\n"
)
LINE = (
    "{id},h100_sxm,trtllm,1.0,{model},agg,1000,500,{load},fp8,fp8,{load},{tp},1,1,{tp},1,"
    "{ttft},{tpot}\n"
)
FOREIGN = "a,b\n1,2\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        caught = capsys.readouterr()
        return status, caught.out, caught.err

    return call


@pytest.fixture
def serving(tmp_path: Path) -> Path:
    """Nine rows of three layouts and one of an unknown model, under a name of their own."""
    lines = [
        LINE.format(
            id=f"tp{tp}-c{load}",
            model="meta-llama/Llama-3.1-8B",
            load=load,
            tp=tp,
            ttft=0.03 + load / 500,
            tpot=0.006 / tp + 0.003 + load / 10_000,
        )
        for tp in (1, 2, 4)
        for load in (1, 8, 32)
    ]
    lines.append(LINE.format(id="odd", model="nobody/Secret-7B", load=1, tp=1, ttft=0.1, tpot=0.01))
    folder = tmp_path / "measured"
    folder.mkdir()
    path = folder / "bench.csv"
    path.write_text(HEADER + "".join(lines))
    return path


def test_a_file_of_measured_points_is_told_by_its_columns(run: Run, serving: Path) -> None:
    status, out, err = run("validate", serving)
    assert (status, err) == (0, "")
    assert "9 of 10 rows counted" in out
    assert "'nobody/Secret-7B' is not in the catalog" in " ".join(out.split())


def test_regret_comes_before_errors(run: Run, serving: Path) -> None:
    out = run("validate", serving)[1]
    assert 0 < out.index("Regret: in ") < out.index("TPOT")


def test_json_has_every_figure(run: Run, serving: Path) -> None:
    document = json.loads(run("validate", serving, "--json")[1])
    (measured,) = document["measured"]
    assert document["passed"] is True
    assert (measured["rows"], measured["counted"]) == (10, 9)
    assert measured["regret"]["sweeps"] == 1
    assert measured["all"]["tpot"]["rows"] == 9
    assert [score["name"] for score in measured["by model"]] == ["Llama-3.1-8B"]
    assert sum(measured["left_out"].values()) == 1


def test_per_row_writes_every_row_in_file_order(run: Run, serving: Path, tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    assert run("validate", serving, "--per-row", target)[0] == 0
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with serving.open(newline="") as file:
        assert [row["id"] for row in rows] == [row["id"] for row in csv.DictReader(file)]
    assert list(rows[0]) == ["id", "predicted_ttft_s", "predicted_tpot_s", "refused_because"]
    assert all(float(row["predicted_tpot_s"]) > 0 for row in rows[:9])
    assert rows[9]["predicted_tpot_s"] == ""
    assert "Secret-7B" in rows[9]["refused_because"]


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_plot_draws_the_scatter(
    run: Run, serving: Path, tmp_path: Path, suffix: str, magic: bytes
) -> None:
    target = tmp_path / f"scatter.{suffix}"
    assert run("validate", serving, "--plot", target)[0] == 0
    assert target.read_bytes().startswith(magic)


def test_a_folder_lists_what_it_ignores(run: Run, serving: Path) -> None:
    (serving.parent / "notes.csv").write_text(FOREIGN)
    status, out, _ = run("validate", serving.parent)
    assert status == 0
    assert "notes.csv: its name is none of those known" in out


def test_a_file_that_lacks_a_column_is_ignored_with_the_column(run: Run, serving: Path) -> None:
    other = serving.parent / "other.csv"
    other.write_text(serving.read_text().replace("tpot_s", "tpot_ms"))
    out = " ".join(run("validate", serving.parent)[1].split())
    assert (
        "other.csv: its columns are not those of measured serving points: it lacks 'tpot_s'" in out
    )


def test_a_malformed_cell_ends_with_2_and_names_the_row(run: Run, serving: Path) -> None:
    serving.write_text(serving.read_text().replace("agg,1000", "agg,many", 1))
    status, out, err = run("validate", serving)
    assert (status, out) == (2, "")
    assert "line 2 (tp1-c1): isl" in err
    _fault, example = err.splitlines()
    assert example.startswith("Example: ")


@pytest.mark.parametrize("option", ["--per-row", "--plot"])
def test_an_option_without_serving_points_ends_with_2(
    run: Run, shared_epoch: Path, tmp_path: Path, option: str
) -> None:
    target = tmp_path / "x.png"
    status, _, err = run("validate", shared_epoch / "collectives.csv", option, target)
    assert status == 2
    assert "needs one file of measured serving points" in err
    assert not target.exists()


def test_the_file_that_is_read_is_never_written_over(run: Run, serving: Path) -> None:
    before = serving.read_bytes()
    assert run("validate", serving, "--per-row", serving)[0] == 2
    assert serving.read_bytes() == before


def test_a_picture_of_an_unknown_kind_ends_with_2(run: Run, serving: Path, tmp_path: Path) -> None:
    status, _, err = run("validate", serving, "--plot", tmp_path / "x.gif")
    assert status == 2
    assert ".png" in err


def test_reference_outputs_still_decide_the_exit_status(
    run: Run, serving: Path, shared_epoch: Path
) -> None:
    lines = (shared_epoch / "collectives.csv").read_text().splitlines()
    altered = lines[60].split(",")
    altered[5] = repr(float(altered[5]) * (1 + 1e-8))
    text = "\n".join([*lines[:60], ",".join(altered)]) + "\n"
    (serving.parent / "collectives.csv").write_text(text)
    assert run("validate", serving.parent)[0] == 1
