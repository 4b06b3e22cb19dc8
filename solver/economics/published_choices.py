"""Answers to published figures of choices: drafts, experts, precision, and owning a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache

from solver.economics.owning import hourly_cost
from solver.economics.published import Answer
from solver.economics.published_power import POWER_ANSWERS
from solver.economics.published_questions import (
    PERFORMANCE_MODELS,
    DesignAsked,
    MeasuredPoint,
    published_catalog,
)
from solver.instance.ownership import Ownership

__all__ = ["ANSWERS", "OWNED_A800", "REQUESTS_OF_TEST_SET", "seconds_of_test_set"]

_EIGHT = "Llama-3.1-8B"
_A100 = "A100-80GB SXM"
_DRAFT = "Llama-3.2-1B"
_DRAFT_TOKENS = 5
"""vLLM's own example for a draft model; the study does not state its length in what is at hand."""
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
REQUESTS_OF_TEST_SET = 2993
_PAIR_USD_PER_HOUR = Fraction("1.58")
OWNED_A800 = Ownership(
    # Middle of the 8,000-15,000 US$ asked for an A100-80GB, street and refurbished (2026-05); an
    # A800 is an A100 with narrower links.
    purchase_usd=Fraction(11500),
    # Servers are written off over five to six years by large operators; the shorter.
    depreciation_years=Fraction(5),
    # An assumption: half of the hours.
    utilisation=Fraction(1, 2),
    # Mean of the Uptime Institute's survey of sites, 2024.
    pue=Fraction("1.56"),
    # An assumption: an industrial tariff in China, about 0.65 CNY.
    usd_per_kwh=Fraction("0.09"),
    # An assumption.
    maintenance_per_year=Fraction(1, 20),
)
"""Plausible inputs of the published formula; the published ones are not known."""


@cache
def _ask(asked: DesignAsked) -> MeasuredPoint:
    return asked.answer()


def _pair(batch: int, performance: str) -> tuple[MeasuredPoint, MeasuredPoint]:
    """Without a draft, and with one."""
    plain = _ask(DesignAsked(_EIGHT, _A100, batch, performance))
    drafted = _ask(
        DesignAsked(
            _EIGHT,
            _A100,
            batch,
            performance,
            draft_model=_DRAFT,
            draft_tokens=_DRAFT_TOKENS,
        )
    )
    return plain, drafted


_DRAFT_QUESTION = f"{_EIGHT} with {_DRAFT}, {_DRAFT_TOKENS} tokens at 0.8, BF16, A100"
_DRAFT_NOTE = "acceptance and draft length are assumed (0.8: arXiv 2506.04645, published code)"


def _useful_to() -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        saves = [
            batch
            for batch in _BATCHES
            for plain, drafted in (_pair(batch, performance),)
            if drafted.j_per_token < plain.j_per_token
        ]
        question = f"{_DRAFT_QUESTION}: largest batch of {_BATCHES[0]}, 2, 4 ... 128 that saves"
        answers.append(Answer(max(saves, default=0), question, performance, _DRAFT_NOTE))
    return answers


def _drafts_at_128() -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        plain, drafted = _pair(128, performance)
        added = 100 * (drafted.j_per_token / plain.j_per_token - 1)
        slower = 100 * (drafted.latency_s / plain.latency_s - 1)
        note = f"{_DRAFT_NOTE}; latency {slower:+.1f} %"
        answers.append(Answer(added, f"{_DRAFT_QUESTION}, batch 128", performance, note))
    return answers


def _olmoe() -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        experts, dense = (
            _ask(DesignAsked(name, _A100, 8, performance, context_tokens=512))
            for name in ("OLMoE-1B-7B", "OLMo-1B")
        )
        added = 100 * (experts.j_per_token / dense.j_per_token - 1)
        answers.append(Answer(added, "BF16, A100, batch 8, context 512", performance))
    return answers


def _eight_bits(model: str, batch: int, context_tokens: int, limit: str) -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        wide, narrow = (
            _ask(
                DesignAsked(
                    model,
                    "H100 SXM",
                    batch,
                    performance,
                    weight_bits=bits,
                    context_tokens=context_tokens,
                )
            )
            for bits in (16, 8)
        )
        saved = 100 * (1 - narrow.j_per_token / wide.j_per_token)
        question = f"{model}, FP8 against BF16, H100, batch {batch}, context {context_tokens}"
        answers.append(Answer(saved, f"{question} ({limit})", performance))
    return answers


def _hbm_bound() -> list[Answer]:
    note = "ours reads half the bytes of the weights, and takes the kernel to gain by it"
    return [
        Answer(a.value, a.question, a.performance, note)
        for a in _eight_bits(_EIGHT, 1, 1024, "HBM is the limit")
    ]


def _peak_gain(model: str) -> list[Answer]:
    answers = []
    for performance in PERFORMANCE_MODELS:
        peaks = [_peak(model, performance, bits) for bits in (16, 8)]
        question = f"{model}, FP8 over BF16, H100, best batch that fits"
        note = f"at batches {peaks[0].batch} and {peaks[1].batch}; decoding alone"
        gained = 100 * (peaks[1].tok_per_s / peaks[0].tok_per_s - 1)
        answers.append(Answer(gained, question, performance, note))
    return answers


def _peak(model: str, performance: str, weight_bits: int) -> MeasuredPoint:
    """The design of most tokens per second on one H100, of batches in steps of 32."""
    asked = (
        DesignAsked(model, "H100 SXM", batch, performance, weight_bits=weight_bits)
        for batch in range(32, 769, 32)
    )
    return max((_ask(one) for one in asked if one.fits()), key=lambda point: point.tok_per_s)


def _hour_of_an_a800() -> Fraction:
    board_w = published_catalog().accelerator("A800-80GB").tdp_w
    if board_w is None:
        raise ValueError("A800-80GB has no board power")
    return hourly_cost(OWNED_A800, watts=Fraction(board_w))


def _a800(devices: int) -> list[Answer]:
    owned = OWNED_A800
    question = (
        f"P / (8760 Y u) + kW PUE E + P m / 8760 with P = {owned.purchase_usd}, "
        f"Y = {owned.depreciation_years}, u = {float(owned.utilisation):g}, 0.4 kW, "
        f"PUE = {float(owned.pue):g}, E = {float(owned.usd_per_kwh):g}, "
        f"m = {float(owned.maintenance_per_year):g}, times {devices}"
    )
    note = f"the published inputs are not known; these meet 0.79 at u = {_use_that_meets():.2f}"
    return [Answer(float(devices * _hour_of_an_a800()), question, note=note)]


def _use_that_meets() -> float:
    """Use at which the inputs give the published 0.79 US$/h."""
    # Cost less capital does not depend on use; capital is inversely proportional to it.
    now = _hour_of_an_a800()
    capital_at_full = OWNED_A800.purchase_usd / (OWNED_A800.depreciation_years * 8760)
    rest = now - capital_at_full / OWNED_A800.utilisation
    return float(capital_at_full / (Fraction("0.79") - rest))


def seconds_of_test_set(usd: Fraction) -> Fraction:
    """Time of the test set behind its published cost: ``usd = 1.58 T / 3600`` solved for T."""
    return usd * 3600 / _PAIR_USD_PER_HOUR


def _test_set(usd: str) -> list[Answer]:
    note = "arithmetic, exact; the time itself cannot be asked: the models are not described"
    return [Answer(float(seconds_of_test_set(Fraction(usd))), f"3600 x {usd} / 1.58", note=note)]


def _request() -> list[Answer]:
    usd = Fraction("0.34") / REQUESTS_OF_TEST_SET
    rate = REQUESTS_OF_TEST_SET / seconds_of_test_set(Fraction("0.34"))
    note = f"arithmetic, exact; {float(rate):.2f} requests a second on the pair"
    return [Answer(float(usd), "0.34 / 2993", note=note)]


ANSWERS: Mapping[str, Callable[[], Sequence[Answer]]] = {
    **POWER_ANSWERS,
    "draft-useful-to": _useful_to,
    "draft-batch-128": _drafts_at_128,
    "olmoe": _olmoe,
    "eight-bits-hbm-bound": _hbm_bound,
    "eight-bits-compute-bound": lambda: _eight_bits(
        _EIGHT, 1024, 256, "arithmetic takes more of the step than HBM"
    ),
    "fp8-peak-8b": lambda: _peak_gain(_EIGHT),
    "fp8-peak-moe": lambda: _peak_gain("Qwen3-30B-A3B"),
    "a800-hour": lambda: _a800(1),
    "a800-pair-hour": lambda: _a800(2),
    "wingpt-35-time": lambda: _test_set("0.34"),
    "wingpt-30-time": lambda: _test_set("3.47"),
    "wingpt-35-request": _request,
}
"""How to ask the model about every figure that it can be asked about, by key."""
