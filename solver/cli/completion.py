"""What the shell offers when the Tab key is pressed: names that this package knows.

A name with a blank, such as ``H100 SXM``, has to be begun with a quote in most shells.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "accelerators",
    "engines",
    "forms",
    "formulations",
    "kinds",
    "models",
    "serving_engines",
]


def _beginning(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]


def kinds(incomplete: str) -> list[str]:
    """Kinds of question."""
    from solver.instance.reader import KINDS

    return _beginning(KINDS, incomplete)


def models(incomplete: str) -> list[str]:
    """Models of the catalog."""
    from solver.catalog import shipped_catalog

    return _beginning(shipped_catalog().models, incomplete)


def accelerators(incomplete: str) -> list[str]:
    """Accelerators of the catalog."""
    from solver.catalog import shipped_catalog

    return _beginning(shipped_catalog().accelerators, incomplete)


def engines(incomplete: str) -> list[str]:
    """Engines that solve programs."""
    from solver.engines import ENGINE_NAMES

    return _beginning(ENGINE_NAMES, incomplete)


def formulations(incomplete: str) -> list[str]:
    """Formulations of all kinds of question."""
    from formulations.fleet.registry import FORMULATIONS as FLEET
    from formulations.placement.registry import FORMULATIONS as PLACEMENT
    from solver.api import formulation_names

    # Roads that are no program have no entry in a registry: blocks of fleets, labels of pipelines.
    roads = (*formulation_names(), "blocks", "labels", "circuit", "packing")
    listed = (*roads, *(f.name for f in FLEET), *(f.name for f in PLACEMENT))
    return _beginning(dict.fromkeys(listed), incomplete)


def serving_engines(incomplete: str) -> list[str]:
    """Engines that deployments are written for."""
    from solver.deploy.engines.registry import ENGINES

    return _beginning(ENGINES, incomplete)


def forms(incomplete: str) -> list[str]:
    """Forms that deployments are written in."""
    from solver.deploy.formats.options import FORMS

    return _beginning(FORMS, incomplete)
