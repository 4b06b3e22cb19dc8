"""From workload entries to workloads: demand, request sizes, models, measured points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from solver.instance.fleet.attachments import Attachments
from solver.instance.fleet.batch_jobs import batch_job, mean_requests_per_s
from solver.instance.fleet.domain import MeasuredPoint, RequestSize, Workload, WorkloadModel
from solver.instance.fleet.drafts import draft_offer
from solver.instance.fleet.plausible import plain
from solver.instance.fleet.points_binding import PointTables
from solver.instance.fleet.sizes import request_sizes
from solver.instance.fleet.workload_records import WorkloadEntry, WorkloadModelRecord
from solver.instance.lookup import Lookup
from solver.instance.record_types import ModelFromConfig
from solver.instance.services.door import (
    check_caching,
    check_lengths,
    check_repeats,
    time_left_s,
)
from solver.instance.services.fleet_door import check_service, service_requests_per_s
from solver.instance.services.shape import ServiceShape

__all__ = ["WorkloadReader"]


@dataclass(frozen=True, slots=True)
class WorkloadReader:
    """What all workloads of one file are read with.

    Parameters
    ----------
    n_periods
        Periods of the day.
    demand_is_proportion
        A rate is maximised, so that demand may be left out: 1 request/s each.
    caching
        The performance model knows prefix hits.
    """

    lookup: Lookup
    attachments: Attachments
    tables: PointTables
    n_periods: int
    demand_is_proportion: bool
    caching: bool = False

    def workloads(self, entries: Sequence[WorkloadEntry]) -> tuple[Workload, ...]:
        """Every workload that can be read; the faults of the others are noted."""
        stated = [e for e in entries if e.requests_per_s is not None or e.tok_per_s is not None]
        stated += [e for e in entries if e.service is not None and e.service.sessions_per_s]
        found = [
            self._workload(entry, may_lack_demand=self.demand_is_proportion and not stated)
            for entry in entries
        ]
        self.attachments.warnings.extend(self.tables.unused_warnings())
        return tuple(workload for workload in found if workload is not None)

    def _workload(self, entry: WorkloadEntry, *, may_lack_demand: bool) -> Workload | None:
        key = f"workloads.{entry.name}"
        before = len(self.lookup.faults)
        sizes = request_sizes(entry, key, self.lookup, self.attachments, caching=self.caching)
        service = self._service(entry, key)
        max_ttft_s = entry.max_ttft_s
        if service is not None:
            max_ttft_s = time_left_s(service, max_ttft_s, f"{key}.service", self.lookup)
        requests_per_s = self._demand(entry, key, sizes, may_lack_demand)
        by_period = self._by_period(entry, key)
        models = self._models(entry, key)
        draft = draft_offer(entry, key, models, self.lookup)
        if entry.points is None and entry.points_meet_limits:
            self.lookup.fault(
                f"{key}.points_meet_limits", "there are no points", "Give points, or leave it out"
            )
        if sizes is None:
            return None
        if entry.points is None:
            if service is None:
                self._check_context(sizes, models, key)
            else:
                named = [(choice.name, choice.model) for choice in models]
                if draft is not None and draft.model is not None:
                    named.append((f"the draft {draft.model.name}", draft.model))
                check_lengths(service, named, f"{key}.service", self.lookup)
            points: tuple[MeasuredPoint, ...] = ()
        else:
            models, points = self.tables.bound(entry, key, sizes, models)
        if len(self.lookup.faults) > before:
            return None
        self._warn_of_unshown(entry, key, points)
        return Workload(
            name=entry.name,
            models=models,
            sizes=sizes,
            requests_per_s=requests_per_s,
            by_period=by_period,
            min_speed_tok_per_s=entry.min_speed_tok_per_s,
            max_ttft_s=max_ttft_s,
            target_speed_tok_per_s=entry.target_speed_tok_per_s,
            points=points,
            points_meet_limits=entry.points_meet_limits,
            prefix_hit=entry.prefix_hit or Fraction(0),
            batch=batch_job(entry),
            draft=draft,
            service=service,
        )

    def _service(self, entry: WorkloadEntry, key: str) -> ServiceShape | None:
        if entry.service is None:
            return None
        shape = entry.service.to_domain()
        check_service(entry, key, self.lookup)
        check_caching(shape, f"{key}.service", knows=self.caching, lookup=self.lookup)
        check_repeats(shape, f"{key}.service", self.lookup)
        return shape

    def _warn_of_unshown(
        self, entry: WorkloadEntry, key: str, points: Sequence[MeasuredPoint]
    ) -> None:
        """Say which points a limit leaves out because they do not show what it limits.

        Where none shows it that is a fault, told elsewhere.
        """
        if entry.points_meet_limits:
            return
        for limit, idle, measured in (
            ("min_speed_tok_per_s", "prefill", "tpot_s"),
            ("max_ttft_s", "decode", "ttft_s"),
        ):
            asked: Fraction | None = getattr(entry, limit)
            concerned = [point for point in points if point.phase != idle]
            lacking = [point for point in concerned if getattr(point, measured) is None]
            if asked is None or not 0 < len(lacking) < len(concerned):
                continue
            self.attachments.warnings.append(
                f"{key}.{limit}: {len(lacking)} of {len(concerned)} rows of {entry.points} give "
                f"no {measured} and are left out, since they cannot be shown to meet "
                f"{plain(asked)}; the first is {lacking[0].where}"
            )

    def _demand(
        self,
        entry: WorkloadEntry,
        key: str,
        sizes: tuple[RequestSize, ...] | None,
        may_be_missing: bool,
    ) -> Fraction:
        one = Fraction(1)
        requests, tokens = entry.requests_per_s, entry.tok_per_s
        if entry.batch is not None:
            return mean_requests_per_s(entry.batch)
        if entry.service is not None:
            shape = entry.service.to_domain()
            if shape.sessions_per_s is None and not may_be_missing:
                place = f"{key}.service.sessions_per_s"
                if not self.lookup.has_fault(place):
                    self.lookup.fault(place, "demand is missing", "Give it")
            return service_requests_per_s(shape)
        if requests is not None and tokens is not None:
            self.lookup.fault(
                key,
                f"demand is stated twice ({plain(requests)} requests/s, {plain(tokens)} tok/s)",
                "Keep requests_per_s or tok_per_s",
            )
            return one
        if requests is not None:
            return requests
        if tokens is not None:
            mean = sum((size.share * size.output_tokens for size in sizes or ()), Fraction(0))
            return tokens / (mean or one)
        if not may_be_missing and not self.lookup.has_fault(
            f"{key}.requests_per_s", f"{key}.tok_per_s", f"{key}.service"
        ):
            self.lookup.fault(f"{key}.requests_per_s", "demand is missing", "Give it, or tok_per_s")
        return one

    def _by_period(self, entry: WorkloadEntry, key: str) -> tuple[Fraction, ...]:
        factors = entry.by_period
        if factors is None:
            return (Fraction(1),) * self.n_periods
        if self.lookup.has_fault("periods"):
            return tuple(factors)
        if len(factors) != self.n_periods:
            self.lookup.fault(
                f"{key}.by_period",
                f"{len(factors)} factors for {self.n_periods} periods",
                "Give one factor for each of [[periods]]",
            )
        elif not any(factors):
            self.lookup.fault(
                f"{key}.by_period",
                "every factor is 0, so that nothing is asked for",
                "Give a factor above 0, or leave the workload out",
            )
        return tuple(factors)

    def _models(self, entry: WorkloadEntry, key: str) -> tuple[WorkloadModel, ...]:
        """Models that may serve it; empty where measured points are to name them."""
        if entry.model is not None and entry.models:
            self.lookup.fault(key, "has both model and models", "Keep one of them")
            return ()
        stated = list(entry.models)
        places = [f"{key}.models.{place}.model" for place in range(len(stated))]
        if entry.model is not None:
            stated, places = [WorkloadModelRecord(model=entry.model)], [f"{key}.model"]
        ways = (f"{key}.model", f"{key}.models", f"{key}.points")
        if not stated and entry.points is None and not self.lookup.has_fault(*ways):
            self.lookup.fault(
                f"{key}.model", "is missing", "Name a model of the catalog, or give points"
            )
        found = [
            self._model(record, place, measured=entry.points is not None)
            for record, place in zip(stated, places, strict=True)
        ]
        models = tuple(model for model in found if model is not None)
        names = [model.name for model in models]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            self.lookup.fault(f"{key}.models", f"{name!r} stands twice", "Keep one of them")
        return models

    def _model(
        self, record: WorkloadModelRecord, place: str, *, measured: bool
    ) -> WorkloadModel | None:
        choice = record.model
        if measured and isinstance(choice, str) and choice not in self.lookup.catalog.models:
            # Measured points stand for a model by themselves; the catalog need not know it.
            return WorkloadModel(choice, None, record.quality, record.source)
        model = self.lookup.model(place, choice)
        if model is None:
            return None
        name = model.name if isinstance(choice, ModelFromConfig) else choice
        return WorkloadModel(name, model, record.quality, record.source)

    def _check_context(
        self, sizes: tuple[RequestSize, ...], models: tuple[WorkloadModel, ...], key: str
    ) -> None:
        longest = max(size.input_tokens + size.output_tokens for size in sizes)
        for entry in models:
            most = entry.model.max_context_tokens if entry.model is not None else None
            if most is not None and longest > most:
                self.lookup.fault(
                    key,
                    f"a request of {longest} tokens is beyond the {most} of {entry.name}",
                    f"Ask for at most {most}, or name a model with a longer context",
                )
