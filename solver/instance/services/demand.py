"""What a service asks of a model: totals of a session, means for a replica, rates for a fleet."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from solver.instance.services.calls import sessions
from solver.instance.services.shape import ServiceShape

__all__ = ["MeanRequest", "SessionDemand", "longest_call_tokens", "mean_request", "session_demand"]


@dataclass(frozen=True, slots=True)
class SessionDemand:
    """Totals of a mean session; exact.

    Parameters
    ----------
    calls
        Requests to the model.
    input_tokens
        Tokens of all their prompts; ``prefill_tokens`` of them are computed, ``cached_tokens`` are
        found in the cache.
    output_tokens
        Decoded tokens, reasoning included; ``visible_tokens`` of them are answers.
    kept_token_s
        Tokens in the cache times the seconds they are kept there.
    """

    calls: Fraction
    input_tokens: Fraction
    cached_tokens: Fraction
    output_tokens: Fraction
    visible_tokens: Fraction
    kept_token_s: Fraction

    @property
    def prefill_tokens(self) -> Fraction:
        """Tokens of prompts that are computed."""
        return self.input_tokens - self.cached_tokens


@dataclass(frozen=True, slots=True)
class MeanRequest:
    """One request in the place of all calls of a session, for a replica question.

    Parameters
    ----------
    input_tokens
        Mean prompt, rounded up.
    output_tokens
        Mean output, rounded down (at least 1): more prefill a token than there is, never less.
    prefix_hit
        Share of all prompt tokens that is found; the prefill a request is then at least the mean.
    context_tokens
        Tokens in the context of a decoded token, on average over decoded tokens, rounded up.
    """

    input_tokens: int
    output_tokens: int
    prefix_hit: Fraction
    context_tokens: int


def session_demand(shape: ServiceShape) -> SessionDemand:
    """Totals of a mean session of ``shape``."""
    calls = sessions(shape)
    zero = Fraction(0)
    kept_s = shape.cache.kept_s if shape.cache is not None else zero
    visible = sum((size.share * size.visible_tokens for size in shape.visible), zero)
    return SessionDemand(
        calls=sum((call.weight for call in calls), zero),
        input_tokens=sum((call.weight * call.input_tokens for call in calls), zero),
        cached_tokens=sum((call.weight * call.cached_tokens for call in calls), zero),
        output_tokens=sum((call.weight * call.output_tokens for call in calls), zero),
        visible_tokens=shape.turns * visible,
        kept_token_s=sum((call.weight * call.kept_tokens for call in calls), zero) * kept_s,
    )


def mean_request(shape: ServiceShape) -> MeanRequest:
    """The request that stands for all calls of ``shape``.

    By definition. Means leave out how calls spread about them: attention over prompts of different
    lengths takes longer than over equal ones of the same mean, and calls that find less in the
    cache than the mean one, such as the first, wait longer for the first token than it does. A
    fleet, which has classes, keeps the spread.
    """
    demand = session_demand(shape)
    around = sum(
        (
            call.weight * call.output_tokens * (call.input_tokens + Fraction(call.output_tokens, 2))
            for call in sessions(shape)
        ),
        Fraction(0),
    )
    return MeanRequest(
        input_tokens=math.ceil(demand.input_tokens / demand.calls),
        output_tokens=max(1, math.floor(demand.output_tokens / demand.calls)),
        prefix_hit=demand.cached_tokens / demand.input_tokens,
        context_tokens=math.ceil(around / demand.output_tokens),
    )


def longest_call_tokens(shape: ServiceShape) -> int:
    """Prompt and output of the longest call."""
    return max(call.input_tokens + call.output_tokens for call in sessions(shape))
