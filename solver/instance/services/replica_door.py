"""A service in a replica question: checks, and the mean request that stands for its calls.

Prompts and output come in the mean over all calls of a session, prefix hits as the share of all
prompt tokens; the context is that of a decoded token, averaged over decoded tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from solver.catalog.domain import Model
from solver.instance.domain import Limits, Traffic
from solver.instance.services.demand import mean_request
from solver.instance.services.door import (
    FaultTaker,
    check_instead,
    check_lengths,
    check_repeats,
    time_left_s,
)
from solver.instance.services.shape import ServiceShape

if TYPE_CHECKING:
    from solver.instance.records import ReplicaFile

__all__ = ["replica_limits", "replica_service", "service_context", "service_traffic"]

_KEY = "workload.service"
_CALIBRATED = "calibrated"


def replica_service(
    record: ReplicaFile, served: Sequence[Model], lookup: FaultTaker
) -> ServiceShape | None:
    """The service that a file states; what is wrong around it is noted."""
    workload = record.workload
    if workload.service is None:
        return None
    shape = workload.service.to_domain()
    if record.performance.model != _CALIBRATED:
        lookup.fault(
            _KEY,
            f"{record.performance.model} does not know prompts beside the output",
            'Write context_tokens, or model = "calibrated" in [performance]',
        )
    if shape.sessions_per_s is not None:
        lookup.fault(
            f"{_KEY}.sessions_per_s",
            "a replica question has no rate of sessions",
            "Leave it out, or ask about a fleet",
        )
    keys = ("context_tokens", "input_tokens", "output_tokens", "prefix_hit")
    check_instead(
        "workload", ((key, getattr(workload, key) is not None) for key in keys), lookup, of=_KEY
    )
    check_repeats(shape, _KEY, lookup)
    time_left_s(shape, record.limits.max_ttft_s, _KEY, lookup)
    check_lengths(shape, [(model.name, model) for model in served], _KEY, lookup)
    return shape


def service_traffic(shape: ServiceShape) -> Traffic:
    """Prompts beside the output of a replica that serves ``shape``."""
    request = mean_request(shape)
    return Traffic(request.input_tokens, request.output_tokens, request.prefix_hit)


def service_context(shape: ServiceShape) -> int:
    """Tokens in the context of a decoded token, on average."""
    return mean_request(shape).context_tokens


def replica_limits(limits: Limits, shape: ServiceShape | None) -> Limits:
    """``limits`` of the service as a whole, retrieval taken off the time to the first token."""
    if shape is None or limits.max_ttft_s is None:
        return limits
    return replace(limits, max_ttft_s=limits.max_ttft_s - shape.retrieval_s)
