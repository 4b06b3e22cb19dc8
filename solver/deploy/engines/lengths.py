"""How long a request a server takes: the plan knows one size, and real ones vary around it.

Engines refuse a request that is longer than what they were started for, and reserve nothing for
that length: so a greater one costs no memory, but long requests leave room for fewer sequences.
"""

from __future__ import annotations

from collections.abc import Iterator

from solver.deploy.engines.contract import ServerPlan
from solver.errors import Fault

__all__ = ["length_refusals", "longest_request"]

_OPTION = "--context-tokens"


def longest_request(plan: ServerPlan) -> tuple[int, str] | None:
    """Tokens of the longest request that the server takes, and why; None where nobody says."""
    planned, asked = plan.design.context_tokens, plan.longest_tokens
    if asked is not None:
        than = "" if planned is None else f", where the plan counts on {planned}"
        return asked, (
            f"Requests of up to {asked} tokens, output included, as asked ({_OPTION}){than}; "
            "long ones leave room for fewer sequences"
        )
    if planned is None:
        return None
    return planned, (
        f"The plan knows requests of {planned} tokens, output included, and nothing of how they "
        f"vary; a longer one is refused ({_OPTION} N takes longer ones)"
    )


def length_refusals(plan: ServerPlan) -> Iterator[Fault]:
    """Lengths that the model does not read, and asked ones below that of the plan."""
    planned, asked = plan.design.context_tokens, plan.longest_tokens
    most = plan.model.max_context_tokens
    if planned is not None and most is not None and planned > most:
        yield plan.fault(
            f"requests of {planned} tokens are longer than the {most} that {plan.model.name} reads",
            "Shorten the requests in the instance, or choose a model with a longer context",
        )
    if asked is None:
        return
    if most is not None and asked > most:
        yield Fault(
            f"{_OPTION} {asked}",
            f"is more than the {most} tokens that {plan.model.name} reads",
            f"Give {_OPTION} {most} at most",
        )
    if planned is not None and asked < planned:
        yield Fault(
            f"{_OPTION} {asked}",
            f"is less than the {planned} tokens of the plan's requests to {plan.design.name}",
            f"Give {_OPTION} {planned} at least",
        )
