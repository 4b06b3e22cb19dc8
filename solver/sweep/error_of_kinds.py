"""The error of the calibrated model for kinds of design, as results tell it and checkers read it.

What ``solver.sweep.error_of_space`` is to one replica question, this is to questions that put
several together: each lists its kinds, and the rest is here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from solver.catalog.domain import Accelerator
from solver.performance.model_error import QuestionKind, model_error
from solver.sweep.certificate import Check
from solver.sweep.checking import MAX_DETAILS, differences

__all__ = ["check_model_error", "error_of_kinds"]


def error_of_kinds(
    kinds: Sequence[QuestionKind], accelerators: Iterable[Accelerator], *notes: str
) -> dict[str, Any]:
    """What a result with designs of these kinds says of its model's error; see ``model_error``.

    Parameters
    ----------
    kinds
        At least one; all of the calibrated model.
    accelerators
        That these kinds run on; those without measured kernels of their own are told in the note,
        each once.
    notes
        What else limits the comparison, told first where there is one.
    """
    # Its kernel tables take longer to import than many a question without them to solve.
    from solver.lowering.kernel_origins import kernels_told

    told = model_error(kinds)
    own = kernels_told({machine.name: machine for machine in accelerators}.values())
    parts = (*(notes if told["measured"] else ()), own, told["note"])
    return {**told, "note": "; ".join(note for note in parts if note)}


def check_model_error(told: Mapping[str, Any], ours: Mapping[str, Any] | None) -> Check:
    """Whether a result's error is that of the model and the kinds of design that were asked about.

    Figures are recomputed where they are of the day of the shipped ones; those of another day were
    right for another version of the catalog, and of these the question alone is compared.

    Parameters
    ----------
    ours
        Recomputed; ``None`` where no result on this question says anything of an error.
    """
    if ours is None:
        fault = "is told of a question without designs of the calibrated model"
        return Check("model error", (fault,))
    detail, day = "", told.get("as_of")
    if day != ours.get("as_of") and told.get("measured") is isinstance(day, str):
        detail = "its figures are of another day's catalog, not recomputed"
        told, ours = (
            {key: value.get(key) for key in ("model", "question")} for value in (told, ours)
        )
    faults = itertools.islice(differences(told, ours, "model_error"), MAX_DETAILS)
    return Check("model error", tuple(faults), detail)
