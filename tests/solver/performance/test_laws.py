r"""The two laws of the fastest speed, measured on both performance models.

*Inference economics of language models* (arXiv 2506.04645) finds that the fastest speed of a dense
model falls with the square root of its size and grows with the cube root of memory bandwidth: more
devices share the weights until the all-reduces, which grow with the devices, eat the gain.
Exponents here are slopes of a least-squares line through logarithms; batch 1, no limit, one stage.

Where they hold: tensor degrees may grow to 64, and reading weights and waiting for the network are
of one size. Then size has -0.35 to -0.65 and bandwidth 0.2 to 0.4.

Where they break, and why:

* Degrees that end at one host of 8: a larger model gets no more devices, so its speed falls nearly
  with its size (-0.6 to -0.8) and bandwidth counts for more (0.5 to 0.75 from 70B on).
* Small models on fast machines (8B and 70B within one NVLink rack): the fixed times of kernels set
  the pace, and bandwidth counts for next to nothing (below 0.15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.catalog.domain import Accelerator, Model
from solver.catalog.parameters import parameter_breakdown
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.setting import CalibratedSetting
from solver.performance.calibrated.step import CalibratedSteps
from solver.performance.epoch2025.counts import count
from solver.performance.epoch2025.step import StepSetting
from solver.performance.epoch2025.table import EpochTable

CATALOG = shipped_catalog()
LLAMA = ("Llama-3.1-8B", "Llama-3.1-70B", "Llama-3.1-405B")
QWEN = ("Qwen3-8B", "Qwen3-32B", "Qwen2.5-72B")
WIDE = (1, 2, 4, 8, 16, 32, 64)
HOST = (1, 2, 4, 8)
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
CONTEXT = 1000


def fastest(how: str, model: Model, machine: Accelerator, degrees: Sequence[int]) -> float:
    """Greatest speed over tensor degrees in 16 bits, tok/s."""
    shared = [degree for degree in degrees if model.n_heads % degree == 0]
    rows = np.arange(len(shared))
    if how == "calibrated":
        setting = CalibratedSetting(model, machine, "bf16", "bf16", "bf16", CONTEXT)
        steps = CalibratedSteps(setting, [Layout(degree) for degree in shared], [1])
        return float(1 / steps.latency_s(rows, 0 * rows).min())
    table = EpochTable(
        StepSetting(count(model), machine, 16, 16, CONTEXT),
        tensor_degrees=shared,
        batches=[1],
        two_dimensional=False,
        stages=1,
    )
    return float(1 / table.latency_s(rows, 0 * rows).min())


def exponent(x: Sequence[float], y: Sequence[float]) -> float:
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def size_exponent(how: str, names: Sequence[str], machine: str, degrees: Sequence[int]) -> float:
    models = [CATALOG.model(name) for name in names]
    accelerator = CATALOG.accelerator(machine)
    speeds = [fastest(how, model, accelerator, degrees) for model in models]
    return exponent([parameter_breakdown(model).total for model in models], speeds)


def bandwidth_exponent(how: str, name: str, machine: str, degrees: Sequence[int]) -> float:
    plain = CATALOG.accelerator(machine)
    speeds = [
        fastest(
            how,
            CATALOG.model(name),
            replace(plain, hbm_bytes_per_s=plain.hbm_bytes_per_s * factor),
            degrees,
        )
        for factor in FACTORS
    ]
    return exponent(FACTORS, speeds)


@pytest.mark.parametrize("how", ["epoch2025", "calibrated"])
@pytest.mark.parametrize("machine", ["H100 SXM", "A100-80GB SXM"])
@pytest.mark.parametrize("names", [LLAMA, QWEN], ids=["llama", "qwen"])
def test_the_fastest_speed_falls_about_with_the_square_root_of_size(
    how: str, machine: str, names: Sequence[str]
) -> None:
    assert -0.65 < size_exponent(how, names, machine, WIDE) < -0.35


@pytest.mark.parametrize("how", ["epoch2025", "calibrated"])
@pytest.mark.parametrize("name", LLAMA)
def test_the_fastest_speed_grows_about_with_the_cube_root_of_bandwidth(how: str, name: str) -> None:
    assert 0.2 < bandwidth_exponent(how, name, "H100 SXM", WIDE) < 0.42


def test_within_one_host_a_larger_model_is_slower_nearly_in_proportion() -> None:
    assert -1 < size_exponent("calibrated", LLAMA, "H100 SXM", HOST) < -0.65


def test_within_one_host_bandwidth_counts_for_more_than_its_cube_root() -> None:
    assert 0.45 < bandwidth_exponent("calibrated", "Llama-3.1-70B", "H100 SXM", HOST) < 1


def test_a_small_model_in_a_rack_hardly_gains_from_bandwidth() -> None:
    assert 0 <= bandwidth_exponent("calibrated", "Llama-3.1-8B", "GB200 NVL72", WIDE) < 0.15
