from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from solver.performance.fitting.collective import fit_family, report_lines
from solver.performance.fitting.fit import RANDOM, SHAPE, SYSTEM
from solver.performance.operators.collective import (
    CustomAllReduceConstants,
    collective_s,
    constants_from,
)
from solver.performance.operators.device import device_of_system

DATA = Path(__file__).resolve().parents[4] / "../shared/data/kernels"
TRUTH = {
    "contention": 0.1,
    "in_switch": 1.0,
    "nccl_launch_s": 5e-6,
    "nccl_hop_s": 1.5e-6,
    "nccl_link_share": 0.7,
    "nccl_half_bytes": 2e6,
    "nccl_exponent": 0.5,
    **dict.fromkeys(CustomAllReduceConstants.__dataclass_fields__, math.inf),
}


def made_up_rows(version: str = "2.29.2", slower: float = 1.0) -> pd.DataFrame:
    """All-gathers that the model explains exactly, on an H100."""
    frame = pd.DataFrame(
        [(world, 2**power) for world in (2, 4, 8) for power in range(9, 30, 2)],
        columns=["num_gpus", "bytes"],
    )
    frame["latency_s"] = slower * collective_s(
        constants_from(TRUTH),
        device_of_system("h100_sxm"),
        kind="all_gather",
        world=frame["num_gpus"].to_numpy(),
        message_bytes=frame["bytes"].to_numpy(),
    )
    return frame.assign(
        system="h100_sxm",
        backend="nccl",
        version=version,
        kernel="NCCL",
        dtype="half",
        collective="all_gather",
    )


def test_constants_behind_made_up_times_are_found_again(tmp_path: Path) -> None:
    made_up_rows().to_parquet(tmp_path / "comm.parquet")
    (fit,) = fit_family(tmp_path, systems=["h100_sxm"])
    assert fit.errors[RANDOM].median < 1e-3
    assert fit.errors[SHAPE].median < 1e-3
    assert SYSTEM not in fit.errors
    assert dict(fit.constants) == pytest.approx(TRUTH, rel=0.02)


def test_the_newest_version_is_taken_by_number_not_by_letter(tmp_path: Path) -> None:
    old, new = made_up_rows("2.9.1", slower=3.0), made_up_rows("2.29.2")
    pd.concat([old, new]).to_parquet(tmp_path / "comm.parquet")
    (fit,) = fit_family(tmp_path, systems=["h100_sxm"])
    assert fit.version == "2.29.2"
    assert fit.rows == len(new)


@pytest.mark.skipif(not DATA.exists(), reason="the reference kernel times are not at hand")
def test_a_measured_all_reduce_on_h100_is_within_eight_percent_unseen() -> None:
    fits = {fit.precision: fit for fit in fit_family(DATA, systems=["h100_sxm"])}
    for split in (RANDOM, SHAPE, SYSTEM):
        assert fits["all_reduce"].errors[split].median <= 0.08
    assert len(report_lines(list(fits.values()))) == 1 + len(fits)
