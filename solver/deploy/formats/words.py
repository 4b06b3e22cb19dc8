"""The words of a role's command, with what only the form knows filled in: hosts, ranks, paths.

A form says how its text must be escaped (Kubernetes and Compose expand ``$``); what the form puts
in itself, such as ``$(RANK)``, is not escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solver.deploy.formats.yaml_text import Remark
from solver.deploy.launch import Addresses, Argument, OptionFile, Role, Upstream

__all__ = [
    "OPTIONS_FOLDER",
    "Place",
    "Words",
    "fetches",
    "file_tree",
    "mounted_paths",
    "role_words",
]

OPTIONS_FOLDER = "/etc/fleetfront"
"""Where containers find option files."""


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
    addresses
        Of each role, ``host:port`` of every replica, as the form writes it.
    """

    escape: Callable[[str], str]
    rank: str = "0"
    leader: str = "localhost"
    addresses: Mapping[str, Sequence[str]] | None = None


def _value(argument: Argument, place: Place, *, ranked: bool) -> str:
    if argument.is_file:
        return f"{OPTIONS_FOLDER}/{place.escape(argument.value)}"
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
    stated = ""
    for upstream in role.upstreams:
        # A flag that stands once takes the replicas of all its roles: the last of two would win.
        goes_on = upstream.once and upstream.flag == stated
        found += _upstream_words(upstream, place, goes_on=goes_on)
        stated = upstream.flag
    return found


def _upstream_words(upstream: Upstream, place: Place, *, goes_on: bool = False) -> list[Words]:
    """The words that tell a router of every replica of a role.

    Parameters
    ----------
    goes_on
        The flag stands before the words of another role already.
    """
    hosts = (place.addresses or {})[upstream.role]
    more = tuple(place.escape(word) for word in upstream.more)
    groups = [(f"http://{host}", *more) for host in hosts]
    if upstream.once:
        flag = () if goes_on else (upstream.flag,)
        return [Words((*flag, *(word for group in groups for word in group)), upstream.why)]
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


def mounted_paths(role: Role, paths: Sequence[str]) -> list[str]:
    """Those of ``paths`` that a role reads a checkpoint from, in order."""

    def texts(tree: Any) -> Iterator[str]:
        if isinstance(tree, str):
            yield tree
        elif isinstance(tree, Mapping):
            for value in tree.values():
                yield from texts(value)
        elif isinstance(tree, list | tuple):
            for entry in tree:
                yield from texts(entry)

    told = [argument.value for argument in (*role.positional, *role.arguments)]
    for file in role.files:
        told += texts(file.options)
    # A draft model may stand inside the JSON of a flag.
    return [path for path in paths if any(path == text or f'"{path}"' in text for text in told)]


def fetches(role: Role, paths: Sequence[str]) -> bool:
    """Whether a role fetches a checkpoint, as not all that it loads are at one of ``paths``."""
    models = 1 if role.design.draft_model is None else 2
    return len(mounted_paths(role, paths)) < models
