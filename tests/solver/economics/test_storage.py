from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from solver.economics.storage import session_storage_usd, storage_usd_per_hour, stored_gb
from solver.instance.services.shape import PrefixCache, ServiceShape, VisibleSize

KEPT = PrefixCache(
    Fraction(1), kept_s=Fraction(10), usd_per_gb_month=Fraction(73, 100), source="a price list"
)
CHAT = ServiceShape(turns=1, visible=(VisibleSize(600, 400),), system_tokens=2000, cache=KEPT)
BYTES = Fraction(100_000)


def test_what_is_kept_is_arrivals_times_time_and_the_shared_prompt_once() -> None:
    # 2 sessions/s x 10 s x 1000 tokens, and 2000 of the system prompt: 22,000 tokens of 100 kB.
    found = stored_gb(CHAT, mean_sessions_per_s=Fraction(2), kv_token_bytes=BYTES)
    assert found == Fraction(22, 10)


def test_an_hour_of_storage_is_a_730th_of_a_month() -> None:
    found = storage_usd_per_hour(CHAT, mean_sessions_per_s=Fraction(2), kv_token_bytes=BYTES)
    assert found == Fraction(22, 10) / 1000


def test_a_session_pays_for_what_it_keeps_itself() -> None:
    # 1000 tokens for 10 s: 0.1 GB for 1/360 hour.
    assert session_storage_usd(CHAT, kv_token_bytes=BYTES) == Fraction(1, 3600) / 1000


def test_nothing_is_kept_without_a_cache_or_a_time() -> None:
    for cache in (None, replace(KEPT, kept_s=Fraction(0))):
        shape = replace(CHAT, cache=cache)
        rate = Fraction(2)
        assert stored_gb(shape, mean_sessions_per_s=rate, kv_token_bytes=BYTES) == 0
        assert storage_usd_per_hour(shape, mean_sessions_per_s=rate, kv_token_bytes=BYTES) == 0
        assert session_storage_usd(shape, kv_token_bytes=BYTES) == 0
