"""Answers to published figures of power, energy per token and clocks.

Every function gives the model's answers to one figure of ``published.toml``. Lengths, batches and
models that a study does not state are chosen once, here, and named in the question of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from solver.catalog.power import PowerProfile
from solver.economics.published import Answer
from solver.economics.published_questions import (
    PERFORMANCE_MODELS,
    DesignAsked,
    MeasuredPoint,
    clocks_of,
    published_catalog,
)

__all__ = ["POWER_ANSWERS", "energy_by_clock", "lowest_energy"]

_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
_EIGHT = "Llama-3.1-8B"
_PHI = "Phi-3-mini"
_A100 = "A100-80GB SXM"
_CHAT = (500, 500)
"""Tokens of a prompt and of its answer, where a study measures a chat and states no lengths."""
_EVERY = 4
"""Of the driver's clocks, every fourth is tried: 60 MHz on an A100."""


_OWN = "decode_w of the catalog is this figure: a test of the shares of time alone"


def _profile(accelerator: str) -> PowerProfile:
    power = published_catalog().accelerator(accelerator).power
    if power is None:
        raise ValueError(f"the power of {accelerator} is not known")
    return power


@cache
def _ask(asked: DesignAsked) -> MeasuredPoint:
    return asked.answer()


def energy_by_clock(asked: DesignAsked, *, every: int = _EVERY) -> dict[int, MeasuredPoint]:
    """The design at clocks from the lowest to the highest, every so many of the driver's steps."""
    clocks = clocks_of(asked.accelerator, every=every)
    return {mhz: _ask(replace(asked, clock_mhz=mhz)) for mhz in clocks}


def lowest_energy(points: Mapping[int, MeasuredPoint]) -> int:
    """The clock of least energy per token; of equal ones the highest."""
    return min(points, key=lambda mhz: (points[mhz].j_per_token, -mhz))


def _saved_percent(points: Mapping[int, MeasuredPoint]) -> float:
    """Energy that the best clock saves over the highest."""
    least, full = points[lowest_energy(points)].j_per_token, points[max(points)].j_per_token
    return 100 * (1 - least / full)


def _context_tax(accelerators: Sequence[str]) -> list[Answer]:
    answers = []
    for name in accelerators:
        entry = published_catalog().accelerator(name)
        if entry.idle_w is None:
            raise ValueError(f"{name} has no bare idle power")
        tax = _profile(name).idle_w - entry.idle_w
        note = "the catalog is derived from this figure: no test of the model"
        answers.append(Answer(tax, f"{name}: idle with a context less bare idle", note=note))
    return answers


def _watts_at(accelerator: str, model: str, batch: int, note: str = "") -> list[Answer]:
    return [
        Answer(
            _ask(DesignAsked(model, accelerator, batch, performance)).watts,
            f"{model}, BF16, {accelerator}, batch {batch}",
            performance,
            note,
        )
        for performance in PERFORMANCE_MODELS
    ]


def _most_watts(accelerator: str) -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        points = [_ask(DesignAsked(_PHI, accelerator, b, performance)) for b in _BATCHES]
        question = f"the most of {_PHI}, BF16, {accelerator}, batches 1 to 128"
        answers.append(Answer(max(p.watts for p in points), question, performance))
    return answers


def _idle_by_memory() -> list[Answer]:
    note = "by construction: idle power of a board is one figure"
    return [Answer(0.0, "any board: idle power does not ask what is loaded", note=note)]


def _h200_idle() -> list[Answer]:
    note = "the catalog adds a context tax to this very figure; it may hold one already"
    return [Answer(_profile("H200 SXM").idle_w, "H200, idle with a context loaded", note=note)]


def _range_of_h100() -> list[Answer]:
    return [
        replace(answer, question=f"{answer.question} (an end of the range)")
        for batch in (1, 128)
        for answer in _watts_at("H100 SXM", _EIGHT, batch)
    ]


def _fp8(of: Callable[[MeasuredPoint, MeasuredPoint], float], what: str) -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        wide, narrow = (
            _ask(DesignAsked(_EIGHT, "H200 SXM", 128, performance, weight_bits=bits))
            for bits in (16, 8)
        )
        question = f"{what}, {_EIGHT}, H200, batch 128 (the study's model is not stated)"
        answers.append(Answer(of(narrow, wide), question, performance))
    return answers


def _h200_decode() -> list[Answer]:
    return [answer for batch in (1, 32) for answer in _watts_at("H200 SXM", _EIGHT, batch)]


def _ml_energy() -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        point = _ask(DesignAsked(_EIGHT, "H100 SXM", 64, performance))
        question = f"{_EIGHT}, BF16, H100, batch 64, decoding alone"
        answers.append(Answer(point.j_per_token, question, performance))
    asked = DesignAsked(_EIGHT, "H100 SXM", 64, "calibrated", prompts=_CHAT)
    question = f"the same with prompts of {_CHAT[0]} and answers of {_CHAT[1]} tokens"
    note = "lengths assumed; theirs are those of a chat data set"
    return [*answers, Answer(_ask(asked).j_per_token, question, "calibrated", note)]


def _rtx(performance: str, model: str) -> dict[int, MeasuredPoint]:
    asked = DesignAsked(model, "RTX PRO 6000", 1, performance)
    return energy_by_clock(asked, every=3)


def _of_rtx(of: Callable[[dict[int, MeasuredPoint]], float]) -> list[Answer]:
    return [
        Answer(
            of(_rtx(performance, model)),
            f"{model}, BF16, RTX PRO 6000, batch 1, 180 against 2842 MHz",
            performance,
            _SLOWS[performance],
        )
        for performance in PERFORMANCE_MODELS
        for model in (_EIGHT, "Qwen3-32B")
    ]


_SLOWS = {
    "calibrated": "a product of one row takes the arithmetic of a whole tile, slower by the clock",
    "epoch2025": "arithmetic hides behind HBM at any clock",
}


def _rtx_saving() -> list[Answer]:
    return _of_rtx(lambda p: 100 * (1 - p[180].j_per_token / p[2842].j_per_token))


def _rtx_latency() -> list[Answer]:
    return _of_rtx(lambda p: 100 * (p[180].latency_s / p[2842].latency_s - 1))


def _rtx_best() -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        points = _rtx(performance, _EIGHT)
        best = lowest_energy(points)
        slower = 100 * (points[best].latency_s / points[max(points)].latency_s - 1)
        note = f"saves {_saved_percent(points):.1f} % at {slower:.1f} % more latency"
        question = f"{_EIGHT}, BF16, RTX PRO 6000, batch 1, clock of least energy"
        answers.append(Answer(best, question, performance, note))
    return answers


def _ladder(accelerator: str, batch: int, performance: str) -> dict[int, MeasuredPoint]:
    return energy_by_clock(DesignAsked(_EIGHT, accelerator, batch, performance))


def _by_batch(
    accelerator: str, batches: Sequence[int], of: Callable[[dict[int, MeasuredPoint]], float]
) -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        for batch in batches:
            points = _ladder(accelerator, batch, performance)
            question = f"{_EIGHT}, BF16, {accelerator}, batch {batch}"
            note = f"least energy at {lowest_energy(points)} MHz"
            answers.append(Answer(of(points), question, performance, note))
    return answers


def _voltana_time() -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        for batch in (16, 256):
            slow, full = (
                _ask(DesignAsked(_EIGHT, _A100, batch, performance, clock_mhz=mhz))
                for mhz in (1005, 1410)
            )
            question = f"{_EIGHT}, BF16, A100, batch {batch}"
            rise = 100 * (slow.latency_s / full.latency_s - 1)
            answers.append(Answer(rise, question, performance))
    return answers


POWER_ANSWERS: Mapping[str, Callable[[], Sequence[Answer]]] = {
    "context-tax-hbm": lambda: _context_tax(("A100-80GB SXM", "H100 SXM")),
    "context-tax-l40s": lambda: _context_tax(("L40S",)),
    "idle-by-memory": _idle_by_memory,
    "h200-idle": _h200_idle,
    "h200-load": lambda: _most_watts("H200 SXM"),
    "h200-batch-128": lambda: _watts_at("H200 SXM", _PHI, 128, _OWN),
    "b200-batch-128": lambda: _watts_at("B200 SXM", _PHI, 128, _OWN),
    "h100-range": _range_of_h100,
    "h200-fp8-power": lambda: _fp8(lambda n, w: n.watts / w.watts, "power in FP8 over BF16"),
    "h200-fp8-throughput": lambda: _fp8(
        lambda n, w: 100 * (n.tok_per_s / w.tok_per_s - 1), "tokens gained by FP8"
    ),
    "h200-decode": _h200_decode,
    "ml-energy-8b": _ml_energy,
    "rtx-pro-saving": _rtx_saving,
    "rtx-pro-latency": _rtx_latency,
    "rtx-pro-best-clock": _rtx_best,
    "voltana-time": _voltana_time,
    "voltana-optimum": lambda: _by_batch(_A100, (16, 256), lambda p: float(lowest_energy(p))),
    "voltana-saving": lambda: _by_batch(_A100, (16, 256), _saved_percent),
    "greenllm-saving": lambda: _by_batch(_A100, (64,), _saved_percent),
    "h200-clock-saving": lambda: _by_batch("H200 SXM", (1, 32), _saved_percent),
}
"""How to ask the model, by key of the figure."""
