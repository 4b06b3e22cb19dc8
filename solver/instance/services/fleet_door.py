"""A service in a fleet question: checks, request classes, and demand in requests/s."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from solver.instance.fleet.domain import RequestSize
from solver.instance.services.calls import sessions
from solver.instance.services.door import FaultTaker, check_instead
from solver.instance.services.grouping import request_classes
from solver.instance.services.shape import ServiceShape

if TYPE_CHECKING:
    from solver.instance.fleet.workload_records import WorkloadEntry

__all__ = ["check_service", "service_requests_per_s", "service_sizes"]


def check_service(entry: WorkloadEntry, key: str, lookup: FaultTaker) -> None:
    """Note keys of a workload that its table ``service`` leaves no room for."""
    others = (
        ("input_tokens", entry.input_tokens is not None),
        ("output_tokens", entry.output_tokens is not None),
        ("sizes", bool(entry.sizes)),
        ("histogram", entry.histogram is not None),
        ("prefix_hit", entry.prefix_hit is not None),
        ("requests_per_s", entry.requests_per_s is not None),
        ("tok_per_s", entry.tok_per_s is not None),
    )
    check_instead(key, others, lookup, of="workloads.service")
    if entry.batch is not None:
        lookup.fault(
            f"{key}.batch",
            "requests of a batch job wait for a deadline, calls of a session for the one before",
            "Leave it out, or make it a workload of its own",
        )
    if entry.points is not None:
        lookup.fault(
            f"{key}.points",
            "operating points are measured on requests, not on the calls of a service",
            "Leave them out and offer designs in [design], or leave the table service out",
        )


def service_sizes(shape: ServiceShape, *, caching: bool) -> tuple[RequestSize, ...]:
    """Request classes of a service (``solver.instance.services.grouping``)."""
    return tuple(
        RequestSize(each.input_tokens, each.output_tokens, each.share, each.prefix_hit)
        for each in request_classes(sessions(shape), most=shape.classes, caching=caching)
    )


def service_requests_per_s(shape: ServiceShape) -> Fraction:
    """Calls a second at the busiest period; one session a second where no rate is stated."""
    rate = Fraction(1) if shape.sessions_per_s is None else shape.sessions_per_s
    return rate * shape.calls_per_session
