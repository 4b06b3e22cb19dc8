"""What an answer is worth against the proved one."""

from __future__ import annotations

from solver.bench.kinds.level import Level
from solver.bench.kinds.outcome import Outcome
from solver.bench.row import Verdict

__all__ = ["judged"]


def judged(outcome: Outcome, level: Level) -> tuple[Verdict, str]:
    """The verdict, and what is wrong where something is.

    Answers are contradicted by the reference, by their own bound, or by the problem itself. Where
    nobody proved the level a proof stays ``open`` here: ``settled`` holds the rows against each
    other.
    """
    if outcome.status in ("not_applicable", "engine_missing"):
        return "none", ""
    if outcome.contradiction:
        return "wrong", outcome.contradiction
    if level.points is not None or outcome.images is not None:
        return _judged_set(outcome, level)
    value, bound = outcome.incumbent, outcome.bound
    if value is not None and bound is not None and bound > value:
        return "wrong", f"its bound {bound} lies above its answer {value}"
    if outcome.status == "optimal" and value != bound:
        return "wrong", f"it calls {value} optimal with a bound of {bound}"
    if not level.best_by:
        return "open", ""
    return _against(outcome, level)


def _against(outcome: Outcome, level: Level) -> tuple[Verdict, str]:
    """A value and a bound against the optimum."""
    value, bound, best = outcome.incumbent, outcome.bound, level.best
    if best is None:
        if value is not None:
            return "wrong", f"it has an answer of {value} where {level.best_by} proved none"
        return ("right", "") if outcome.status == "infeasible" else ("open", "")
    if outcome.status == "infeasible":
        return "missing", f"it calls infeasible what has an answer of {best}"
    if value is not None and value < best:
        return "wrong", f"its answer {value} is better than the optimum {best} of {level.best_by}"
    if bound is not None and bound > best:
        return "wrong", f"its bound {bound} excludes the optimum {best} of {level.best_by}"
    return ("right", "") if outcome.status == "optimal" else ("open", "")


def _judged_set(outcome: Outcome, level: Level) -> tuple[Verdict, str]:
    """Images found against the proved nondominated set."""
    if outcome.images is None or level.points is None:
        return "open", ""
    found, asked = set(outcome.images), set(level.points)
    complete = outcome.status in ("optimal", "infeasible")
    surplus = sorted(found - asked)
    # A stopped run may hold images that a later one dominates.
    if surplus and (complete or any(_dominates_one(image, asked) for image in surplus)):
        return "wrong", f"it has {len(surplus)} images that are not in the set, {surplus[0]} first"
    if complete and asked - found:
        lost = sorted(asked - found)
        return "missing", f"it lacks {len(lost)} images, {lost[0]} first"
    return ("right", "") if complete else ("open", "")


def _dominates_one(image: tuple[int, ...], others: set[tuple[int, ...]]) -> bool:
    return any(
        image != other and all(a <= b for a, b in zip(image, other, strict=True))
        for other in others
    )
