"""Collectives and the closed form of the toy model, for the rows of a reference file."""

from __future__ import annotations

import numpy as np

from solver.performance.epoch2025.closed_form import toy_latency_s, toy_optimum
from solver.performance.epoch2025.collectives import Collective, CollectiveTime, collective_time
from solver.performance.validation.constants import ReferenceConstants
from solver.performance.validation.rows import Columns, Rows

__all__ = ["COLLECTIVES", "closed_form_outputs", "collective_outputs"]

COLLECTIVES: dict[str, Collective] = {
    "allreduce": "allreduce",
    "allgather": "allgather",
    "p2p": "p2p",
}
"""What the files call a collective."""


def collective_outputs(rows: Rows, constants: ReferenceConstants) -> Columns:
    """Columns of ``collectives.csv``: time, its two parts, and the protocol chosen."""
    n = rows.numbers
    times: list[CollectiveTime] = [
        collective_time(
            COLLECTIVES[name],
            ranks=ranks,
            nodes=nodes,
            message_bytes=size,
            accelerator=constants.accelerators[gpu],
        )
        for gpu, name, ranks, nodes, size in zip(
            rows.names["gpu"],
            rows.names["coll"],
            n["n_ranks"].tolist(),
            n["n_nodes"].tolist(),
            n["bytes"].tolist(),
            strict=True,
        )
    ]
    return {
        "time_s": np.array([time.time_s for time in times]),
        "latency_part_s": np.array([time.latency_s for time in times]),
        "bandwidth_part_s": np.array([time.bandwidth_s for time in times]),
        "chosen_algo": [time.protocol for time in times],
    }


def closed_form_outputs(rows: Rows, constants: ReferenceConstants) -> Columns:
    """Keys of ``toy_closed_form.json``: the optimum, and the speed where a search ended.

    ``N_num`` is what a numerical search found; it is only as good as its grid and is no output of
    the model. The speed there, ``v_num``, is.
    """
    columns: dict[str, list[float]] = {"N_star": [], "v_star": [], "v_num": []}
    for gpu, model, devices in zip(
        rows.names["gpu"], rows.names["model"], rows.numbers["N_num"].tolist(), strict=True
    ):
        accelerator, entry = constants.accelerators[gpu], constants.models[model]
        optimum = toy_optimum(entry, accelerator)
        columns["N_star"].append(optimum.devices)
        columns["v_star"].append(optimum.tok_per_s)
        columns["v_num"].append(1.0 / toy_latency_s(entry, accelerator, devices=devices))
    return {name: np.array(values) for name, values in columns.items()}
