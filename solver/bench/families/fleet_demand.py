"""Workloads and stocks that fit together: how much work a request is, roughly, on each device.

A fleet question is neither empty nor impossible only if demand and stock are of one order. The
estimate here sets that order and nothing else: the answer comes from the performance model. Weights
and KV cache in 8 bits, a batch of 32, the efficiencies of an H100 (arXiv 2506.04645):

    device seconds a request = 2 P I / (0.7 F) + O (P / 32 + (I + O / 2) k) / (0.75 W)

with P parameters at work, I and O tokens of prompt and answer, k bytes of KV cache a token,
F flop/s and W bytes/s of HBM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from solver.bench.families.draws import Draws
from solver.bench.families.request_sizes import SERVICES, drawn_mean_sizes
from solver.catalog.shipped import shipped_catalog

__all__ = [
    "MODELS",
    "Demand",
    "device_seconds",
    "drawn_demands",
    "limits_of",
    "worth_in_h100",
]

MODELS: tuple[str, ...] = (
    "Llama-3.1-8B",
    "Qwen3-8B",
    "Mistral-7B-v0.3",
    "Phi-4",
    "Qwen2.5-32B",
    "Qwen3-32B",
    "Llama-3.1-70B",
    "Qwen2.5-72B",
)
_BATCH = 32
_REFERENCE = "H100 SXM"


@dataclass(frozen=True, slots=True)
class Demand:
    """One stream of requests.

    Parameters
    ----------
    device_seconds
        Of an H100, a second: how many of them it keeps busy.
    """

    name: str
    model: str
    input_tokens: int
    output_tokens: int
    requests_per_s: float
    device_seconds: float

    def scaled(self, factor: float) -> Demand:
        """``factor`` times as many of the same requests, to two digits."""
        return replace(
            self,
            requests_per_s=float(f"{factor * self.requests_per_s:.2g}"),
            device_seconds=factor * self.device_seconds,
        )


def device_seconds(accelerator: str, model: str, input_tokens: int, output_tokens: int) -> float:
    """Seconds of one device that a request takes, see the module's text.

    Raises
    ------
    ValueError
        If the catalog does not say how many parameters the model has.
    """
    device = shipped_catalog().accelerators[accelerator]
    served = shipped_catalog().models[model]
    params = served.stated_active_params or served.stated_params
    if params is None:
        raise ValueError(f"{model}: its number of parameters is not stated")
    flop_per_s = device.flop_per_s.get(8, device.flop_per_s[16])
    kv_bytes = 2 * served.layers * served.n_kv_heads * served.head_dim
    prefill_s = 2 * params * input_tokens / (0.7 * flop_per_s)
    bytes_a_token = params / _BATCH + (input_tokens + output_tokens / 2) * kv_bytes
    return prefill_s + output_tokens * bytes_a_token / (0.75 * device.hbm_bytes_per_s)


def drawn_demands(draws: Draws, count: int, *, devices: float) -> list[Demand]:
    """Workloads that together keep about ``devices`` H100 busy.

    Each has a model and a mean size of a public trace of its own; how much of the whole it is
    varies by a log-normal factor of sigma 0.6, which is ours.
    """
    parts = [draws.lognormal(1, 0.6) for _ in range(count)]
    demands = []
    for number, part in enumerate(parts):
        model = draws.one_of(MODELS)
        service = draws.one_of(SERVICES)
        prompt, answer = drawn_mean_sizes(draws, service)
        busy = devices * part / sum(parts)
        rate = busy / device_seconds(_REFERENCE, model, prompt, answer)
        demand = Demand(f"{service.name}-{number + 1}", model, prompt, answer, rate, busy)
        demands.append(demand.scaled(1))
    return demands


def worth_in_h100(accelerator: str, demands: Sequence[Demand]) -> float:
    """How many H100 one device replaces, over all the work, by ``device_seconds``."""
    busy = sum(demand.device_seconds for demand in demands)
    here = sum(
        demand.requests_per_s
        * device_seconds(accelerator, demand.model, demand.input_tokens, demand.output_tokens)
        for demand in demands
    )
    return busy / here


def limits_of(draws: Draws, demand: Demand) -> dict[str, object]:
    """``[[workloads]]`` of a demand, with the slowest that its users put up with."""
    prompt_s = device_seconds(_REFERENCE, demand.model, demand.input_tokens, 0)
    return {
        "name": demand.name,
        "model": demand.model,
        "input_tokens": demand.input_tokens,
        "output_tokens": demand.output_tokens,
        "requests_per_s": demand.requests_per_s,
        "min_speed_tok_per_s": draws.one_of((8, 10, 15, 20)),
        "max_ttft_s": max(2, round(20 * prompt_s)),
    }
