"""The words of a role's command, with what only the form knows filled in: hosts, ranks, paths.

A form says how its text must be escaped (Kubernetes and Compose expand ``$``); what the form puts
in itself, such as ``$(RANK)``, is not escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solver.deploy.formats.yaml_text import Remark
from solver.deploy.launch import Addresses, Argument, OptionFile, Role, Upstream

__all__ = ["Place", "Words", "file_tree", "role_words", "upstream_words"]


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a command that belong together, and the decision they carry."""

    words: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a replica runs, in the words of one form.

    Parameters
    ----------
    escape
        Makes a literal text of the plan safe where the form expands variables.
    rank, leader
        What stands for the number of the host and for host 0, as the form writes it.
    folder
        Where the role's option files are.
    addresses
        Of each role, ``host:port`` of every replica, as the form writes it.
    """

    escape: Callable[[str], str]
    rank: str = "0"
    leader: str = "localhost"
    folder: str = "/etc/fleetfront"
    addresses: Mapping[str, Sequence[str]] | None = None


def _value(argument: Argument, place: Place, *, ranked: bool) -> str:
    if argument.is_file:
        return f"{place.folder}/{place.escape(argument.value)}"
    text = place.escape(argument.value)
    if ranked:
        # Only the engine's own templates get here; names of a plan never do.
        text = text.replace("{rank}", place.rank).replace("{leader}", place.leader)
    return text


def _argument_words(argument: Argument, place: Place, *, ranked: bool = False) -> Words:
    value = _value(argument, place, ranked=ranked)
    words = (
        (argument.flag, value) if argument.flag and argument.value else (argument.flag or value,)
    )
    return Words(words, argument.why)


def role_words(role: Role, place: Place, *, worker: bool = False) -> list[Words]:
    """The positional words and flags of a role, in order, without its command.

    Parameters
    ----------
    worker
        Whether this is a host of rank 1 and above of a replica of several hosts.
    """
    found = [_argument_words(argument, place) for argument in role.positional]
    found += [_argument_words(argument, place) for argument in role.arguments]
    if role.nodes > 1:
        found += [_argument_words(each, place, ranked=True) for each in role.node_arguments]
    if worker:
        found += [_argument_words(each, place, ranked=True) for each in role.worker_arguments]
    for upstream in role.upstreams:
        found += upstream_words(upstream, place)
    return found


def upstream_words(upstream: Upstream, place: Place) -> list[Words]:
    """The words that tell a router of every replica of a role."""
    hosts = (place.addresses or {})[upstream.role]
    more = tuple(place.escape(word) for word in upstream.more)
    groups = [(f"http://{host}", *more) for host in hosts]
    if upstream.once:
        return [Words((upstream.flag, *(word for group in groups for word in group)), upstream.why)]
    # One remark is enough for all of them.
    return [
        Words((upstream.flag, *group), upstream.why if number == 0 else "")
        for number, group in enumerate(groups)
    ]


def file_tree(file: OptionFile, listed: Callable[[str], list[Any]]) -> dict[Any, Any]:
    """The tables of an option file, with its decisions as remarks and its addresses filled in.

    Parameters
    ----------
    listed
        The entries that stand for the addresses of a role.
    """

    def walk(tree: Any, prefix: str) -> Any:
        if isinstance(tree, Addresses):
            return listed(tree.role)
        if isinstance(tree, Mapping):
            found: dict[Any, Any] = {}
            for key, value in tree.items():
                dotted = f"{prefix}.{key}" if prefix else str(key)
                if dotted in file.whys:
                    found[Remark(file.whys[dotted])] = None
                found[str(key)] = walk(value, dotted)
            return found
        if isinstance(tree, list | tuple):
            return [walk(entry, f"{prefix}.{number}") for number, entry in enumerate(tree)]
        return tree

    tables: dict[Any, Any] = walk(file.options, "")
    return tables
