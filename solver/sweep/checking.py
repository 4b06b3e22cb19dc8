"""What certificates of several kinds share: comparing a file with what is made anew, told briefly.

Nothing here comes from a search: it reads numbers and words, and says where they differ.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solver.errors import FleetError, ResultError
from solver.sweep.certificate import Check, Verification

__all__ = [
    "MAX_DETAILS",
    "NotChecked",
    "below_point",
    "check_derived",
    "check_digest",
    "differences",
    "first_faults",
    "no_result",
    "unreadable_instance",
]

MAX_DETAILS = 5


@dataclass(frozen=True, slots=True)
class NotChecked(Check):
    """A part of a result that nobody asked about; ``detail`` says what it claims, and what asks.

    Nothing is wrong with it as far as anyone looked, so it passes; who prints it must not say that
    it was checked.
    """


def first_faults(faults: Sequence[str]) -> tuple[str, ...]:
    """The first ``MAX_DETAILS`` faults, and how many more there are."""
    shown = tuple(faults[:MAX_DETAILS])
    more = len(faults) - len(shown)
    return (*shown, f"and {more} more") if more > 0 else shown


def differences(told: Any, ours: Any, place: str) -> Iterator[str]:
    """Where the JSON value ``told`` differs from ``ours``, exactly; types count.

    ``ours`` may hold tuples and other mappings where JSON has lists and objects.
    """
    if isinstance(ours, Mapping) and isinstance(told, Mapping):
        if set(told) != set(ours):
            odd = sorted(set(told) ^ set(ours), key=str)
            yield f"{place} has keys missing or unknown: {odd!r:.120}"
        for key in ours:
            if key in told:
                yield from differences(told[key], ours[key], f"{place}.{key}")
    elif isinstance(ours, list | tuple) and isinstance(told, list) and len(told) == len(ours):
        for index, (one, other) in enumerate(zip(told, ours, strict=True)):
            yield from differences(one, other, f"{place}.{index}")
    elif type(told) is not type(ours) or told != ours:
        yield f"{place} is {told!r:.80}, recomputed {ours!r:.80}"


def check_derived(name: str, document: Mapping[str, Any], ours: Mapping[str, Any]) -> Check:
    """Whether each key of ``ours`` reads in the document as it was made anew."""
    differing = (
        text for key, value in ours.items() for text in differences(document[key], value, key)
    )
    return Check(name, tuple(itertools.islice(differing, MAX_DETAILS)))


def check_digest(stated: object, actual: str) -> Check:
    """Whether a file is as it was written."""
    faults = () if stated == actual else (f"stated {stated!r:.80}, recomputed {actual}",)
    return Check("digest", faults)


def no_result(what: str, command: str) -> ResultError:
    """The error of a file that is no result of ``fleetfront COMMAND``."""
    return ResultError.one(
        what,
        where="result",
        mend=f"Give a file written by 'fleetfront {command} --out', unchanged",
    )


def unreadable_instance(error: FleetError) -> Verification:
    """All there is to say of a result whose own question cannot be read."""
    faults = tuple(str(fault) for fault in error.faults[:MAX_DETAILS])
    return Verification((Check("instance", faults),))


def below_point(image: Sequence[int], k: int) -> tuple[int, ...]:
    """Corner of the box no worse than ``image`` anywhere and better in objective ``k``."""
    return tuple(value + (j != k) for j, value in enumerate(image))
