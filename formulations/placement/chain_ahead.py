"""What a partial chain has before it at least, whatever its hosts: worked out once for tables."""

from __future__ import annotations

import numpy as np

from formulations.placement.chain_bounds import FAR, PaceNeeded, least_left
from formulations.placement.chain_loads import TrunkLoads, most_hosts
from formulations.placement.chain_tables import ChainTables

__all__ = ["ChainAhead"]


class ChainAhead:
    """Bounds and resources that every search over the same tables needs.

    Attributes
    ----------
    price : (n_k,) int64
        Of the options; 0 where prices count neither as a criterion nor against a limit.
    left, price_left : (L, n_o) int64
        Least latency and price from an unfilled host to the exit, see ``least_left``.
    most_price
        The limit of the price; ``None`` where all hosts together keep it.
    everything
        Price of all hosts together.
    trunks
        The links whose loads can matter.
    """

    def __init__(self, tables: ChainTables, *, joint: bool, priced: bool) -> None:
        self.most_hosts = most_hosts(tables)
        dearest = [
            int(tables.price[tables.orbit == orbit].max(initial=0))
            for orbit in range(tables.n_orbits)
        ]
        self.everything = sum(
            hosts * price for hosts, price in zip(tables.count.tolist(), dearest, strict=True)
        )
        limit = tables.max_price
        self.most_price = None if limit is None or self.everything <= limit else limit
        counts = priced or self.most_price is not None
        self.price = tables.price if counts else np.zeros_like(tables.price)
        stage_price = np.repeat(self.price[:, None], tables.allowed.shape[1], axis=1)
        self.price_left = least_left(tables, stage_price, np.zeros_like(tables.hop_time))
        self.left = least_left(tables, tables.stage_time, tables.hop_time)
        self.pace_needed = PaceNeeded(tables)
        least_pace = int(self.pace_needed.by_layers(tables.count)[tables.layers])
        if joint:
            starts = tables.linked[-1, :-1]
            latency = (tables.hop_time[-1, :-1] + self.left[0])[starts]
            least_pace = max(least_pace, int(latency.min(initial=FAR)))
        self.trunks = TrunkLoads(tables, least_pace=least_pace, joint=joint)
