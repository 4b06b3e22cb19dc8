"""One calibration from start to end: plan, measure, describe, fit, write down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from solver.calibration.backend import Backend, Machine
from solver.calibration.entry import Entry, build_entry, check_extends, device_of
from solver.calibration.fits import FamilyFit, fit_measurements
from solver.calibration.measure import Measurements, measure
from solver.calibration.plan import LEAST_BUDGET_S, plan_cases
from solver.calibration.timing import Timing
from solver.calibration.writing import Run, calibration_text
from solver.errors import CatalogError

__all__ = ["Calibrated", "calibrate"]


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """What a calibration found, and the text of its file.

    Parameters
    ----------
    refused
        Why measured tables were not fitted.
    """

    machine: Machine
    measured: Measurements
    entry: Entry
    fits: tuple[FamilyFit, ...]
    refused: tuple[str, ...]
    run: Run
    text: str


def calibrate(
    backend: Backend,
    *,
    budget_s: float,
    seed: int,
    today: date,
    extends: str | None = None,
    collectives: bool = True,
    timing: Timing | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Calibrated:
    """Measure a machine and fit the operator families to it.

    Parameters
    ----------
    budget_s
        Seconds the whole may take; sets the number of shapes.
    seed
        Of the shapes, the operands and the rows held out.
    extends
        Catalog accelerator that the device is; by default found by its name.
    collectives
        Whether devices are timed together where there are several.

    Raises
    ------
    CatalogError
        For an unknown accelerator, or a budget that is too small.
    EngineError
        Where the device failed.
    """
    if extends is not None:
        check_extends(extends)
    if not budget_s >= LEAST_BUDGET_S:
        raise CatalogError.one(
            f"{budget_s:g} seconds are too few to measure and to hold rows out",
            where="--budget",
            mend=f"Give at least {LEAST_BUDGET_S:.0f}",
        )
    begun_s = backend.now_s()
    machine = backend.machine
    plan = plan_cases(machine, budget_s=budget_s, seed=seed, collectives=collectives)
    measured = measure(backend, plan, seed=seed, timing=timing, progress=progress)
    entry = build_entry(machine, measured, extends=extends, today=today)
    device = device_of(machine, entry)
    fits, refused = fit_measurements(
        measured,
        device,
        accelerator=entry.base or entry.accelerator,
        measured_peaks=entry.base is None,
        backend="pytorch",
        version=machine.library,
        collective_library=machine.collective_library,
        seed=seed,
    )
    run = Run(today=today, seed=seed, budget_s=budget_s, wall_s=backend.now_s() - begun_s)
    return Calibrated(
        machine=machine,
        measured=measured,
        entry=entry,
        fits=tuple(fits),
        refused=tuple(refused),
        run=run,
        text=calibration_text(machine, measured, entry, device, fits, run),
    )
