"""How large the performance model's error is for a kind of question, as far as it was measured.

A question may offer several accelerators and weight formats; each pair is a kind of its own. For
each kind the most specific group of measured rows speaks (``solver.catalog.model_errors``) that has
at least ``LEAST_ROWS`` of them; a wider group stands in where none fits exactly, and the answer
says so. Of several kinds the one with the largest median error is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solver.catalog.model_errors import ANY, ModelErrorGroup, ModelErrors, shipped_model_errors

__all__ = ["LEAST_ROWS", "QuestionKind", "find_group", "model_error", "question_words"]

LEAST_ROWS = 20
"""A 95th percentile of fewer points is the largest of them, and says little."""

_FAMILY_WORDS = {"dense": "dense models", "moe": "mixture-of-experts models", ANY: "all models"}
_MODE_WORDS = {"aggregated": "prompts and output together", "disaggregated": "decode"}
_PRIORITY = ("family", "accelerator", "weight_format", "mode")
"""Of two groups equally specific, the one that fixes the earlier key is preferred: dense and
mixture-of-experts models differ more than accelerators do."""


@dataclass(frozen=True, slots=True)
class QuestionKind:
    """What tells one kind of question from another, in the words of the groups.

    Parameters
    ----------
    model
        Performance model.
    family
        ``dense`` or ``moe``.
    mode
        ``aggregated`` (prompts are served beside the output) or ``disaggregated`` (decoding alone,
        which is what the decode pool of a disaggregated deployment does).
    """

    model: str
    family: str
    accelerator: str
    weight_format: str
    mode: str


def find_group(errors: ModelErrors, kind: QuestionKind) -> ModelErrorGroup | None:
    """The most specific group that covers ``kind`` with at least ``LEAST_ROWS`` rows, or ``None``.

    More keys fixed is more specific; among equals the order is that of family, accelerator, weight
    format, mode.
    """

    def rank(group: ModelErrorGroup) -> tuple[int, ...]:
        fixed = [int(getattr(group, key) != ANY) for key in _PRIORITY]
        return (sum(fixed), *fixed)

    fits = (
        group
        for group in errors.groups
        if group.model == kind.model
        and group.rows >= LEAST_ROWS
        and all(getattr(group, key) in (ANY, getattr(kind, key)) for key in _PRIORITY)
    )
    return max(fits, key=rank, default=None)


def model_error(
    kinds: Sequence[QuestionKind], *, errors: ModelErrors | None = None
) -> dict[str, Any]:
    """What a result says of the error of its performance model, as plain JSON.

    Parameters
    ----------
    kinds
        Every kind that the question asks about, at least one; all of one performance model.
    errors
        Groups to look in; the shipped ones if left out.

    Returns
    -------
    dict
        ``model``, ``question`` (the kind in words), ``measured``. Where it was measured:
        ``tpot_median`` and ``tpot_p95`` (relative error of the time per output token), ``bias``
        (geometric mean of predicted over measured, less 1), ``ttft_median`` and ``ttft_p95``
        (``None`` where no first token was measured), ``rows``, ``of`` (which rows), ``as_of``,
        ``source``; ``transferred`` is true where a wider group stands in, and ``note`` says for
        what. Else ``note`` says that it was not.
    """
    if errors is None:
        errors = shipped_model_errors()
    told: dict[str, Any] = {"model": kinds[0].model, "question": question_words(kinds)}
    found: list[tuple[QuestionKind, ModelErrorGroup]] = []
    for kind in kinds:
        group = find_group(errors, kind)
        if group is None:
            # A kind without measurements may be the worst of all: nothing is claimed for the rest.
            others = any(other.model == kind.model for other in errors.groups)
            what = _words(kind) if others else "this kind"
            note = f"not compared with measurements of {what}"
            return {**told, "measured": False, "note": note}
        found.append((kind, group))
    # max keeps the first of equals: the order of the question decides.
    kind, group = max(found, key=lambda pair: pair[1].tpot.median)
    wider = any(getattr(group, key) == ANY for key in _PRIORITY)
    notes = []
    if wider:
        notes.append(f"no group of {LEAST_ROWS} or more points for just {_words(kind)}")
    if len({group for _, group in found}) > 1:
        notes.append(f"the largest error of the {len(kinds)} kinds of design in the question")
    return {
        **told,
        "measured": True,
        "tpot_median": group.tpot.median,
        "tpot_p95": group.tpot.p95,
        "bias": group.tpot.bias,
        "ttft_median": None if group.ttft is None else group.ttft.median,
        "ttft_p95": None if group.ttft is None else group.ttft.p95,
        "rows": group.rows,
        "of": _group_words(group),
        "as_of": errors.as_of,
        "source": errors.source,
        "transferred": wider,
        "note": "; ".join(notes),
    }


def question_words(kinds: Sequence[QuestionKind]) -> str:
    """``mixture-of-experts, GB200 NVL72, nvfp4, decode``."""
    families = {"moe": "mixture-of-experts"}
    family = " or ".join(dict.fromkeys(families.get(kind.family, kind.family) for kind in kinds))
    machines = " or ".join(dict.fromkeys(kind.accelerator for kind in kinds))
    formats = " or ".join(dict.fromkeys(kind.weight_format for kind in kinds))
    modes = ", or ".join(dict.fromkeys(_MODE_WORDS[kind.mode] for kind in kinds))
    return f"{family}, {machines}, {formats}, {modes}"


def _words(kind: QuestionKind) -> str:
    """``dense models on H100 SXM, fp8 weights, decode``."""
    mode = _MODE_WORDS[kind.mode]
    family = _FAMILY_WORDS[kind.family]
    return f"{family} on {kind.accelerator}, {kind.weight_format} weights, {mode}"


def _group_words(group: ModelErrorGroup) -> str:
    """``dense models on any accelerator, fp8 weights``."""
    machine = "any accelerator" if group.accelerator == ANY else group.accelerator
    parts = [f"{_FAMILY_WORDS[group.family]} on {machine}"]
    if group.weight_format != ANY:
        parts.append(f"{group.weight_format} weights")
    if group.mode != ANY:
        parts.append(_MODE_WORDS[group.mode])
    return ", ".join(parts)
