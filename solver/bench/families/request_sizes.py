"""How long prompts and answers are: log-normal lengths by service, and their histograms.

Medians and spreads of public traces, quoted from the papers and, BurstGPT aside, not computed
again from the traces; nothing but how typical the lengths look depends on them:

* ``azure-conversation``, ``azure-code``: Azure LLM inference trace of 2023; medians as published in
  Splitwise (ISCA 2024, section III): prompts 1020 and 1500 tokens, answers 129 and 13. Spreads:
  the standard deviation of the logarithm that leads from those medians to the means of the trace
  (1155 and 2048; 211 and 28), sqrt(2 ln(mean / median)).
* ``sharegpt``: openchat_sharegpt4 as in Sarathi-Serve (OSDI 2024, table 2): prompts 1730 in the
  median and 5696 at the 90th percentile, answers 415 and 834.
* ``summaries``: arxiv_summarization, the same table: 7059 and 12985, 208 and 371.
* ``burstgpt``: from the first 38 answered requests of BurstGPT_1.csv (arXiv 2401.17644): medians
  594 and 337, standard deviations of the logarithm 1.47 and 0.89.

The 90th percentile of a log-normal is its median times exp(1.2816 sigma). Lengths of one request
are drawn independently, which traces are not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from solver.bench.families.draws import Draws

__all__ = ["SERVICES", "Service", "SizeClass", "drawn_mean_sizes", "histogram"]


@dataclass(frozen=True, slots=True)
class Service:
    """Lengths of requests of one service, log-normal and independent.

    Parameters
    ----------
    input_median, output_median
        Tokens.
    input_sigma, output_sigma
        Standard deviation of the natural logarithm.
    """

    name: str
    input_median: float
    input_sigma: float
    output_median: float
    output_sigma: float


SERVICES: tuple[Service, ...] = (
    Service("azure-conversation", 1020, 0.50, 129, 0.99),
    Service("azure-code", 1500, 0.79, 13, 1.24),
    Service("sharegpt", 1730, 0.93, 415, 0.54),
    Service("summaries", 7059, 0.48, 208, 0.45),
    Service("burstgpt", 594, 1.47, 337, 0.89),
)


@dataclass(frozen=True, slots=True)
class SizeClass:
    """Requests up to some size, as one class.

    Parameters
    ----------
    input_tokens, output_tokens
        Upper edges of the class: what it is served as, to be safe.
    weight
        Requests of it among ``1_000_000``, positive.
    """

    input_tokens: int
    output_tokens: int
    weight: int


def drawn_mean_sizes(draws: Draws, service: Service) -> tuple[int, int]:
    """Mean prompt and answer of a service like this one, whole tokens.

    Means vary from one customer to the next by a log-normal factor of sigma 0.3, which is ours.
    """
    mean_in = service.input_median * math.exp(service.input_sigma**2 / 2)
    mean_out = service.output_median * math.exp(service.output_sigma**2 / 2)
    return (
        max(16, round(draws.lognormal(mean_in, 0.3))),
        max(8, round(draws.lognormal(mean_out, 0.3))),
    )


def _shares(median: float, sigma: float, edges: Sequence[int]) -> list[float]:
    """Share of each class up to its edge; what is beyond the last counts to the last."""
    below = [
        0.5 * (1 + math.erf(math.log(edge / median) / (sigma * math.sqrt(2)))) for edge in edges
    ]
    below[-1] = 1.0
    return [high - low for low, high in zip([0.0, *below], below, strict=False)]


def histogram(
    service: Service, input_edges: Sequence[int], output_edges: Sequence[int]
) -> list[SizeClass]:
    """Requests of a service by class of size, as Melange (arXiv 2404.14527) cuts them.

    Parameters
    ----------
    input_edges, output_edges
        Ascending upper edges, tokens.

    Returns
    -------
    list of SizeClass
        One a pair of edges, by prompt and then by answer; those with less than one request among a
        million are left out.
    """
    inputs = _shares(service.input_median, service.input_sigma, input_edges)
    outputs = _shares(service.output_median, service.output_sigma, output_edges)
    classes = [
        SizeClass(i, o, round(1_000_000 * p * q))
        for i, p in zip(input_edges, inputs, strict=True)
        for o, q in zip(output_edges, outputs, strict=True)
    ]
    return [one for one in classes if one.weight]
