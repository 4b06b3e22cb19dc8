r"""How much load a pool of replicas may carry so that few requests wait long: an exact table.

A pool of k replicas behind one queue is taken for M/M/k: arrivals at random (Poisson), each replica
one server with exponential service of rate mu, its sustained requests/s. With offered load a (in
replicas), the share that waits longer than t is (Erlang 1917)

.. math::
    P(W > t) = C(k, a)\, e^{-(k - a) \mu t}, \qquad
    C(k, a) = \frac{B}{1 - (1 - B) a / k},

B the Erlang-B blocking share, by :math:`B_0 = 1, B_j = a B_{j-1} / (j + a B_{j-1})`.
:math:`g(k)` is the greatest a with :math:`P(W > t) \le 1 - p`. It rises with k faster than k: large
pools need less room, which is why a pool is a column of its own.

The approximation: a replica serves a batch, not one request after another. A replica with room for
B requests is closer to B slow servers of rate mu / B. Then the exponent stays, since
:math:`(kB - aB) \mu / B = (k - a) \mu`, and C(kB, aB) is smaller than C(k, a): one fast server a
replica overstates waiting, so the table errs to the safe side there. Arrivals in bursts, and
requests of unequal length, err to the other side.

With s spare replicas a pool of k carries the load of k - s.

Numbers: decimals of 50 digits decide at multiples of 10^-9; floats only say where to look. The
waiting share rises with the load, so the greatest multiple that meets the percentile is the answer,
rounded down.
"""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance, Service

__all__ = ["greatest_load", "pool_loads", "share_that_waits", "uses_pools"]

_CONTEXT = decimal.Context(prec=50)
_STEPS = 10**9
"""Loads are whole multiples of 10^-9 replicas."""


def uses_pools(service: Service) -> bool:
    """Whether replicas come in pools at all."""
    return service.wait_percentile is not None or service.spare_replicas > 0


def share_that_waits(k: int, load: Fraction, mu_t: Fraction) -> Decimal:
    """Share of requests that wait longer than t; ``mu_t`` is mu times t.

    Parameters
    ----------
    k
        Servers, at least 1.
    load
        Offered load in servers, from 0 up to below ``k``.
    """
    if not 0 <= load < k:
        raise ValueError(f"a load of {load} is not below {k} servers")
    with decimal.localcontext(_CONTEXT):
        a = Decimal(load.numerator) / Decimal(load.denominator)
        blocked = Decimal(1)
        for j in range(1, k + 1):
            blocked = a * blocked / (j + a * blocked)
        waits = blocked / (1 - (1 - blocked) * a / k)
        decay = (k - a) * Decimal(mu_t.numerator) / Decimal(mu_t.denominator)
        return waits * (-decay).exp()


@lru_cache(maxsize=65536)
def greatest_load(k: int, mu_t: Fraction, percentile: Fraction) -> Fraction:
    """g(k): the greatest load, a multiple of 10^-9 below k, that meets the percentile.

    ``mu_t`` is the rate of one replica times the longest wait.

    Raises
    ------
    ValueError
        If the percentile is not between 0 and 1, both excluded.
    """
    if not 0 < percentile < 1:
        raise ValueError(f"a percentile lies between 0 and 1 (got {percentile})")
    with decimal.localcontext(_CONTEXT):
        most = 1 - Decimal(percentile.numerator) / Decimal(percentile.denominator)

    def meets(steps: int) -> bool:
        return share_that_waits(k, Fraction(steps, _STEPS), mu_t) <= most

    # A bracket that doubles around the guess, then halves: correct wherever the guess lies.
    low = min(max(int(_guess(k, float(mu_t), float(most)) * _STEPS), 0), k * _STEPS - 1)
    width = 1
    while low > 0 and not meets(low):
        low, width = max(low - width, 0), 2 * width
    high, width = low + 1, 1
    while high < k * _STEPS and meets(high):
        low, high, width = high, min(high + width, k * _STEPS), 2 * width
    while high - low > 1:
        middle = (low + high) // 2
        if meets(middle):
            low = middle
        else:
            high = middle
    return Fraction(low, _STEPS)


def _guess(k: int, mu_t: float, most: float) -> float:
    """Near g(k): false position on the logarithm of the waiting share (Illinois variant)."""

    def excess(load: float) -> float:
        blocked = 1.0
        for j in range(1, k + 1):
            blocked = load * blocked / (j + load * blocked)
        waits = blocked / (1 - (1 - blocked) * load / k)
        return math.log(waits) - (k - load) * mu_t - math.log(most)

    low, high = 1e-9 * k, k * (1 - 1e-12)
    below, above = excess(low), excess(high)
    if below > 0:
        return 0.0
    moved = 0
    for step in range(60):
        # Halving first: far from the answer the logarithm is anything but straight.
        slope = above - below
        load = (low + high) / 2 if step < 4 else (low * above - high * below) / slope
        found = excess(load)
        if abs(found) < 1e-10 or high - low < 1e-9:
            return load
        side = 1 if found > 0 else -1
        if side > 0:
            high, above = load, found
            below /= 2 if moved == side else 1
        else:
            low, below = load, found
            above /= 2 if moved == side else 1
        moved = side
    return low


def _rounded_down(value: Fraction) -> Fraction:
    """To three digits, so that replicas of nearly one rate share a line of the table.

    A slower rate means longer waits, so the load found is safe.
    """
    if value <= 0:
        return Fraction(0)
    digits = 2 - math.floor(math.log10(value))
    up, down = 10 ** max(digits, 0), 10 ** max(-digits, 0)
    return Fraction(value.numerator * up // (value.denominator * down) * down, up)


def pool_loads(
    instance: FleetInstance, rate: Fraction, *, may_wait: bool = False
) -> tuple[tuple[int, Fraction], ...]:
    """(replicas, load in replicas) of every pool worth having, at ``rate`` requests/s a replica.

    One pool of one replica, fully loaded, where no headroom is asked for. Requests that
    ``may_wait`` for hours (batch work) need spares, and no room for waiting.

    Raises
    ------
    InstanceError
        If a waiting time is given without its percentile or the reverse, or the largest pool is
        all spare.
    """
    service = instance.service
    if (service.wait_percentile is None) != (service.max_wait_s is None):
        raise InstanceError.one(
            "a percentile of waiting and the longest wait go together",
            where=f"{instance.source}: service",
            mend="Give both wait_percentile and max_wait_s, or neither",
        )
    if not uses_pools(service):
        return ((1, Fraction(1)),)
    spare = service.spare_replicas
    if service.max_pool <= spare:
        raise InstanceError.one(
            f"pools of at most {service.max_pool} replicas with {spare} spare carry nothing",
            where=f"{instance.source}: service.max_pool",
            mend=f"Allow pools of more than {spare}",
        )
    if may_wait and not spare:
        return ((1, Fraction(1)),)
    if may_wait or service.wait_percentile is None or service.max_wait_s is None:
        return tuple((k, Fraction(k - spare)) for k in range(spare + 1, service.max_pool + 1))
    mu_t = _rounded_down(rate * service.max_wait_s)
    return _waiting_pools(mu_t, service.wait_percentile, spare, service.max_pool)


@lru_cache(maxsize=65536)
def _waiting_pools(
    mu_t: Fraction, percentile: Fraction, spare: int, max_pool: int
) -> tuple[tuple[int, Fraction], ...]:
    loads = (
        (k, greatest_load(k - spare, mu_t, percentile)) for k in range(spare + 1, max_pool + 1)
    )
    return tuple((k, load) for k, load in loads if load > 0)
