"""What kept KV caches weigh, and what storing them costs.

By definition, and by Little's law. What a call leaves is its prompt and output, those of earlier
calls among them: ``kept_s`` is the time until the next call of the session takes it over. Time to
load a kept cache is not counted, nor the cache of a draft.

A session keeps ``kept_token_s`` tokens times seconds (``solver.instance.services.demand``); a
system prompt shared by all sessions is kept once, at all times. Bytes are tokens times the bytes of
one token's cache at the width it is stored in; a gigabyte is 10^9 bytes, a month 730 hours (8760
hours of a year by 12).
"""

from __future__ import annotations

from fractions import Fraction

from solver.instance.services.demand import session_demand
from solver.instance.services.shape import ServiceShape

__all__ = ["HOURS_PER_MONTH", "session_storage_usd", "storage_usd_per_hour", "stored_gb"]

HOURS_PER_MONTH = 730
_GB = 10**9


def stored_gb(
    shape: ServiceShape, *, mean_sessions_per_s: Fraction, kv_token_bytes: Fraction
) -> Fraction:
    """Gigabytes of KV caches kept at any moment, on average (by Little's law)."""
    if shape.cache is None or not shape.cache.kept_s:
        return Fraction(0)
    shared = shape.base_tokens if shape.cache.shared_system else 0
    tokens = mean_sessions_per_s * session_demand(shape).kept_token_s + shared
    return tokens * kv_token_bytes / _GB


def storage_usd_per_hour(
    shape: ServiceShape, *, mean_sessions_per_s: Fraction, kv_token_bytes: Fraction
) -> Fraction:
    """US$ an hour for what is kept."""
    if shape.cache is None:
        return Fraction(0)
    kept = stored_gb(shape, mean_sessions_per_s=mean_sessions_per_s, kv_token_bytes=kv_token_bytes)
    return kept * shape.cache.usd_per_gb_month / HOURS_PER_MONTH


def session_storage_usd(shape: ServiceShape, *, kv_token_bytes: Fraction) -> Fraction:
    """US$ for what one session keeps; the shared system prompt is nobody's in particular."""
    if shape.cache is None:
        return Fraction(0)
    gb_hours = session_demand(shape).kept_token_s * kv_token_bytes / _GB / 3600
    return gb_hours * shape.cache.usd_per_gb_month / HOURS_PER_MONTH
