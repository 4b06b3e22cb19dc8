"""Ask the calibrated model about cases, all of one model, device and formats together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from solver.errors import FleetError
from solver.performance.calibrated.architecture import unsupported_model
from solver.performance.calibrated.constants import ServingConstants, serving_constants
from solver.performance.calibrated.cost import FloatArray
from solver.performance.calibrated.offline import greatest_throughput, static_batch_s
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica
from solver.performance.validation.throughput.cases import Case

__all__ = ["Predicted", "predict_cases"]

DOES_NOT_FIT = "does not fit into the HBM of any layout, by the model's count"
LIMITS_MISSED = "no layout keeps the limits, by the model's times"


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the model says about a case; per device, with the layout and load that reach it."""

    tok_per_s_per_device: float
    layout: Layout
    in_flight: float
    tpot_s: float


def predict_cases(
    cases: Sequence[Case], constants: ServingConstants | None = None
) -> list[Predicted | str]:
    """A prediction or a refusal for every case, in order."""
    serving = constants or serving_constants()
    answers: list[Predicted | str] = [DOES_NOT_FIT] * len(cases)
    groups: dict[tuple[object, ...], list[int]] = {}
    for at, case in enumerate(cases):
        refusal = _refusal(case)
        if refusal is not None:
            answers[at] = refusal
            continue
        key = (
            case.model.name, case.accelerator.name, case.formats, case.quantity, case.kv_share
        )  # fmt: skip
        groups.setdefault(key, []).append(at)
    for members in groups.values():
        first = cases[members[0]]
        share = serving.kv_share if first.kv_share is None else first.kv_share
        engine = replace(serving, kv_share=share)
        try:
            replica = Replica(first.model, first.accelerator, first.formats, engine)
        except FleetError as error:
            for at in members:
                answers[at] = "; ".join(fault.what for fault in error.faults)
            continue
        found = _group(replica, [cases[at] for at in members])
        for at, answer in zip(members, found, strict=True):
            answers[at] = answer
    return answers


def _refusal(case: Case) -> str | None:
    faults = unsupported_model(case.model)
    if faults:
        return "; ".join(fault.what for fault in faults)
    longest = case.model.max_context_tokens
    if longest is not None and case.input_tokens + case.output_tokens > longest:
        return f"the lengths are beyond the model's context of {longest:,} tokens"
    if not case.layouts:
        return "no layout divides the model over these devices"
    return None


def _group(replica: Replica, cases: list[Case]) -> list[Predicted | str]:
    """Cases of one quantity: every layout of every case is one column."""
    owner = np.repeat(np.arange(len(cases)), [len(case.layouts) for case in cases])
    layouts = [layout for case in cases for layout in case.layouts]
    columns = Columns.of(layouts)
    devices = columns.stage_devices * columns.pipeline_parallel

    def each(name: str) -> FloatArray:
        return np.array([getattr(case, name) for case in cases], dtype=np.float64)[owner]

    prompt, answer = each("input_tokens"), each("output_tokens")
    quantity = cases[0].quantity
    if quantity == "greatest":
        best = greatest_throughput(
            replica,
            columns,
            input_tokens=prompt,
            output_tokens=answer,
            most_in_flight=each("most_in_flight"),
            requests=each("requests"),
            max_tpot_s=each("max_tpot_s"),
            max_ttft_s=each("max_ttft_s"),
        )
        rate, load, tpot = best.tokens_per_s, best.in_flight, best.tpot_s
        fits = best.capacity >= 1
    else:
        load = each("batch")
        fits = replica.capacity(columns, prompt, answer) >= load
        if quantity == "decode":
            tpot = replica.step_s(columns, load, prompt + answer / 2.0)
            rate = load / tpot
        else:
            whole_s = static_batch_s(
                replica, columns, batch=load, input_tokens=prompt, output_tokens=answer
            )
            tokens = prompt if quantity == "prompt" else answer
            tpot, rate = whole_s / answer, load * tokens / whole_s
        rate = np.where(fits, rate, np.nan)
    rate = rate / devices
    answers: list[Predicted | str] = []
    for number in range(len(cases)):
        mine = np.flatnonzero(owner == number)
        rates = rate[mine]
        if np.isnan(rates).all():
            answers.append(LIMITS_MISSED if fits[mine].any() else DOES_NOT_FIT)
            continue
        at = int(mine[np.nanargmax(rates)])
        answers.append(Predicted(float(rate[at]), layouts[at], float(load[at]), float(tpot[at])))
    return answers
