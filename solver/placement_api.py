"""Placement questions solved and verified; ``solver.api`` tells which questions come here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance
from solver.placement_frontier import PlacementFrontier
from solver.sweep.certificate import Verification

__all__ = ["Progress", "solve_placement_question", "verify_placement_document"]

Progress = Callable[[int, int], None]


def solve_placement_question(
    instance: PlacementInstance,
    formulation: str | None = None,
    engine: str | None = None,
    time_limit_s: float | None = None,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    *,
    most_labels: int | None = None,
) -> PlacementFrontier:
    """See ``solver.api.solve``.

    Parameters
    ----------
    formulation
        Chains: ``labels`` (where left out) or ``circuit``, for small cases. Several replicas:
        ``packing``. A flow: ``flow``, bounds and programs in turn, or one program by itself:
        ``arc_flow``, ``stage_assignment``, ``patterns`` (chains of stages, a restriction).
    engine
        For what is stated as a program; ``cp-sat`` where left out.
    time_limit_s
        For the search; what conflicts is worked out within it too.
    most_labels
        Labels held at once, at most; ``None``: the default of the search.

    Raises
    ------
    FleetError
        If the formulation is unknown or does not fit the question, or an answer fails its check.
    """
    from formulations.placement.chain_labels import MOST_LABELS
    from solver.engines import ENGINE_NAMES
    from solver.sweep.placement.chains import CIRCUIT, LABELS
    from solver.sweep.placement.conflict import explain_infeasible
    from solver.sweep.placement.flow_programs import PROGRAMS
    from solver.sweep.placement.flows import FLOW, answer_flow
    from solver.sweep.placement.frontier import answer_chains
    from solver.sweep.placement.halt import Halt
    from solver.sweep.placement.packed import PACKING, answer_packed

    names: tuple[str, ...] = (LABELS, CIRCUIT)
    if instance.trade_off == ("throughput",):
        names = (FLOW, *PROGRAMS)
    elif instance.design.replicas == "several":
        names = (PACKING,)
    if formulation is not None and formulation not in names:
        raise InstanceError.one(
            f"{formulation!r} is not a formulation of this placement",
            where="--formulation",
            mend=f"Choose from {', '.join(names)}, or leave it out",
        )
    if engine is not None and engine not in ENGINE_NAMES:
        raise InstanceError.one(
            f"there is no engine {engine!r}",
            where="--engine",
            mend=f"Choose from {', '.join(ENGINE_NAMES)}, or leave it out",
        )
    asked = formulation or names[0]
    if asked == LABELS and engine is not None:
        raise InstanceError.one(
            f"labels use no engine (got {engine!r})",
            where="--engine",
            mend=f"Leave it out, or ask for --formulation {CIRCUIT}",
        )
    if asked in (CIRCUIT, FLOW, *PROGRAMS) and engine not in (None, "cp-sat"):
        raise InstanceError.one(
            f"{engine!r} does not count this placement exactly",
            where="--engine",
            mend="Leave it out, or choose cp-sat: floats do not tell such times and rates apart",
        )
    halt = Halt.after(time_limit_s, should_stop)
    most = MOST_LABELS if most_labels is None else most_labels
    if asked in (FLOW, *PROGRAMS):
        answer = answer_flow(instance, formulation=asked, halt=halt)
    elif asked == PACKING:
        answer = answer_packed(instance, engine=engine, halt=halt, on_progress=on_progress)
    else:
        answer = answer_chains(
            instance,
            formulation=asked,
            halt=halt,
            on_progress=on_progress,
            most_labels=most,
        )
    if answer.status == "infeasible":
        answer = replace(answer, conflict=explain_infeasible(instance, halt=halt))
    return PlacementFrontier(answer)


def verify_placement_document(
    document: Mapping[str, Any],
    instance: object | None = None,
    *,
    reprove: bool = False,
    on_progress: Progress | None = None,
) -> Verification:
    """See ``solver.api.verify``.

    Raises
    ------
    FleetError
        If the document is no result, or ``instance`` is no placement question.
    """
    from solver.sweep.placement.certificate import verify_placement
    from solver.sweep.placement.reprove import reprove_placement

    if instance is not None and not isinstance(instance, PlacementInstance):
        raise InstanceError.one(
            "that question is not one of a placement",
            where="instance",
            mend="Give the question that was solved",
        )
    prover = partial(reprove_placement, on_progress=on_progress) if reprove else None
    return verify_placement(document, instance=instance, reprove=prover)
