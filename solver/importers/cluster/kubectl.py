"""The machines of a cluster from ``kubectl get nodes -o json``.

One ``[[machines]]`` for each pool of nodes, product and number of healthy devices of a node, named
after the pool: the label that finds its nodes again stands beside the name. The stock is what the
usable nodes offer in all, not what is free: pods that run already are not in this listing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from solver.catalog.collection import suggestion
from solver.errors import Fault, InstanceError
from solver.importers.cluster.beside import check_beside
from solver.importers.cluster.nodes import PRODUCT_LABELS
from solver.importers.cluster.pools import Pool, and_more, named_pools, pools_of
from solver.importers.cluster.records import NodeRecord
from solver.importers.devices import KnownDevices
from solver.importers.findings import Answers, Figure, Findings, Missing, Tables
from solver.importers.instance_types import devices_of_instance
from solver.importers.prices.given import prices_given
from solver.importers.safe_reading import read_json
from solver.importers.visible import visible
from solver.instance.fleet.fault_limit import listed

__all__ = ["read_nodes"]

MAX_BYTES = 200_000_000
_WHAT = "the output of 'kubectl get nodes -o json'"
_NODES = TypeAdapter(list[NodeRecord])
_SHOWN = 4
"""Nodes, zones or taints that one note lists."""


def read_nodes(path: Path, answers: Answers) -> Findings:
    """The machines of a fleet from a listing of nodes.

    Parameters
    ----------
    answers
        ``machine`` chooses one pool; ``accelerator`` names the device of the only pool that does
        not tell it; ``usd_per_hour``, ``as_of`` and ``price_source`` price the machines.

    Raises
    ------
    InstanceError
        If the file is no listing of nodes, holds no usable device, a pool's devices are cut or
        shared, their memory is not that of the accelerator in the catalog, or an answer does not
        fit. Faults of many nodes are shown once, with their number.
    """
    where = visible(str(path), 200)
    if answers.question == "replica":
        raise InstanceError.one(
            "a listing of nodes describes the machines of a fleet",
            where=where,
            mend="Leave out --question replica; a replica takes its device from design.accelerator",
        )
    records = _records(read_json(path, what=_WHAT, max_bytes=MAX_BYTES), where)
    pools, left_out = pools_of(records, where)
    if not pools:
        reasons = "; ".join(f"{number} {reason}" for reason, number in left_out.most_common())
        raise InstanceError.one(
            f"none of {len(records)} nodes has a device that can be used"
            + (f" ({reasons})" if reasons else ""),
            where=where,
            mend="List nodes with GPUs: kubectl get nodes -l nvidia.com/gpu.present=true -o json",
        )
    named = named_pools(pools)
    if answers.machine is not None:
        named = _chosen(named, answers.machine, where)
    return _findings(named, left_out, answers, path)


def _records(document: Any, where: str) -> list[NodeRecord]:
    """The nodes of a list, or the one node that stands alone."""
    kind = document.get("kind") if isinstance(document, Mapping) else None
    items = [document] if kind == "Node" else None
    if kind in ("List", "NodeList"):
        items = document.get("items")
    if not isinstance(items, list):
        got = f"kind '{visible(str(kind))}'" if kind else "no kind"
        raise InstanceError.one(f"is no list of nodes ({got})", where=where, mend=f"Give {_WHAT}")
    try:
        records = _NODES.validate_python(items)
    except ValidationError as error:
        faults = [
            Fault(
                f"{where}: {_place(detail['loc'])}",
                f"{detail['msg'][:1].lower()}{detail['msg'][1:]}",
                f"Give {_WHAT}, as it was written",
            )
            for detail in error.errors(include_url=False, include_input=False)
        ]
        raise InstanceError.all_of(listed(faults, where)) from error
    others = Counter(record.kind for record in records if record.kind != "Node")
    if others:
        found = ", ".join(f"{number} of kind {visible(kind)}" for kind, number in others.items())
        raise InstanceError.one(
            f"holds what is no node: {found}", where=where, mend=f"Give {_WHAT}"
        )
    return records


def _place(loc: tuple[int | str, ...]) -> str:
    index, *rest = loc
    return visible(".".join([f"items[{index}]", *map(str, rest)]), 120)


def _chosen(named: Mapping[str, Pool], wanted: str, where: str) -> dict[str, Pool]:
    if wanted not in named:
        raise InstanceError.one(
            f"there is no pool '{visible(wanted)}'",
            where=f"{where}: --machine",
            mend=f"{suggestion(wanted, named, what='pools')}. Without --machine all are taken",
        )
    return {wanted: named[wanted]}


def _accelerators(
    named: Mapping[str, Pool], answers: Answers, known: KnownDevices, faults: list[Fault]
) -> dict[str, Figure | None]:
    """The catalog's accelerator of every machine; ``None`` where nothing says it."""
    found: dict[str, Figure | None] = {}
    for name, pool in named.items():
        accelerator = None
        if pool.product is not None and pool.product.key in PRODUCT_LABELS:
            from_gke = pool.product.key.startswith("cloud.google.com/")
            accelerator = known.of_product(pool.product.value, from_gke=from_gke)
        elif pool.product is not None:
            listed_type = devices_of_instance(pool.product.value)
            accelerator = listed_type[0] if listed_type else None
        found[name] = Figure(accelerator, f"label {pool.product}") if accelerator else None
    unknown = [name for name, figure in found.items() if figure is None]
    if answers.accelerator is None:
        return found
    given = known.answered(answers.accelerator, faults)
    if given is None:
        return found
    if len({_product_of(named[name]) for name in unknown}) > 1:
        told = ", ".join(f"{name} ({_product_of(named[name])})" for name in unknown)
        faults.append(
            Fault(
                "--accelerator",
                f"one accelerator for several products: {told}",
                "Choose one with --machine, and add the others one by one with --add",
            )
        )
    elif not unknown:
        told = ", ".join(sorted({str(figure.value) for figure in found.values() if figure}))
        if told != given:
            faults.append(
                Fault(
                    "--accelerator",
                    f"'{given}' is given, but the labels of the nodes say {told}",
                    "Leave out --accelerator, or list the nodes that have it: "
                    "kubectl get nodes -l LABEL=VALUE -o json",
                )
            )
    else:
        found.update(dict.fromkeys(unknown, Figure(given, "--accelerator")))
    return found


def _product_of(pool: Pool) -> str:
    return str(pool.product) if pool.product else f"{pool.resource} without a label of a product"


def _findings(
    named: Mapping[str, Pool], left_out: Counter[str], answers: Answers, path: Path
) -> Findings:
    file = visible(path.name, 80)
    faults: list[Fault] = []
    known = KnownDevices(answers.existing_tables)
    accelerators = _accelerators(named, answers, known, faults)
    for name, figure in accelerators.items():
        for mib in sorted(named[name].memory_mib) if figure else ():
            doubt = known.memory_doubt(str(figure.value if figure else ""), mib)
            if doubt is not None:
                faults.append(
                    Fault(
                        f"{file}: pool {name} ({_product_of(named[name])})",
                        doubt,
                        "Name the right entry, or add the device as an entry of its own under "
                        "[[accelerators]]",
                    )
                )
    machines = [(name, str(fig.value) if fig else None) for name, fig in accelerators.items()]
    prices = prices_given(machines, answers, known, faults)
    beside = check_beside(machines, answers, kind="kubectl", file=file, faults=faults)
    if faults:
        raise InstanceError.all_of(listed(faults, file))
    missing: list[Missing] = []
    tables: list[Tables] = []
    for name, pool in named.items():
        figure = accelerators[name]
        if figure is None:
            missing.append(_which_accelerator(name, pool, known))
        tables.append(_table(name, pool, figure, file) | dict(prices[name].keys))
    for name in named:
        missing.extend(prices[name].missing)
    return Findings(
        question="fleet",
        tables={"machines": tables},
        missing=tuple(missing),
        notes=(*_notes(named, left_out), *beside),
    )


def _which_accelerator(name: str, pool: Pool, known: KnownDevices) -> Missing:
    product = pool.product.value if pool.product else ""
    hint = f"; {suggestion(product, known.names, what='accelerators')}" if product else ""
    memory = f", {min(pool.memory_mib)} MiB" if pool.memory_mib else ""
    return Missing(
        key=f"machines.{name}.accelerator",
        question=f"Which accelerator of the catalog are the devices of {name} "
        f"({_product_of(pool)}{memory}{hint})?",
        flag="--accelerator",
        example="H100 SXM",
    )


def _table(name: str, pool: Pool, accelerator: Figure | None, file: str) -> dict[str, Figure]:
    selector = f"node selector {pool.label}" if pool.label else "its nodes carry no label of a pool"
    table = {"name": Figure(name, f"{file}: {selector}")}
    if accelerator is not None:
        source = accelerator.source
        typed = source.startswith("--")
        table["accelerator"] = Figure(accelerator.value, source if typed else f"{file}: {source}")
    offered = " or ".join(sorted(pool.offered))
    table["node_devices"] = Figure(pool.healthy, f"{file}: {offered} of each node")
    nodes = f"{pool.nodes} node{'s' if pool.nodes != 1 else ''}"
    table["stock_devices"] = Figure(
        pool.nodes * pool.healthy, f"{file}: {offered}, sum over {nodes}"
    )
    return table


def _notes(named: Mapping[str, Pool], left_out: Counter[str]) -> Iterable[str]:
    for reason, number in left_out.most_common():
        yield f"left out: {number} node{'s' if number != 1 else ''} {reason}"
    for name, pool in named.items():
        if pool.devices != {pool.healthy}:
            most = max(pool.devices)
            yield (
                f"{name}: {pool.nodes} nodes offer {pool.healthy} of {most} devices; the others "
                "are not allocatable (unhealthy), so these nodes are a machine of their own"
            )
        if pool.label is not None and name != pool.label.value:
            yield f"{name}: its nodes are found by the selector {pool.label}"
        if pool.taints:
            yield (
                f"{name}: pods need a toleration for {_listed(pool.taints, pool.nodes)}; "
                "deployed manifests have to carry it"
            )
        if len(pool.zones) > 1:
            yield f"{name}: its nodes stand in several zones: {_listed(pool.zones, 0)}"
        if len(pool.cliques) > 1:
            yield (
                f"{name}: its nodes hang together in {len(pool.cliques)} NVLink domains "
                "(nvidia.com/gpu.clique); the catalog's node size is what the engine plans with"
            )
    yield "stock is what the nodes offer, not what is free: pods that run already are not listed"


def _listed(counts: Counter[str], whole: int) -> str:
    """Names with the number of nodes of each, which is left out where it is all of them."""
    shown = [
        text if number == whole else f"{text} ({number} nodes)"
        for text, number in counts.most_common(_SHOWN)
    ]
    return ", ".join(shown) + and_more(len(counts) - len(shown))
