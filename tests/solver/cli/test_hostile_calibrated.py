"""Bad questions to the calibrated model: status 2, and a line that names the key and the cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from solver.cli import main

QUESTION = """
schema = 1
kind = "replica"
name = "hostile"
[workload]
model = "Llama-3.1-8B"
context_tokens = 1000
[design]
accelerator = "H100 SXM"
tensor_parallel = [1, 2]
batch = "1..4"
[price]
usd_per_hour = "2.5"
"""
PROMPTS = ("workload.input_tokens=500", "workload.output_tokens=100")
ODD = """
[[models]]
name = "Odd"
family = "odd"
layers = 32
d_model = 4096
d_ff = 14336
n_heads = 32
n_kv_heads = 8
head_dim = 128
vocab = 128256
max_context_tokens = 8192
source = "made up"
as_of = "2026-01"
features = ["something new"]
"""
Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(
        *settings: str, more: str = "", options: tuple[str, ...] = ()
    ) -> tuple[int, list[str]]:
        path = tmp_path / "hostile.toml"
        path.write_text(QUESTION + more)
        changes = [part for setting in settings for part in ("--set", setting)]
        status = main(["solve", str(path), "--quiet", *options, *changes])
        told = capsys.readouterr().err.strip().splitlines()
        # Under the faults stands an example.
        return status, [line for line in told if not line.startswith("Example: ")]

    return call


REFUSED = [
    ("design.weight_format", ('design.weight_format="fp8"', "design.weight_bits=8"), "Keep one"),
    ("design.weight_format", ('design.weight_format="nvfp4"',), "16 bits"),
    ("design.weight_format", ("design.weight_format=[]",), "write a name"),
    ("design.weight_format", ("design.weight_format=8",), "write a name"),
    (
        "design.weight_format",
        ('design.weight_format=["bf16", "fp8"]', 'design.accelerator="A100-80GB SXM"'),
        "A100-80GB SXM",
    ),
    ("design.accelerator", ('design.accelerator="Groq LPU v1"',), "epoch2025"),
    ("design.expert_parallel", ("design.expert_parallel=[]",), "empty list"),
    ("design.attention_data_parallel", ("design.attention_data_parallel=[]",), "empty list"),
    ("design.pipeline_parallel", ("design.pipeline_parallel=[]",), "empty list"),
    ("design.batch", ("design.batch=[]",), "empty list"),
    ("design.kv_bits", ("design.kv_bits=[]",), "empty list"),
    ("design.weight_bits", ("design.weight_bits=[]",), "empty list"),
    ("design.kv_bits", ("design.kv_bits=4",), "8, 16"),
    ("design.weight_bits", ("design.weight_bits=6",), "4, 8, 16"),
    ("design", ("design.expert_parallel=[2]",), "model with experts"),
    ("workload.context_tokens", ("workload.context_tokens=200000",), "131072"),
    ("workload.context_tokens", ("workload.context_tokens=nan",), "integer"),
    ("workload.output_tokens", (PROMPTS[0], "workload.output_tokens=200000"), "131072"),
    ("workload.input_tokens", (PROMPTS[0],), "output_tokens"),
    ("workload.input_tokens", ("workload.input_tokens=0", PROMPTS[1]), "greater than"),
    ("workload.prefix_hit", (*PROMPTS, "workload.prefix_hit=1"), "less than 1"),
    ("workload.prefix_hit", (*PROMPTS, 'workload.prefix_hit="1/0"'), "write a number"),
    ("workload.prefix_hit", ("workload.prefix_hit=0.5",), "no prompts"),
    ("limits.max_ttft_s", ("limits.max_ttft_s=1",), "no prompts"),
    ("limits.max_ttft_s", (*PROMPTS, "limits.max_ttft_s=inf"), "write a number"),
    ("limits.max_ttft_s", (*PROMPTS, "limits.max_ttft_s=0"), "greater than 0"),
    ("performance.hbm_efficiency", ("performance.hbm_efficiency=1",), "epoch2025"),
]


@pytest.mark.parametrize(("key", "settings", "word"), REFUSED)
def test_a_bad_value_ends_with_one_line_that_names_its_key(
    run: Run, key: str, settings: tuple[str, ...], word: str
) -> None:
    status, lines = run(*settings)
    assert status == 2
    (line,) = lines
    assert f"hostile.toml: {key}" in line
    assert word in line


@pytest.mark.parametrize("key", ["draft.tokens", "draft.pipeline_parallel"])
def test_a_draft_without_a_choice_is_refused(run: Run, key: str) -> None:
    draft = ('draft.model="Llama-3.1-8B"', 'draft.acceptance="0.5"')
    status, lines = run(*draft, f"{key}=[]")
    assert status == 2
    (line,) = lines
    assert f"{key}: an empty list" in line


def test_a_feature_nobody_knows_is_refused_by_name(run: Run) -> None:
    status, lines = run('workload.model="Odd"', more=ODD)
    assert status == 2
    (line,) = lines
    assert "workload.model: Odd" in line
    assert "'something new'" in line


def test_a_draft_with_a_feature_nobody_knows_is_refused_by_name(run: Run) -> None:
    status, lines = run('draft.model="Odd"', 'draft.acceptance="0.5"', more=ODD)
    assert status == 2
    (line,) = lines
    assert "draft.model: Odd" in line


@pytest.mark.parametrize(
    "share", ["100%", "1", "-1%", "1e-3", "nan", "inf", "x", "", "1/0", "5/3", "5.", "10%%"]
)
def test_a_tolerance_that_is_no_share_is_refused(run: Run, share: str) -> None:
    status, lines = run(options=("--tolerance", share))
    assert status == 2
    (line,) = lines
    assert line.startswith("--tolerance: ")


@pytest.mark.parametrize("share", ["0", "33%", "1/3", ".5", "10 %", "99%"])
def test_a_tolerance_that_is_a_share_is_taken(run: Run, share: str) -> None:
    assert run(options=("--tolerance", share)) == (0, [])
