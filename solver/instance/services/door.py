"""Slips around a table ``service`` that it does not show by itself, named with their cure."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Protocol

from solver.catalog.domain import Model
from solver.instance.fleet.plausible import plain
from solver.instance.services.demand import longest_call_tokens
from solver.instance.services.shape import ServiceShape

__all__ = [
    "FaultTaker",
    "check_caching",
    "check_instead",
    "check_lengths",
    "check_repeats",
    "time_left_s",
]


class FaultTaker(Protocol):
    """What notes faults of a file."""

    def fault(self, key: str, what: str, mend: str) -> None:
        """Note one thing wrong with ``key``."""
        ...


def check_instead(
    key: str, others: Iterable[tuple[str, bool]], lookup: FaultTaker, *, of: str
) -> None:
    """Note keys that say what the service of ``key`` says already; ``others`` are given or not."""
    for name, given in others:
        if given:
            lookup.fault(
                f"{key}.{name}" if key else name,
                f"the service says this already ({of})",
                "Leave it out, or leave the table service out",
            )


def check_caching(shape: ServiceShape, key: str, *, knows: bool, lookup: FaultTaker) -> None:
    """Note a prefix cache where the performance model (``knows``) can make no use of it."""
    if shape.cache is not None and not knows:
        lookup.fault(
            f"{key}.cache",
            "the performance model does not know prefix hits",
            'Leave it out, or write model = "calibrated" in [performance]',
        )


def check_repeats(shape: ServiceShape, key: str, lookup: FaultTaker) -> None:
    """Note passages that come again where no cache keeps them: the share would change nothing."""
    if shape.cache is None and shape.retrieval is not None and shape.retrieval.repeat_share:
        lookup.fault(
            f"{key}.retrieval.repeat_share",
            f"{plain(shape.retrieval.repeat_share)} of the passages come again, and no cache "
            "keeps them",
            "Add a table cache to the service, or leave repeat_share out",
        )


def time_left_s(
    shape: ServiceShape, max_ttft_s: Fraction | None, key: str, lookup: FaultTaker
) -> Fraction | None:
    """What retrieval leaves of the time to the first token; a fault where it leaves nothing."""
    if max_ttft_s is None or not shape.retrieval_s:
        return max_ttft_s
    left = max_ttft_s - shape.retrieval_s
    if left <= 0:
        lookup.fault(
            f"{key}.retrieval.retrieval_s",
            f"finding passages takes {float(shape.retrieval_s):g} s, all of the "
            f"{float(max_ttft_s):g} s to the first token",
            "Give a longer max_ttft_s, or a faster retrieval",
        )
        return max_ttft_s
    return left


def check_lengths(
    shape: ServiceShape, models: Iterable[tuple[str, Model | None]], key: str, lookup: FaultTaker
) -> None:
    """Note models whose context the longest call of a session outgrows."""
    longest = longest_call_tokens(shape)
    for name, model in models:
        most = model.max_context_tokens if model is not None else None
        if most is not None and longest > most:
            lookup.fault(
                key,
                f"the longest call of a session holds {longest} tokens, beyond the {most} of "
                f"{name}",
                "Give fewer turns or tool calls, shorter tool outputs or passages, drop reasoning, "
                "or name a model with a longer context",
            )
