r"""Few request classes in place of many calls, such that no demand is understated.

Calls are sorted by the length of their prompts, which in a growing context is nearly their order;
a class is a run of neighbours. With calls i of weight w_i in a class, sums over the class:

* share: :math:`\sum w_i` over all calls;
* output: :math:`\lceil \sum w_i o_i / \sum w_i \rceil`, so that no decoding is lost;
* input: the longest prompt, or more where a token of the class is decoded in a longer context on
  average, :math:`\sum w_i o_i (p_i + o_i/2) / \sum w_i o_i`, than half way through the answer of
  the class: context, memory and attention are never understated;
* prefix hit: such that the tokens to compute are *exactly* the mean of the class,
  :math:`1 - \sum w_i (p_i - c_i) / (\sum w_i \cdot input)`.

Where a performance model knows no prefix hits (``caching=False``) the whole input is computed, and
prefill is overstated by what the longest prompt is above the mean. The cuts between classes are
those with the least of that: :math:`\sum_i w_i (p_{max} - p_i)` over all classes, found by dynamic
programming over the sorted lengths. All of this is by definition.

Inside a class calls are alike: its time to the first token is that of its mean prompt to compute,
which those of its calls that find least exceed. More classes tell calls apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from solver.instance.services.calls import Call

__all__ = ["RequestClass", "request_classes"]


@dataclass(frozen=True, slots=True)
class RequestClass:
    """Requests served alike; ``prefix_hit`` ``None`` where prefix hits are not known."""

    input_tokens: int
    output_tokens: int
    share: Fraction
    prefix_hit: Fraction | None


def request_classes(
    calls: Sequence[Call], *, most: int, caching: bool = True
) -> tuple[RequestClass, ...]:
    """At most ``most`` classes for ``calls``, shares together 1, shortest prompts first.

    Raises
    ------
    ValueError
        If there is no call, or no class is allowed.
    """
    if not calls or most < 1:
        raise ValueError("a service needs a call, and a class for it")
    by_length: dict[int, list[Call]] = {}
    for call in calls:
        by_length.setdefault(call.input_tokens, []).append(call)
    lengths = sorted(by_length)
    weights = [sum((c.weight for c in by_length[length]), Fraction(0)) for length in lengths]
    total = sum(weights, Fraction(0))
    found: dict[tuple[int, int], RequestClass] = {}
    for first, last in _cuts(lengths, weights, most):
        members = [call for length in lengths[first:last] for call in by_length[length]]
        made = _class(members, total, caching=caching)
        place = (made.input_tokens, made.output_tokens)
        # Longer inputs by the context rule may meet those of the next class.
        found[place] = _joined(found[place], made) if place in found else made
    return tuple(sorted(found.values(), key=lambda each: (each.input_tokens, each.output_tokens)))


def _class(members: Sequence[Call], total: Fraction, *, caching: bool) -> RequestClass:
    weight = sum((call.weight for call in members), Fraction(0))
    written = sum((call.weight * call.output_tokens for call in members), Fraction(0))
    output = math.ceil(written / weight)
    around = sum(
        (
            call.weight * call.output_tokens * (call.input_tokens + Fraction(call.output_tokens, 2))
            for call in members
        ),
        Fraction(0),
    )
    longest = max(call.input_tokens for call in members)
    prompt = max(longest, math.ceil(around / written) - -(-output // 2))
    computed = sum((call.weight * call.prefill_tokens for call in members), Fraction(0)) / weight
    hit = 1 - computed / prompt if caching else None
    return RequestClass(prompt, output, weight / total, hit)


def _joined(one: RequestClass, other: RequestClass) -> RequestClass:
    share = one.share + other.share
    hit = None
    if one.prefix_hit is not None and other.prefix_hit is not None:
        hit = (one.share * one.prefix_hit + other.share * other.prefix_hit) / share
    return RequestClass(one.input_tokens, one.output_tokens, share, hit)


def _cuts(lengths: Sequence[int], weights: Sequence[Fraction], most: int) -> list[tuple[int, int]]:
    """Runs ``[first, last)`` of sorted lengths, at most ``most``, of least overstatement."""
    n = len(lengths)
    if n <= most:
        return [(i, i + 1) for i in range(n)]
    # Whole numbers: sums of fractions would take most of the time.
    unit = math.lcm(*(weight.denominator for weight in weights))
    mass, moment = [0], [0]
    for length, weight in zip(lengths, weights, strict=True):
        whole = int(weight * unit)
        mass.append(mass[-1] + whole)
        moment.append(moment[-1] + whole * length)

    def waste(first: int, last: int) -> int:
        return (mass[last] - mass[first]) * lengths[last - 1] - (moment[last] - moment[first])

    least = [waste(0, last) if last else 0 for last in range(n + 1)]
    start: list[list[int]] = []
    for runs in range(2, most + 1):
        before, chosen = least, [0] * (n + 1)
        least = list(before)
        for last in range(runs, n + 1):
            value, at = min((before[i] + waste(i, last), i) for i in range(runs - 1, last))
            least[last], chosen[last] = value, at
        start.append(chosen)
    found, end = [], n
    for chosen in reversed(start):
        found.append((chosen[end], end))
        end = chosen[end]
    found.append((0, end))
    return found[::-1]
