from __future__ import annotations

import json
from pathlib import Path

import pytest

from solver.cli import main

QUESTION = """schema = 1
kind = "replica"
name = "small"
[workload]
model = "Llama-3.1-8B"
context_tokens = 2048
[design]
accelerator = "H100 SXM"
tensor_parallel = [1, 2, 4]
pipeline_parallel = [1, 2]
batch = "1..24"
weight_bits = [8, 16]
kv_bits = [16]
[price]
usd_per_hour = "2.10"
[performance]
model = "epoch2025"
"""


@pytest.fixture
def question(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(QUESTION, encoding="utf-8")
    return str(path)


def test_the_list_is_in_the_json(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", question, "--tolerance", "10%", "--json"]) == 0
    near = json.loads(capsys.readouterr().out)["near"]
    assert near["tolerance"] == "1/10"
    assert near["count"] > 0


def test_the_list_is_on_the_terminal(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", question, "--tolerance", "0.1"]) == 0
    assert "Designs within 10 % of the frontier" in capsys.readouterr().out


def test_a_written_result_verifies(question: str, tmp_path: Path) -> None:
    out = str(tmp_path / "r.json")
    assert main(["solve", question, "--tolerance", "10%", "--out", out, "--quiet"]) == 0
    assert main(["verify", out]) == 0


def test_a_damaged_list_does_not_verify(question: str, tmp_path: Path) -> None:
    from solver.result import canonical_digest

    out = tmp_path / "r.json"
    main(["solve", question, "--tolerance", "10%", "--out", str(out), "--quiet"])
    document = json.loads(out.read_text(encoding="utf-8"))
    document["near"]["layouts"].pop()
    document["digest"] = canonical_digest(document)
    out.write_text(json.dumps(document), encoding="utf-8")
    assert main(["verify", str(out)]) == 1


def test_the_csv_of_the_list_lies_beside_that_of_the_points(question: str, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    assert main(["solve", question, "--tolerance", "10%", "--csv", str(points), "--quiet"]) == 0
    assert points.read_text(encoding="utf-8").startswith("speed_tok_per_s_per_user,")
    layouts = (tmp_path / "points.near.csv").read_text(encoding="utf-8")
    assert layouts.startswith("accelerator,devices,")


def test_without_the_option_there_is_one_csv(question: str, tmp_path: Path) -> None:
    assert main(["solve", question, "--csv", str(tmp_path / "points.csv"), "--quiet"]) == 0
    assert not (tmp_path / "points.near.csv").exists()


def test_a_csv_that_would_hide_the_list_is_refused(
    question: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "points.near.csv").mkdir()
    arguments = ["solve", question, "--tolerance", "10%", "--csv", str(tmp_path / "points.csv")]
    assert main(arguments) == 2
    assert "is a directory" in capsys.readouterr().err
    assert not (tmp_path / "points.csv").exists()


@pytest.mark.parametrize("share", ["ten", "100%", "-5%", "1e-1", ""])
def test_what_is_no_share_is_refused(
    question: str, share: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", question, f"--tolerance={share}"]) == 2
    error = capsys.readouterr().err
    assert "--tolerance" in error
    assert "10%" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "name", ["fleet/one-model-one-pool.toml", "placement/three-regions-wan.toml"]
)
def test_other_kinds_are_refused_by_name(
    instances_folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", str(instances_folder / name), "--tolerance", "10%"]) == 2
    error = capsys.readouterr().err
    assert "--tolerance" in error
    assert "replica" in error


def test_the_header_tells_the_error_of_the_model(
    question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", question]) == 0
    assert "model error: not compared with measurements" in capsys.readouterr().out


def test_show_tells_the_error_of_the_model(
    question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", question]) == 0
    assert "not compared with measurements" in " ".join(capsys.readouterr().out.split())


def test_show_as_json_tells_the_error_of_the_model(
    question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", question, "--json"]) == 0
    error = json.loads(capsys.readouterr().out)["model_error"]
    assert error["measured"] is False
