"""The greatest flow of tokens through a few T4, L4 and A100 machines that share a model's layers.

Machines as in Helix (ASPLOS 2025): T4, L4 and A100-40GB with one device each, all linked to all,
the most layers each may hold, and rates by layers held. The rates follow from a table of
milliseconds a layer of Llama-1 30B by batch published there (placement instances, commit 148b733);
straight lines were fitted to it by eye: 4.5 + 0.1 b for the T4, 4.3 + 0.1 b for the L4, and
0.85 + 0.025 b for the A100. With k layers held, the memory that weights leave free holds a batch of
b sequences, and

    rate(k) = b / (k t(b)),    b = min(300, floor((0.9 HBM - k w) / (k c v)))

with w = 1.08 GB weights a layer and v = 26,624 bytes of KV cache a layer and token, both in 16 bits
(width 6656), and c the context. Each single rate varies by a drawn factor of up to 3 %, as measured
rates do.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, model_validator

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.toml_text import toml_text

__all__ = ["FAMILY", "FlowMixedParameters"]


@dataclass(frozen=True, slots=True)
class _Measured:
    """A machine of the published tables; times of one layer in milliseconds."""

    name: str
    hbm_gb: int
    max_layers: int
    base_ms: float
    sequence_ms: float

    def tok_per_s(self, held: int, context_tokens: int) -> float:
        """Tokens/s with ``held`` layers; see the module's text."""
        free_gb = 0.9 * self.hbm_gb - 1.08 * held
        batch = min(300, int(free_gb * 1e9 / (held * context_tokens * 26_624)))
        return 1000 * batch / (held * (self.base_ms + self.sequence_ms * batch))


MACHINES: tuple[_Measured, ...] = (
    _Measured("T4", 16, 7, 4.5, 0.1),
    _Measured("L4", 24, 11, 4.3, 0.1),
    _Measured("A100", 40, 18, 0.85, 0.025),
)


class FlowMixedParameters(Parameters):
    """Size grows with machines and layers; twins of one kind are all alike."""

    machines: int = Field(default=5, ge=2, le=24, description="Machines in all.")
    kinds: int = Field(default=3, ge=1, le=3, description="Kinds of machine: T4, L4, A100.")
    layers: int = Field(default=24, ge=4, le=80, description="Layers of the model.")

    @model_validator(mode="after")
    def _one_of_each(self) -> FlowMixedParameters:
        if self.machines < self.kinds:
            raise ValueError(f"{self.machines} machines cannot be of {self.kinds} kinds")
        return self


def _rates(draws: Draws, measured: list[_Measured], layers: int) -> str:
    """The table of rates by layers held, as CSV."""
    context = draws.integer(5, 20) * 100
    rows = ["machine,layers_held,tok_per_s"]
    for one in measured:
        for held in range(1, min(one.max_layers, layers) + 1):
            rate = one.tok_per_s(held, context) * (0.97 + 0.06 * draws.share())
            rows.append(f"{one.name},{held},{rate:.3f}")
    return "\n".join(rows) + "\n"


def _make(parameters: FlowMixedParameters, seed: int) -> Generated:
    draws = Draws("flow-mixed", seed)
    name = f"flow-mixed-{parameters.machines}x{parameters.kinds}-l{parameters.layers}-s{seed}"
    measured = [MACHINES[kind] for kind in draws.some_of(range(len(MACHINES)), parameters.kinds)]
    counts = draws.parts(parameters.machines, parameters.kinds)
    hosts: list[dict[str, object]] = []
    for machine, count in zip(measured, counts, strict=True):
        stem = machine.name.lower()
        names = f"{stem}-[0-{count - 1}]" if count > 1 else f"{stem}-0"
        hosts.append({"names": names, "machine": machine.name})
    everyone = ",".join(str(host["names"]) for host in hosts)
    table = f"{name}-rates.csv"
    # Ethernet of 10 or 25 Gbit/s; a millisecond is what Helix states for one site.
    wire = {"gbit_per_s": draws.one_of((10, 25)), "latency_ms": 1}
    document: dict[str, object] = {
        "schema": 1,
        "kind": "placement",
        "name": name,
        "title": f"Greatest flow of tokens through {parameters.machines} machines",
        "trade_off": ["throughput"],
        "workload": {
            "shape": {"layers": parameters.layers, "activation_bytes": 13_312, "token_bytes": 2}
        },
        "measured": {"rates": table},
        "rules": {"hand_over": "latency"},
        "machines": [
            {
                "name": one.name,
                "hbm_gb": one.hbm_gb,
                "devices": 1,
                "max_layers": min(one.max_layers, parameters.layers),
            }
            for one in measured
        ],
        "hosts": hosts,
        "topology": {"entry": "front", "exit": "front"},
        "switches": [{"names": "front", "kind": "gateway"}],
        "links": [
            {"a": everyone, "b": everyone, **wire},
            {"a": "front", "b": everyone, **wire},
        ],
    }
    comment = (
        "Generated: family flow-mixed. Machines and the times behind the rates: the placement\n"
        "instances of Helix (ASPLOS 2025); rates follow from them, see the family's text."
    )
    return Generated(
        name,
        ".toml",
        toml_text(comment, document),
        {table: _rates(draws, measured, parameters.layers)},
    )


FAMILY = Family(
    name="flow-mixed",
    group="flow",
    summary="greatest flow of tokens through T4, L4 and A100 machines, drawn rates",
    parameters=FlowMixedParameters,
    make=_make,
)
