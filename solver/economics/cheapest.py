"""The least cost of serving something, what stands behind it, and whether it is proved."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Cheapest"]


@dataclass(frozen=True, slots=True)
class Cheapest:
    """One answer.

    Parameters
    ----------
    serving_usd
        Of machines (and of electricity where it is billed); ``None`` where there is no plan.
    storage_usd
        Of kept KV caches.
    stored_gb
        KV caches kept at any moment, on average; ``None`` where no rate of sessions is known.
    plan
        In words.
    unproved
        Why a cheaper plan may exist; empty where none does.
    why_none
        Why there is no plan, where there is none.
    """

    serving_usd: Fraction | None = None
    storage_usd: Fraction = Fraction(0)
    stored_gb: Fraction | None = None
    plan: str = ""
    unproved: str = ""
    why_none: str = ""

    @property
    def usd(self) -> Fraction | None:
        """Both together."""
        return None if self.serving_usd is None else self.serving_usd + self.storage_usd
