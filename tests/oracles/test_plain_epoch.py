"""The plain evaluator against the published numbers of the reference model, and against itself.

The whole spaces of ``FLEETFRONT_FULL_ORACLE=1`` take minutes; without it reduced ones are used.
"""

from __future__ import annotations

import csv
import math
import os
from fractions import Fraction
from pathlib import Path

import pytest

from tests.oracles import plain_epoch as plain

EPOCH = Path(__file__).resolve().parents[2] / "../shared/data/epoch"
RELATIVE = 1e-9
PUBLISHED = {
    "gpt_3__h100__il0": "GPT_3__H100__il0",
    "llama_3_405b_8bit__a100__il0": "Llama_3_405B_8bit__A100__il0",
    "llama_3_70b__h100__il1": "Llama_3_70B__H100__il1",
    "llama_3_70b_8bit__h100__il0": "Llama_3_70B_8bit__H100__il0",
    "llama_3_70b_8bit__h100__il10000": "Llama_3_70B_8bit__H100__il10000",
    "llama_3_8b__h100__il1": "Llama_3_8B__H100__il1",
    "mixtral_8x22b__h100__il0": "Mixtral_8x22B__H100__il0",
}
full_oracle = pytest.mark.skipif(
    os.environ.get("FLEETFRONT_FULL_ORACLE") != "1",
    reason="whole spaces take minutes: set FLEETFRONT_FULL_ORACLE=1",
)


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of a reference file; skips the test where the reference folder is absent."""
    path = EPOCH / name
    if not path.is_file():
        pytest.skip(f"no reference data: {name} is not beside this checkout")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def relative_error(found: float, expected: float) -> float:
    """Relative error; equal numbers, infinities included, have none."""
    if found == expected:
        return 0.0
    if not (math.isfinite(found) and math.isfinite(expected)):
        return math.inf
    return abs(found - expected) / max(abs(expected), abs(found))


def worst_error(pairs: list[tuple[float, str]]) -> float:
    """Largest relative error of (found, expected as text) pairs; there must be some."""
    assert pairs
    return max(relative_error(found, float(expected)) for found, expected in pairs)


def design_key(n_tp: int, n_pp: int, two_d: bool, batch: int) -> tuple[int, int, bool, int]:
    """A design; one device is the same layout in one dimension and in two."""
    return n_tp, n_pp, two_d and n_tp > 1, batch


def test_a_difference_of_infinity_and_a_number_counts_as_infinite_error() -> None:
    assert worst_error([(1.0, "inf")]) == math.inf


def test_every_collective_row_is_reproduced() -> None:
    rows = read_rows("collectives.csv")
    pairs = []
    for row in rows:
        found = plain.collective_time(
            plain.GPUS[row["gpu"]],
            row["coll"],
            ranks=float(row["n_ranks"]),
            nodes=float(row["n_nodes"]),
            size_bytes=float(row["bytes"]),
        )
        assert found.protocol == row["chosen_algo"]
        pairs += [
            (found.time_s, row["time_s"]),
            (found.latency_s, row["latency_part_s"]),
            (found.bandwidth_s, row["bandwidth_part_s"]),
        ]
    assert worst_error(pairs) <= RELATIVE


def test_every_row_of_the_paper_function_is_reproduced() -> None:
    rows = read_rows("token_latency_paper.csv")
    pairs = []
    for row in rows:
        model = plain.MODELS[row["model"]]
        found = plain.paper_step_time(
            plain.GPUS[row["gpu"]],
            model,
            n_gpu=float(row["n_gpu"]),
            batch=float(row["batch"]),
            context=float(row["input_len"]),
        )
        assert found.fits == (row["fits"] == "1")
        pairs += [
            (found.latency_s, row["latency_s"]),
            (found.flop, row["arithmetic_cost_flop"]),
            (found.memory_bytes, row["memory_rw_bytes"]),
            (found.arithmetic_time_s, row["arithmetic_time_s"]),
            (found.memory_time_s, row["memory_time_s"]),
            (found.network_time_s, row["network_time_s"]),
            (found.network_latency_s, row["network_latency_part_s"]),
            (found.network_bandwidth_s, row["network_bandwidth_part_s"]),
            (found.launch_time_s, row["kernel_launch_time_s"]),
            (model.params, row["total_params"]),
            (model.active_params, row["active_params"]),
            (model.kv_bytes_per_token, row["kv_bytes_per_token"]),
        ]
    assert worst_error(pairs) <= RELATIVE


def test_every_row_of_every_branch_is_reproduced() -> None:
    rows = read_rows("token_latency_components.csv")
    pairs = []
    for row in rows:
        n_pp = int(row["n_pp"])
        found = plain.step_time(
            plain.GPUS[row["gpu"]],
            plain.MODELS[row["model"]],
            two_d=row["two_d"] == "1",
            n_tp=float(row["n_gpu"]) / n_pp,
            n_pp=n_pp,
            batch=float(row["batch"]),
            context=float(row["input_len"]),
        )
        pairs += [
            (found.latency_s, row["latency_s"]),
            (found.network_time_s, row["network_time_s"]),
            (found.memory_bytes, row["memory_rw_bytes"]),
            (found.flop, row["flop"]),
            (found.memory_time_s, row["memory_time_s"]),
            (found.arithmetic_time_s, row["arithmetic_time_s"]),
            (found.launch_time_s, row["kernel_launch_time_s"]),
        ]
    assert worst_error(pairs) <= RELATIVE


def test_every_speculative_row_is_reproduced() -> None:
    rows = read_rows("speculative.csv")
    pairs = []
    for row in rows:
        found = plain.speculative_latency(
            plain.GPUS[row["gpu"]],
            plain.MODELS[row["model"]],
            plain.MODELS[row["draft"]],
            n_gpu=float(row["n_gpu"]),
            batch=float(row["batch"]),
            context=float(row["input_len"]),
            acceptance=float(row["acceptance"]),
            max_draft_tokens=int(row["gamma_max"]),
        )
        pairs += [
            (found.latency_s, row["latency_s"]),
            (found.draft_tokens, row["best_gamma"]),
            (found.base_latency_s, row["base_latency_s"]),
            (found.draft_latency_s, row["draft_latency_s"]),
        ]
    assert worst_error(pairs) <= RELATIVE


@pytest.mark.parametrize("stem", PUBLISHED)
def test_published_points_inside_a_reduced_space_are_on_its_frontier(stem: str) -> None:
    # What nothing beats in the whole space, nothing beats in a part of it.
    asked = plain.question(stem)
    found = {
        design_key(point.n_tp, point.n_pp, point.two_d, point.batch): point.latency_ps
        for point in plain.sample_frontier(asked.gpu, asked.model, asked.context)
    }
    pairs = []
    for row in read_rows(f"exact/{PUBLISHED[stem]}.csv"):
        n_tp, n_pp, batch = int(row["n_tp"]), int(row["n_pp"]), int(row["batch"])
        if n_tp in plain.SAMPLE_TENSOR_PARALLELS and batch in plain.SAMPLE_BATCHES:
            latency_ps = found.get(design_key(n_tp, n_pp, row["two_d"] == "1", batch), math.nan)
            pairs.append((latency_ps / plain.PS_PER_S, row["latency_s"]))
    assert len(pairs) > 20
    assert worst_error(pairs) <= RELATIVE


@full_oracle
@pytest.mark.parametrize("stem", PUBLISHED)
def test_the_whole_frontier_equals_the_published_one(stem: str) -> None:
    asked = plain.question(stem)
    expected = read_rows(f"exact/{PUBLISHED[stem]}.csv")
    found = plain.exact_frontier(asked.gpu, asked.model, asked.context)
    assert len(found) == len(expected)
    pairs = []
    for point, row in zip(found, expected, strict=True):
        usd_per_mtok = point.gpu_s_per_token * float(asked.gpu.usd_per_hour) / 3600 * 1e6
        pairs += [
            (point.latency_s, row["latency_s"]),
            (point.gpu_s_per_token, row["gpu_s_per_token"]),
            (usd_per_mtok, row["usd_per_mtok"]),
        ]
    assert worst_error(pairs) <= RELATIVE


@full_oracle
@pytest.mark.parametrize("stem", plain.STEMS)
def test_rounding_up_moves_no_point_of_a_whole_frontier_by_more_than_a_picosecond(
    stem: str,
) -> None:
    asked = plain.question(stem)
    cap = asked.cap_tok_per_s
    rounded = plain.integer_frontier(asked.gpu, asked.model, asked.context, cap_tok_per_s=cap)
    exact = plain.exact_frontier(asked.gpu, asked.model, asked.context, cap_tok_per_s=cap)
    assert 0 < len(rounded) <= len(exact)
    by_latency_ps = {point.latency_ps: point for point in rounded}
    for point in exact:
        up_ps = plain.latency_ps(point.latency_s)
        # Noise in the last place may round one of two equal designs to the next picosecond.
        twins = [by_latency_ps[ps] for ps in (up_ps - 1, up_ps) if ps in by_latency_ps]
        costs = [twin.n_gpu * twin.latency_ps / twin.batch / plain.PS_PER_S for twin in twins]
        assert min(relative_error(cost, point.gpu_s_per_token) for cost in costs) <= RELATIVE


@pytest.mark.parametrize("stem", plain.STEMS)
def test_the_integer_frontier_of_a_small_space_equals_brute_force(stem: str) -> None:
    asked = plain.question(stem)
    degrees, stages, batches = (7, 8, 16, 25, 100), (1, 4, 6), (1, 2, 12, 24, 36, 96, 120, 1200)
    images = set()
    for n_tp in degrees:
        for n_pp in stages:
            for batch in batches:
                for two_d in (False, True):
                    if batch % n_pp or (two_d and n_tp == 7) or (two_d and n_tp == 8):
                        continue
                    step = plain.step_time(
                        asked.gpu,
                        asked.model,
                        two_d=two_d,
                        n_tp=n_tp,
                        n_pp=n_pp,
                        batch=batch,
                        context=asked.context,
                    )
                    if not step.fits:
                        continue
                    latency_ps = math.ceil(Fraction(step.latency_s) * 10**12)
                    cap = asked.cap_tok_per_s
                    if cap is None or Fraction(batch * 10**12, latency_ps) <= cap:
                        images.add((latency_ps, Fraction(n_tp * n_pp * latency_ps, batch)))
    best = {
        (latency, cost)
        for latency, cost in images
        if not any(
            other <= latency and cheaper <= cost and (other, cheaper) != (latency, cost)
            for other, cheaper in images
        )
    }
    found = plain.integer_frontier(
        asked.gpu,
        asked.model,
        asked.context,
        tensor_parallels=degrees,
        pipeline_parallels=stages,
        batches=batches,
        cap_tok_per_s=asked.cap_tok_per_s,
    )
    assert [
        (point.latency_ps, Fraction(point.n_gpu * point.latency_ps, point.batch)) for point in found
    ] == sorted(best)


def test_a_cap_removes_every_design_above_it() -> None:
    asked = plain.question("llama_3_70b__h100__il1__cap10k")
    free = plain.sample_frontier(asked.gpu, asked.model, asked.context)
    capped = plain.sample_frontier(
        asked.gpu, asked.model, asked.context, cap_tok_per_s=asked.cap_tok_per_s
    )
    rates = [Fraction(point.batch * plain.PS_PER_S, point.latency_ps) for point in capped]
    assert max(rates) <= 10_000
    assert max(Fraction(point.batch * plain.PS_PER_S, point.latency_ps) for point in free) > 10_000


def test_eight_ranks_of_a_node_start_an_all_reduce_in_the_known_times() -> None:
    found = plain.protocols(plain.H100, "allreduce", 8, 1)
    latencies = {choice.name: choice.latency_s for choice in found}
    assert latencies == pytest.approx({"LL": 15.2e-6, "LL128": 31.5e-6, "Simple": 392e-6})


def test_one_rank_needs_no_collective() -> None:
    found = plain.collective_time(plain.H100, "allreduce", ranks=1, nodes=1, size_bytes=1e9)
    assert found.time_s == 0


def test_rounding_up_leaves_a_whole_number_of_picoseconds_alone() -> None:
    assert plain.latency_ps(0.5) == 500_000_000_000


def test_rounding_up_uses_the_exact_value_of_a_float() -> None:
    just_above = math.nextafter(0.5, 1)
    assert plain.latency_ps(just_above) == 500_000_000_001


def test_the_price_of_a_million_tokens_is_an_exact_fraction() -> None:
    # 8 devices * 36 ms / 2 sequences at US$ 2.10 an hour: 40 device-hours a million tokens.
    point = plain.IntegerPoint(36 * 10**9, 8, 2, two_d=False, n_pp=1, n_tp=8)
    assert point.usd_per_mtok(Fraction("2.1")) == 84


def test_a_width_without_an_arithmetic_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="4-bit"):
        plain.step_time(
            plain.GPUS["A100"],
            plain.MODELS["Llama_3_70B_4_bit"],
            two_d=False,
            n_tp=8,
            n_pp=1,
            batch=1,
            context=0,
        )


def test_a_certain_acceptance_is_refused() -> None:
    with pytest.raises(ValueError, match="acceptance"):
        plain.speculative_latency(
            plain.H100,
            plain.MODELS["Llama_3_70B"],
            plain.MODELS["Llama_3_8B"],
            n_gpu=8,
            batch=1,
            context=0,
            acceptance=1.0,
            max_draft_tokens=4,
        )
