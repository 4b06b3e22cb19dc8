"""Questions to the calibrated model from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.api import formulation_names
from solver.cli import main

QUESTION = """
schema = 1
kind = "replica"
name = "mixture"
[workload]
model = "Qwen3-30B-A3B"
context_tokens = 3000
[design]
accelerator = "H100 SXM"
tensor_parallel = [1, 2, 4]
expert_parallel = [1, 2]
attention_data_parallel = [1, 2]
batch = "1..8"
[price]
usd_per_hour = "2.95"
"""
PROMPTS = ["--set", "workload.input_tokens=2000", "--set", "workload.output_tokens=300"]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def question(tmp_path: Path) -> Path:
    path = tmp_path / "mixture.toml"
    path.write_text(QUESTION)
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def exact(path: Path) -> list[dict[str, Any]]:
    return [point["exact"] for point in document(path)["points"]]


@pytest.mark.parametrize("options", [[], PROMPTS, [*PROMPTS, "--set", "limits.max_ttft_s=0.5"]])
def test_an_answer_is_verified_by_another_engine(
    run: Run, question: Path, tmp_path: Path, options: list[str]
) -> None:
    out = tmp_path / "r.json"
    assert run("solve", question, "--out", out, "--quiet", *options)[0] == 0
    status, text, _ = run("verify", out, "--reprove")
    assert status == 0, text


def test_an_answer_that_was_changed_is_found_out(run: Run, question: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert run("solve", question, "--out", out, "--quiet")[0] == 0
    found = document(out)
    found["points"][0]["exact"]["latency_ps"] -= 1
    out.write_text(json.dumps(found))
    assert run("verify", out)[0] == 1


@pytest.mark.parametrize("name", formulation_names()[1:])
def test_every_formulation_finds_the_frontier(
    run: Run, question: Path, tmp_path: Path, name: str
) -> None:
    whole, swept = tmp_path / "whole.json", tmp_path / "swept.json"
    few = ("--set", "design.batch=1..4", "--set", "design.attention_data_parallel=1")
    assert run("solve", question, "--out", whole, "--quiet", *few)[0] == 0
    options = ("--out", swept, "--quiet", "--formulation", name)
    assert run("solve", question, *options, *few)[0] == 0
    assert exact(whole) == exact(swept)


def test_show_says_which_model_and_what_was_refused(run: Run, question: Path) -> None:
    status, text, _ = run("show", question, *PROMPTS)
    assert status == 0
    words = " ".join(text.split())
    assert "performance model calibrated" in words
    assert "2,000 tokens in, 300 out" in words
    assert "expert parallel does not divide the devices of a stage" in words
    assert "expert parallel 1, 2" in words


def test_show_as_json_counts_every_candidate(run: Run, question: Path) -> None:
    status, text, _ = run("show", question, "--json")
    assert status == 0
    found = json.loads(text)
    refused = sum(entry["candidates"] for entry in found["refusals"])
    assert found["candidates"]["stated"] == found["candidates"]["deployable"] + refused


def test_two_formats_are_compared(run: Run, question: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    for path, name in ((one, "bf16"), (two, "fp8")):
        change = f'design.weight_format="{name}"'
        assert run("solve", question, "--out", path, "--quiet", "--set", change)[0] == 0
    status, text, _ = run("compare", one, two)
    assert status == 0
    assert "weight_formats" in text


def test_an_answer_names_its_format(run: Run, question: Path) -> None:
    status, text, _ = run("solve", question, "--set", 'design.weight_format="fp8_block"')
    assert status == 0
    assert "fp8_block weights, 16-bit KV" in text


BAD = [
    (["--set", "performance.flop_efficiency=0.7"], ["performance.flop_efficiency", "epoch2025"]),
    (["--set", 'design.weight_format="fp9"'], ["design.weight_format", "fp9", "nvfp4"]),
    (["--set", 'design.weight_format="nvfp4"'], ["design.weight_format", "H100 SXM"]),
    (["--set", "design.tensor_parallel_2d=[4]"], ["design.tensor_parallel_2d"]),
    (["--set", "workload.input_tokens=5"], ["workload.input_tokens", "output_tokens"]),
    (["--set", "limits.max_ttft_s=1"], ["limits.max_ttft_s", "prompts"]),
    (["--set", "workload.context_tokens=1000000"], ["workload.context_tokens", "40960"]),
    (["--set", "design.tensor_parallel=[3]"], ["design space is empty", "32 heads"]),
]


@pytest.mark.parametrize(("options", "words"), BAD, ids=lambda value: " ".join(value)[:40])
def test_bad_input_ends_with_2_and_one_line(
    run: Run, question: Path, options: list[str], words: list[str]
) -> None:
    status, _, err = run("solve", question, *options)
    assert status == 2
    assert all(word in err for word in words)
    _, example = err.strip().splitlines()
    assert example.startswith("Example: ")
