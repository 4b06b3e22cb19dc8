"""How far off constants are on a machine without measurements, seen on machines that have them.

Each system is predicted as if it had not been measured: with its sibling's constants, and, as if
its whole architecture were unknown, with the mean over the others. Run with ``-s`` for the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from rich.console import Console

from solver.catalog.shipped import shipped_catalog
from solver.errors import UnsupportedModelError
from solver.performance.fitting.attention import ContextRows, DecodeRows
from solver.performance.fitting.attention_tables import KernelRows, select_rows
from solver.performance.fitting.gemm import gemm_rows, predict_rows_s
from solver.performance.fitting.mla import MlaContextRows, MlaDecodeRows
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.collective import COLLECTIVE_KINDS, collective_s
from solver.performance.operators.collective import constants_from as collective_from
from solver.performance.operators.device import MEASURED_SYSTEMS, device_of_system
from solver.performance.operators.lineage import (
    ARCHITECTURES,
    Lineage,
    lineage_of,
    network_lineage_of,
)
from solver.performance.operators.lookup import find_constants
from solver.performance.operators.moe import constants_from as moe_from
from solver.performance.operators.moe import moe_s

FloatArray = npt.NDArray[np.float64]
KERNELS = Path(__file__).resolve().parents[4] / "../shared/data/kernels"
MOST_ROWS = 600
OTHER_EXPERTS = ("moe_torch_flow_min_latency", "moe_torch_flow_nongated")
"""Kernels of experts that the gated constants were not fitted to."""

pytestmark = pytest.mark.skipif(not KERNELS.is_dir(), reason="kernel measurements are not at hand")


class Case(NamedTuple):
    """Rows of one family, system and precision: what constants predict, and what was measured."""

    family: str
    system: str
    precision: str
    predict: Callable[[Mapping[str, float]], FloatArray]
    measured_s: FloatArray


def some(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(min(len(frame), MOST_ROWS), random_state=0)


def gemm_cases() -> list[Case]:
    frame = pd.read_parquet(KERNELS / "gemm.parquet")
    found = []
    for system, precision in operator_catalog("gemm").fits:
        rows = gemm_rows(frame, system, precision)
        assert rows is not None
        few = np.random.default_rng(0).permutation(rows.m.size)[:MOST_ROWS]
        shape = {"m": rows.m[few], "n": rows.n[few], "k": rows.k[few]}

        def predict(
            values: Mapping[str, float],
            system: str = system,
            precision: str = precision,
            shape: dict[str, FloatArray] = shape,
        ) -> FloatArray:
            return predict_rows_s(values, device_of_system(system), precision=precision, **shape)

        found.append(Case("gemm", system, precision, predict, rows.latency_s[few]))
    return found


def attention_cases() -> list[Case]:
    tables: dict[str, tuple[type[KernelRows], bool]] = {
        "attn_decode": (DecodeRows, False),
        "attn_context": (ContextRows, False),
        "mla_decode": (MlaDecodeRows, True),
        "mla_context": (MlaContextRows, True),
    }
    found = []
    for table, (kind, latent) in tables.items():
        frame = pd.read_parquet(KERNELS / f"{table}.parquet")
        for system in MEASURED_SYSTEMS:
            for precision, part in select_rows(frame, system, latent=latent).groupby(
                "dtype", observed=True
            ):
                rows = kind(some(part), system=system, precision=str(precision))
                whole = np.arange(len(rows.measured_s))

                def predict(
                    values: Mapping[str, float],
                    rows: KernelRows = rows,
                    whole: npt.NDArray[np.intp] = whole,
                ) -> FloatArray:
                    return rows.predict(values, whole)

                found.append(Case(kind.family, system, str(precision), predict, rows.measured_s))
    return found


def moe_cases() -> list[Case]:
    frame = pd.read_parquet(KERNELS / "moe.parquet")
    frame = frame[(frame["distribution"] == "balanced") & ~frame["kernel"].isin(OTHER_EXPERTS)]
    found = []
    for (system, precision), part in frame.groupby(["system", "dtype"], observed=True):
        if (system, precision) not in operator_catalog("moe").fits:
            continue
        rows = some(part)
        shape = {
            name: rows[column].to_numpy(dtype=np.float64)
            for name, column in {
                "tokens": "tokens",
                "hidden": "hidden",
                "inter": "inter",
                "top_k": "topk",
                "experts": "experts",
                "tensor_parallel": "moe_tp",
                "expert_parallel": "moe_ep",
            }.items()
        }

        def predict(
            values: Mapping[str, float],
            system: str = str(system),
            precision: str = str(precision),
            shape: dict[str, FloatArray] = shape,
        ) -> FloatArray:
            return moe_s(
                moe_from(values),
                device_of_system(system),
                precision=precision,
                gated=True,
                distribution="balanced",
                **shape,
            )

        measured_s = rows["latency_s"].to_numpy(dtype=np.float64)
        found.append(Case("moe", str(system), str(precision), predict, measured_s))
    return found


def collective_cases() -> list[Case]:
    frame = pd.read_parquet(KERNELS / "comm.parquet")
    frame = frame[(frame["backend"] == "nccl") & (frame["dtype"] == "half")]
    found = []
    for system in MEASURED_SYSTEMS:
        for kind in COLLECTIVE_KINDS:
            rows = frame[(frame["system"] == system) & (frame["collective"] == kind)]
            version = rows["version"].astype(str)
            rows = rows[version == max(version, key=lambda v: [int(n) for n in v.split(".")])]
            world = rows["num_gpus"].to_numpy(dtype=np.float64)
            size = rows["bytes"].to_numpy(dtype=np.float64)

            def predict(
                values: Mapping[str, float],
                system: str = system,
                kind: str = kind,
                world: FloatArray = world,
                size: FloatArray = size,
            ) -> FloatArray:
                alone = {**values, "one_shot_launch_s": np.inf}
                return collective_s(
                    collective_from(alone),
                    device_of_system(system),
                    kind=next(k for k in COLLECTIVE_KINDS if k == kind),
                    world=world,
                    message_bytes=size,
                )

            measured_s = rows["latency_s"].to_numpy(dtype=np.float64)
            found.append(Case("collective", system, kind, predict, measured_s))
    return found


def median_error(case: Case, lineage: Lineage) -> tuple[float, str]:
    """Median of the relative error, and whose constants were taken."""
    found = find_constants(
        operator_catalog(case.family), device_of_system(case.system), lineage, (case.precision,)
    )
    error = np.abs(case.predict(found.values) / case.measured_s - 1.0)
    return float(np.median(error)), found.origin


@pytest.fixture(scope="module")
def errors() -> dict[tuple[str, str, str, str], float]:
    """Median errors by family, system, precision and origin; printed as a table."""
    found: dict[tuple[str, str, str, str], float] = {}
    console = Console(width=100)
    console.print(
        f"\n{'family':18} {'system':20} {'precision':21}  measured   sibling  transferred"
    )
    for case in (*gemm_cases(), *attention_cases(), *moe_cases(), *collective_cases()):
        accelerator = shipped_catalog().accelerators[MEASURED_SYSTEMS[case.system]]
        network = case.family == "collective"
        own = network_lineage_of(accelerator) if network else lineage_of(accelerator)
        architecture = ARCHITECTURES[case.system]
        kin = [system for system, name in ARCHITECTURES.items() if name == architecture]
        alone = own.without(*kin)
        lineages = {
            "measured": own,
            "sibling": own.without(case.system),
            "transferred": Lineage(alone.like, None, (), alone.others),
        }
        cells = ""
        for wanted, lineage in lineages.items():
            try:
                error, origin = median_error(case, lineage)
            except UnsupportedModelError:
                # Only this architecture has the precision.
                origin = ""
            if origin == wanted:
                found[case.family, case.system, case.precision, wanted] = error
            cells += f"{error:10.1%}" if origin == wanted else f"{'-':>10}"
        console.print(f"{case.family:18} {case.system:20} {case.precision:21}{cells}")
    return found


def medians(
    errors: Mapping[tuple[str, str, str, str], float], *, family: str, origin: str
) -> list[float]:
    return [e for (f, _, _, o), e in errors.items() if (f, o) == (family, origin)]


def test_every_error_is_finite(errors: dict[tuple[str, str, str, str], float]) -> None:
    assert len(errors) > 200
    assert np.all(np.isfinite(list(errors.values())))


@pytest.mark.parametrize("system", ["h200_sxm", "gb200"])
@pytest.mark.parametrize("family", ["gemm", "attention_decode", "mla_decode", "moe"])
def test_a_sibling_predicts_16_bit_kernels_within_fifteen_percent(
    errors: dict[tuple[str, str, str, str], float], family: str, system: str
) -> None:
    own = [e for (f, s, p, o), e in errors.items() if (f, s, o) == (family, system, "sibling")]
    assert own
    assert np.median(own) < 0.15


@pytest.mark.parametrize(
    ("family", "bound"),
    [
        ("gemm", 0.25),
        ("attention_decode", 0.35),
        ("attention_context", 0.30),
        ("mla_decode", 0.40),
        ("mla_context", 0.30),
        ("moe", 0.30),
        ("collective", 0.30),
    ],
)
def test_a_mean_over_other_architectures_is_off_by_less_than_a_third_or_so(
    errors: dict[tuple[str, str, str, str], float], family: str, bound: float
) -> None:
    transferred = medians(errors, family=family, origin="transferred")
    assert len(transferred) >= 6
    assert np.median(transferred) < bound


@pytest.mark.parametrize("family", ["gemm", "attention_decode", "moe", "collective"])
def test_own_constants_are_better_than_those_of_others(
    errors: dict[tuple[str, str, str, str], float], family: str
) -> None:
    own = np.median(medians(errors, family=family, origin="measured"))
    assert own < np.median(medians(errors, family=family, origin="transferred"))
