"""Engines by name; each wrapper imports its library when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from solver.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from solver.engines.contract import Engine

__all__ = ["ENGINE_NAMES", "get_engine"]

_WRAPPERS = {
    "highs": ("solver.engines.highs", "HighsEngine"),
    "cp-sat": ("solver.engines.cp_sat", "CpSatEngine"),
    "scip": ("solver.engines.mathopt", "ScipEngine"),
}

ENGINE_NAMES: tuple[str, ...] = tuple(_WRAPPERS)


def get_engine(name: str) -> Engine:
    """A fresh engine: ``highs``, ``cp-sat`` or ``scip``.

    Raises
    ------
    EngineError
        If the name is unknown or its library cannot be imported.
    """
    if name not in _WRAPPERS:
        raise EngineError.one(
            f"there is no engine {name!r}",
            where="engine",
            mend=f"Choose one of {', '.join(ENGINE_NAMES)}",
        )
    module, wrapper = _WRAPPERS[name]
    try:
        maker = cast("Callable[[], Engine]", vars(import_module(module))[wrapper])
    except ImportError as error:
        raise EngineError.one(
            f"its library cannot be imported ({error})",
            where=f"engine {name}",
            mend="Install fleetfront again in its own environment",
        ) from error
    return maker()
