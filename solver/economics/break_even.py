r"""Loads at which whole replicas beat a price per token.

A replica costs P US$ an hour and makes at most X tokens/s; a load of λ tokens/s takes
:math:`k = \lceil \lambda / X \rceil` of them. Whoever pays by the token pays :math:`g \lambda` US$
an hour. On step k replicas are no dearer from :math:`\lambda_k = kP/g` on, if that is at most kX:

* :math:`P > gX`: a full replica is dearer than its tokens, on every step: never;
* else from :math:`\lambda_1 = P/g` on, at a utilisation :math:`u = P/(gX)` of one replica. After
  that a new replica may be too empty once more: step k starts with a loss where
  :math:`kP/g > (k-1)X`, that is :math:`k (1 - u) < 1`. The last such k gives the load
  :math:`\lambda_{last} = kP/g` from which on replicas are never dearer again; there is none where
  u = 1, as a new replica pays only when full.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from solver.instance.domain import Traffic
from solver.instance.economics import ApiOffer

__all__ = ["Crossing", "Staircase", "api_usd_per_mtok", "api_usd_per_tok_hour"]


def api_usd_per_mtok(offer: ApiOffer, traffic: Traffic | None) -> Fraction:
    """List price for a million output tokens with the prompts that belong to them.

    Without prompts in the question output alone is paid. A prefix that is cached already is paid as
    any other input: a list price knows no discount unless it says so.
    """
    if traffic is None:
        return offer.usd_per_mtok_output
    ratio = Fraction(traffic.input_tokens, traffic.output_tokens)
    return offer.usd_per_mtok_output + ratio * offer.usd_per_mtok_input


def api_usd_per_tok_hour(usd_per_mtok: Fraction) -> Fraction:
    """US$ an hour for every token/s at a price per million tokens."""
    return usd_per_mtok * 3600 / 10**6


@dataclass(frozen=True, slots=True)
class Crossing:
    """A load at which replicas stop being dearer.

    ``utilisation`` is that of all ``replicas`` together.
    """

    tok_per_s: Fraction
    replicas: int
    utilisation: Fraction

    @property
    def mtok_per_day(self) -> Fraction:
        """Million output tokens a day."""
        return self.tok_per_s * 86400 / 10**6

    def requests_per_s(self, output_tokens: Fraction | int) -> Fraction:
        """At a mean length of answers."""
        return self.tok_per_s / output_tokens


@dataclass(frozen=True, slots=True)
class Staircase:
    """Replicas of one design against a price per token; see the module's text.

    Parameters
    ----------
    usd_per_hour
        P, above 0.
    tok_per_s
        X, above 0.
    usd_per_tok_hour
        g: US$ an hour for every token/s, 0 or below where tokens are given away.
    """

    usd_per_hour: Fraction
    tok_per_s: Fraction
    usd_per_tok_hour: Fraction

    def __post_init__(self) -> None:
        if self.usd_per_hour <= 0 or self.tok_per_s <= 0:
            raise ValueError("a replica has a price and makes tokens")

    @property
    def pays(self) -> bool:
        """Whether a full replica is no dearer than its tokens."""
        return self.usd_per_hour <= self.usd_per_tok_hour * self.tok_per_s

    @property
    def first(self) -> Crossing | None:
        """Least load at which replicas are no dearer; ``None``: at none."""
        return self._crossing(1) if self.pays else None

    @property
    def last(self) -> Crossing | None:
        """Load from which on they are never dearer again; ``None``: there is none."""
        if not self.pays:
            return None
        spare = 1 - self.usd_per_hour / (self.usd_per_tok_hour * self.tok_per_s)
        if spare == 0:
            return None
        # The greatest whole k with k * spare < 1; the first step always starts from nothing.
        return self._crossing(max(-(-spare.denominator // spare.numerator) - 1, 1))

    def _crossing(self, replicas: int) -> Crossing:
        load = replicas * self.usd_per_hour / self.usd_per_tok_hour
        return Crossing(load, replicas, load / (replicas * self.tok_per_s))

    def costs(self, tok_per_s: Fraction) -> tuple[Fraction, Fraction]:
        """US$ an hour of replicas and of tokens at a load, 0 or more."""
        replicas = -(-tok_per_s // self.tok_per_s)
        return replicas * self.usd_per_hour, tok_per_s * self.usd_per_tok_hour
