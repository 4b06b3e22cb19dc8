r"""Which servers to rent from whom, for several models at once: cost, power, rack units, vendors.

.. math::
    \min \Bigl(\sum c_i x_{im},\ \sum w_i x_{im},\ \sum u_i x_{im},\ \sum_v y_v\Bigr)
    \quad \text{s.t.} \quad
    \sum_i r_{im} x_{im} \ge D_m, \quad \sum_m x_{im} \le S_i, \quad
    \sum_m x_{im} \le S_i\, y_{v(i)}

over counts :math:`x_{im}` of offer :math:`i` for model :math:`m` and :math:`y_v \in \{0, 1\}`, the
latter only where vendors are counted. An offer is a server of eight devices of the catalog.

* Price :math:`c_i`: the catalog's on demand times 63 to 158 %, in cents an hour of a server: the
  highest is 2.5 times the lowest, as with the H100. An offer is on demand (all of that), reserved
  (50 to 65 %) or spot (30 to 60 %; shares as in ``price_lists``): so old machines may be cheap to
  rent and dear to feed.
* Power :math:`w_i`: all-in watts of a device where the catalog has them, else 1.8 times the board
  (a DGX H100 takes 10.2 kW at most with boards of 5.6 kW, a DGX B200 14.3 kW with 8.0 kW: NVIDIA's
  data sheets), in units of 10 W.
* Rack units :math:`u_i`: 6 to 10 (DGX A100 6, DGX H100 8, DGX B200 10: NVIDIA's data sheets).
* Rate :math:`r_{im}`: decoding that is bound by memory traffic, :math:`b / t` with
  :math:`t = (\text{weights} + b\,\text{cache}) / \text{bandwidth}`, at the largest batch b up to
  128 that fits 90 % of the memory, times 45 to 70 %; 8-bit weights and cache; in units of
  10 tok/s, rounded down. A model that does not fit is not offered.
* Demand :math:`D_m`: what a drawn number of average servers gives, so that counts are small and
  whole numbers matter. Stock :math:`S_i` is a drawn share of what all demand together would take.

All figures are whole numbers computed in integers, the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from solver.bench.families.draws import Draws
from solver.bench.families.family import Family, Generated, Parameters
from solver.bench.families.moip_document import MoipDocument
from solver.catalog.domain import Accelerator, Model
from solver.catalog.shipped import shipped_catalog

__all__ = ["FAMILY", "MoipProcurementParameters"]

MACHINES: tuple[str, ...] = (
    "A100-80GB SXM", "H100 SXM", "H200 SXM", "B200 SXM", "MI300X", "L40S",
)  # fmt: skip
MODELS: tuple[str, ...] = ("Llama-3.1-8B", "Llama-3.1-70B", "Qwen3-8B", "Qwen3-32B")
DEVICES = 8
_CONTRACTS: tuple[tuple[int, int], ...] = ((100, 100), (50, 65), (30, 60))
"""On demand, reserved, spot: per cent of the price on demand, least and most."""
_BATCHES = (128, 64, 32, 16, 8)


class MoipProcurementParameters(Parameters):
    """Offers, models and how much is needed."""

    offers: int = Field(default=6, ge=2, le=40, description="Offers of servers, of all vendors.")
    vendors: int = Field(default=3, ge=1, le=8, description="Vendors that the offers are from.")
    models: int = Field(default=2, ge=1, le=4, description="Models to be served.")
    servers: int = Field(
        default=4, ge=1, le=50, description="Average servers that one model's demand takes."
    )
    objectives: int = Field(
        default=2, ge=2, le=4, description="Cost and power, then rack units, then vendors."
    )


@dataclass(frozen=True, slots=True)
class _Offer:
    """A server: cents an hour, tens of watts, rack units; tens of tok/s by model."""

    name: str
    vendor: int
    price: int
    power: int
    units: int
    rates: tuple[int, ...]


def _make(parameters: MoipProcurementParameters, seed: int) -> Generated:
    draws = Draws("moip-procurement", seed)
    catalog = shipped_catalog()
    models = [catalog.models[name] for name in draws.some_of(MODELS, parameters.models)]
    contexts = [256 * draws.integer(4, 16) for _ in models]
    offers = [
        _offer(draws, number, number % parameters.vendors, models, contexts)
        for number in range(parameters.offers)
    ]
    needed = [draws.integer(max(1, parameters.servers - 1), parameters.servers + 1) for _ in models]
    demands = [
        count * max(1, sum(offer.rates[m] for offer in offers) // len(offers))
        for m, count in enumerate(needed)
    ]
    name = (
        f"moip-procurement-{parameters.offers}of{parameters.vendors}-m{parameters.models}"
        f"-k{parameters.servers}-p{parameters.objectives}-s{seed}"
    )
    document = MoipDocument(
        name, "Generated: family moip-procurement. Servers of 8; prices around the catalog's."
    )
    alone = [_alone(offer, demands) for offer in offers]
    stock = [max(1, most * draws.integer(20, 60) // 100) for most in alone]
    if not _enough(offers, stock, demands):
        stock = alone
    counts = _add_columns(document, parameters, offers, stock, demands, models)
    _add_objectives(document, parameters, offers, counts)
    _add_rows(document, parameters, offers, stock, demands, counts, models)
    return Generated(name, ".json", document.text())


def _offer(
    draws: Draws, number: int, vendor: int, models: list[Model], contexts: list[int]
) -> _Offer:
    catalog = shipped_catalog()
    device = catalog.accelerators[draws.one_of(MACHINES)]
    cents = int(catalog.prices[device.name, "on-demand"].usd_per_hour * 100)
    board_w = int(device.tdp_w or 0)
    system_w = int(device.all_in_w) if device.all_in_w else board_w * 18 // 10
    spread = draws.integer(63, 158)
    least, most = draws.one_of(_CONTRACTS)
    share = draws.integer(least, most)
    return _Offer(
        name=f"offer_{number + 1}",
        vendor=vendor,
        price=max(1, cents * DEVICES * spread * share // 10_000),
        power=max(1, system_w * DEVICES // 10),
        units=draws.integer(6, 10),
        rates=tuple(
            _rate(device, model, context) * draws.integer(45, 70) // 1000
            for model, context in zip(models, contexts, strict=True)
        ),
    )


def _rate(device: Accelerator, model: Model, context: int) -> int:
    """Tokens/s of one server at its peak bandwidth, rounded down; 0 where nothing fits."""
    weights = model.stated_params or 0
    cache = 2 * model.layers * model.n_kv_heads * model.head_dim * context
    memory = DEVICES * device.hbm_bytes * 9 // 10
    for batch in _BATCHES:
        held = weights + batch * cache
        if held <= memory:
            peak: int = batch * DEVICES * int(device.hbm_bytes_per_s) // int(held)
            return peak
    return 0


def _alone(offer: _Offer, demands: list[int]) -> int:
    """Servers of one offer that all it can serve would take."""
    served = [-(-d // r) for d, r in zip(demands, offer.rates, strict=True) if r]
    return max(1, sum(served))


def _enough(offers: list[_Offer], stock: list[int], demands: list[int]) -> bool:
    """Whether filling one model after the other, offer by offer, meets all demand."""
    left = list(stock)
    for m, demand in enumerate(demands):
        open_demand = demand
        for i, offer in enumerate(offers):
            if open_demand > 0 and offer.rates[m]:
                used = min(left[i], -(-open_demand // offer.rates[m]))
                left[i] -= used
                open_demand -= used * offer.rates[m]
        if open_demand > 0:
            return False
    return True


def _add_columns(
    document: MoipDocument,
    parameters: MoipProcurementParameters,
    offers: list[_Offer],
    stock: list[int],
    demands: list[int],
    models: list[Model],
) -> dict[tuple[int, int], int]:
    """Counts by (offer, model), then one switch a vendor where vendors are counted."""
    counts = {}
    for i, offer in enumerate(offers):
        for m, model in enumerate(models):
            if offer.rates[m]:
                most = min(stock[i], -(-demands[m] // offer.rates[m]))
                counts[i, m] = document.add_column(f"{offer.name}_for_{model.name}", 0, most)
    if parameters.objectives == 4:
        for vendor in range(parameters.vendors):
            document.add_column(f"vendor_{vendor + 1}", 0, 1)
    return counts


def _add_objectives(
    document: MoipDocument,
    parameters: MoipProcurementParameters,
    offers: list[_Offer],
    counts: dict[tuple[int, int], int],
) -> None:
    n, switches = len(document.columns), len(document.columns) - len(counts)

    def over_counts(figures: list[int]) -> list[int]:
        return [figures[i] for i, _ in counts] + [0] * switches

    document.add_objective("cost_cents_per_hour", "min", over_counts([o.price for o in offers]))
    document.add_objective("power_10_w", "min", over_counts([o.power for o in offers]))
    if parameters.objectives >= 3:
        document.add_objective("rack_units", "min", over_counts([o.units for o in offers]))
    if parameters.objectives == 4:
        document.add_objective("vendors", "min", [0] * (n - switches) + [1] * switches)


def _add_rows(
    document: MoipDocument,
    parameters: MoipProcurementParameters,
    offers: list[_Offer],
    stock: list[int],
    demands: list[int],
    counts: dict[tuple[int, int], int],
    models: list[Model],
) -> None:
    for m, model in enumerate(models):
        terms = {column: offers[i].rates[m] for (i, of), column in counts.items() if of == m}
        document.add_row(f"demand_{model.name}", terms, ">=", demands[m])
    for i, offer in enumerate(offers):
        terms = {column: 1 for (of, _), column in counts.items() if of == i}
        if terms:
            document.add_row(f"stock_{offer.name}", terms, "<=", stock[i])
        if terms and parameters.objectives == 4:
            switch = len(counts) + offer.vendor
            document.add_row(f"vendor_of_{offer.name}", {**terms, switch: -stock[i]}, "<=", 0)


FAMILY = Family(
    name="moip-procurement",
    group="moip",
    summary="servers on offer against the demand of models: cost, power, rack units, vendors",
    parameters=MoipProcurementParameters,
    make=_make,
)
"""Servers on offer against the demand of several models."""
