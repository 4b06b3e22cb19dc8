"""The ways to run the hosts of every orbit, less those that another way of the same host beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from formulations.placement.chain_problem import ChainOption, ChainSetting
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.hosts import (
    HostOption,
    host_options,
    most_measured_layers,
    usable_hbm_bytes,
)
from solver.lowering.placement.routes import Routes
from solver.lowering.placement.space import OptionMeaning

__all__ = ["chain_options"]


def _is_dominated(worse: ChainOption, better: ChainOption, settings: int, layers: int) -> bool:
    """Whether ``better``, of the same host, is nowhere slower and never holds less.

    Memory is compared only where ``better`` cannot hold all layers: there it may matter to whoever
    asks why nothing fits.
    """
    for place in range(settings):
        if better.layer_time_ps[place] > worse.layer_time_ps[place]:
            return False
        if better.most_layers(place, layers) < worse.most_layers(place, layers):
            return False
        if better.most_layers(place, layers) < layers and (
            better.layer_bytes[place] > worse.layer_bytes[place]
            or better.fixed_bytes[place] > worse.fixed_bytes[place]
        ):
            return False
    return True


def _without_dominated(options: list[ChainOption], settings: int, layers: int) -> list[int]:
    """Indices of the options of one host that are worth having; of equals the first."""
    kept = []
    for place, option in enumerate(options):
        dominated = False
        for other, better in enumerate(options):
            if other == place or not _is_dominated(option, better, settings, layers):
                continue
            if other < place or not _is_dominated(better, option, settings, layers):
                dominated = True
        if not dominated:
            kept.append(place)
    return kept


def chain_options(
    instance: PlacementInstance,
    routes: Routes,
    settings: Sequence[ChainSetting],
    price_of: Mapping[str, int],
) -> tuple[list[ChainOption], list[OptionMeaning]]:
    """The options of all orbits and what they stand for, without dominated ones.

    Parameters
    ----------
    price_of
        Of each host in whole parts of a dollar; a host that is not in it costs nothing.

    Raises
    ------
    InstanceError
        If a measured machine lacks a time, or nothing says how much it holds.
    """
    options: list[ChainOption] = []
    meanings: list[OptionMeaning] = []
    known: dict[object, tuple[HostOption, ...]] = {}
    pairs = [(setting.microbatch, setting.in_flight) for setting in settings]
    for index, orbit in enumerate(routes.orbits):
        host = routes.topology.host(orbit[0])
        machine = instance.machine(host.accelerator)
        if host.profile not in known:
            known[host.profile] = host_options(instance, host, pairs)
        max_layers = machine.max_layers
        if instance.is_measured:
            max_layers = most_measured_layers(instance, machine)
        mine = [
            ChainOption(
                name=f"{machine.name} of {orbit[0]}"
                + (f" at TP {option.tensor_parallel}" if option.tensor_parallel else ""),
                orbit=index,
                price=price_of.get(orbit[0], 0),
                hbm_bytes=usable_hbm_bytes(instance, host),
                layer_time_ps=option.layer_time_ps,
                layer_bytes=option.layer_bytes,
                fixed_bytes=option.fixed_bytes,
                alone_bytes=option.alone_bytes,
                max_layers=max_layers,
            )
            for option in known[host.profile]
        ]
        for place in _without_dominated(mine, len(settings), instance.layers):
            degree = known[host.profile][place].tensor_parallel
            options.append(mine[place])
            meanings.append(OptionMeaning(index, machine.name, degree))
    return options, meanings
