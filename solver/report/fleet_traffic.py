"""Which part of its workload every group of replicas carries, and how busy that keeps them.

Where requests are told apart by size the result says who carries what. Else traffic is shared in
proportion to what replicas can serve, so that all of a workload are equally busy; where prefill and
decode stand apart, aggregated replicas count against as much of both as the smaller pool can serve,
of each model and KV width by itself: a cache is handed over within these alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

__all__ = ["Traffic", "traffic_of"]

_POOLS = ("prefill", "decode")
_RATES = ("requests_per_s", "tok_per_s")
_Group = tuple[str, str]
"""Workload and period."""
_Side = tuple[str, tuple[str, int | None]]
"""Phase, and the KV cache that is handed over: its model and width."""
_WHOLE: _Side = ("aggregated", ("", None))


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one entry of ``replicas`` carries; ``None`` where the result does not say.

    Parameters
    ----------
    share
        Of the requests (of their prompts, or of their output) of its workload in its period; of
        batch work: of those of the day, so that the shares of periods say when it is worked off.
    load
        Part of what the entry's replicas may be asked for, headroom taken off, that is asked.
    """

    share: float | None
    load: float | None


def traffic_of(document: Mapping[str, Any], design: Mapping[str, Any]) -> list[Traffic]:
    """The traffic of each entry of ``replicas``, in their order."""
    entries: Sequence[Mapping[str, Any]] = design.get("replicas", ())
    resolved = document["instance"].get("resolved", {})
    routed = _routed(resolved, design)
    batches = _batch_seconds(resolved)
    units: dict[str, int] = {}
    groups: dict[_Group, list[Mapping[str, Any]]] = {}
    for entry in entries:
        units[entry["option"]] = units.get(entry["option"], 0) + entry["count"]
        groups.setdefault(_group(entry, batches), []).append(entry)
    pools = {
        key: _Pools(resolved, design, key, found, batches.get(key[0]))
        for key, found in groups.items()
    }
    return [
        Traffic(_part(routed[entry["option"]].share, entry, units), routed[entry["option"]].load)
        if entry["option"] in routed
        else pools[_group(entry, batches)].traffic(entry)
        for entry in entries
    ]


def _group(entry: Mapping[str, Any], batches: Mapping[str, Any]) -> _Group:
    # A batch is one demand, whenever it is worked off.
    name = entry["workload"]
    return name, "" if name in batches else entry.get("period", "")


def _batch_seconds(resolved: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """By name of each workload that is batch work: seconds of every period of the day."""
    seconds = {
        str(period["name"]): float(Fraction(str(period["hours"]))) * 3600
        for period in resolved.get("periods") or ()
    }
    return {
        str(workload["name"]): seconds
        for workload in resolved.get("workloads") or ()
        if isinstance(workload, Mapping) and workload.get("batch") is not None
    }


def _part(share: float | None, entry: Mapping[str, Any], units: Mapping[str, int]) -> float | None:
    """The entry's part of the share of its option, which may stand in several places."""
    return None if share is None else share * entry["count"] / units[entry["option"]]


class _Pools:
    """Replicas of one workload in one period, by phase, and the demand they share."""

    def __init__(
        self,
        resolved: Mapping[str, Any],
        design: Mapping[str, Any],
        group: _Group,
        entries: Sequence[Mapping[str, Any]],
        seconds: Mapping[str, float] | None,
    ) -> None:
        self._seconds = seconds
        self._rate = next(
            (name for name in _RATES if all(entry.get(name) for entry in entries)), None
        )
        self._able: dict[_Side, float] = {}
        for entry in entries if self._rate is not None else ():
            side = _side(entry)
            self._able[side] = self._able.get(side, 0.0) + self._most(entry)
        self._paired = {
            cache: min(self._able.get((phase, cache), 0.0) for phase in _POOLS)
            for phase, cache in self._able
            if phase in _POOLS
        }
        """What both pools of a KV cache together can serve from the prompt to the last token."""
        self._demand = _demand(resolved, design, group, self._rate)

    def _most(self, entry: Mapping[str, Any]) -> float:
        rate = 0.0 if self._rate is None else float(entry[self._rate])
        # Of a batch: what is done in the whole period; a single period has no name in an entry.
        length = 1.0
        if self._seconds is not None:
            length = self._seconds.get(entry.get("period", "")) or sum(self._seconds.values())
        return float(entry["count"]) * rate * length

    def traffic(self, entry: Mapping[str, Any]) -> Traffic:
        """The traffic of one of the entries."""
        side, most = _side(entry), self._most(entry)
        whole = self._able.get(_WHOLE, 0.0) + sum(self._paired.values())
        if not most or not whole:
            return Traffic(None, None)
        served = self._able[side] if side == _WHOLE else self._paired[side[1]]
        share = served / whole * most / self._able[side]
        return Traffic(share, None if self._demand is None else share * self._demand / most)


def _side(entry: Mapping[str, Any]) -> _Side:
    phase = str(entry.get("phase", ""))
    return (phase, (entry.get("model", ""), entry.get("kv_bits"))) if phase in _POOLS else _WHOLE


def _demand(
    resolved: Mapping[str, Any], design: Mapping[str, Any], group: _Group, rate: str | None
) -> float | None:
    """What the workload asks for in the period, in requests/s or tokens/s as ``rate`` says.

    Of batch work: what it asks for in a day, in requests or tokens.
    """
    bare = resolved.get("demand_milli_tok_per_s")
    if bare is not None:
        number = group[0].removeprefix("workload ")
        known = rate == "tok_per_s" and number.isdecimal() and int(number) < len(bare)
        return float(bare[int(number)]) / 1000 if known else None
    found = [
        workload
        for workload in resolved.get("workloads") or ()
        if isinstance(workload, Mapping) and workload.get("name") == group[0]
    ]
    if rate is None or len(found) != 1:
        return None
    requests = _requests(found[0])
    if found[0].get("batch") is not None:
        requests = Fraction(str(found[0]["batch"]["requests_per_day"]))
    periods = [str(period["name"]) for period in resolved.get("periods") or ()]
    factors: Sequence[Any] = found[0].get("by_period") or ()
    if found[0].get("batch") is None and group[1] in periods and len(factors) == len(periods):
        requests *= Fraction(str(factors[periods.index(group[1])]))
    elif len(factors) == 1:
        requests *= Fraction(str(factors[0]))
    if rate == "tok_per_s":
        requests *= _output_tokens(found[0])
    return float(requests) * _pace(resolved, design)


def _requests(workload: Mapping[str, Any]) -> Fraction:
    return Fraction(str(workload.get("requests_per_s", 0)))


def _output_tokens(workload: Mapping[str, Any]) -> Fraction:
    """Mean output tokens of a request."""
    return sum(
        (
            Fraction(str(size["share"])) * int(size["output_tokens"])
            for size in workload.get("sizes", ())
        ),
        Fraction(0),
    )


def _pace(resolved: Mapping[str, Any], design: Mapping[str, Any]) -> float:
    """How often the stated demand is served: it is a proportion where throughput is traded off."""
    if "throughput" not in resolved.get("trade_off", ()) or design.get("tok_per_s") is None:
        return 1.0
    hours = [Fraction(str(period["hours"])) for period in resolved["periods"]]
    stated = sum(
        (
            _requests(workload) * _output_tokens(workload) * Fraction(str(factor)) * length / 24
            for workload in resolved["workloads"]
            for factor, length in zip(workload["by_period"], hours, strict=True)
        ),
        Fraction(0),
    )
    return float(design["tok_per_s"]) / float(stated) if stated else 1.0


def _routed(resolved: Mapping[str, Any], design: Mapping[str, Any]) -> dict[str, Traffic]:
    """Share of requests and load by option, from the shares of each size of request."""
    weight: dict[tuple[str, str], float] = {}
    for workload in resolved.get("workloads") or ():
        if not isinstance(workload, Mapping):
            continue
        for size in workload.get("sizes", ()):
            name = f"{size['input_tokens']} in, {size['output_tokens']} out"
            weight[str(workload["name"]), name] = float(Fraction(str(size["share"])))
    shares: dict[str, float] = {}
    loads: dict[str, float | None] = {}
    for entry in design.get("shares", ()):
        key = entry["workload"], entry["size"]
        if entry.get("share") is None or key not in weight:
            continue
        option, busy = entry["option"], entry.get("busy")
        shares[option] = shares.get(option, 0.0) + entry["share"] * weight[key]
        before = loads.get(option, 0.0)
        loads[option] = None if busy is None or before is None else before + busy
    return {option: Traffic(share, loads[option]) for option, share in shares.items()}
