"""Engines by name; each wrapper imports its library when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from solver.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from solver.engines.contract import Engine

__all__ = ["ENGINE_NAMES", "OPTIONAL_ENGINE_NAMES", "get_engine"]

_WRAPPERS = {
    "highs": ("solver.engines.highs", "HighsEngine"),
    "cp-sat": ("solver.engines.cp_sat", "CpSatEngine"),
    "scip": ("solver.engines.mathopt", "ScipEngine"),
}

ENGINE_NAMES: tuple[str, ...] = tuple(_WRAPPERS)
"""Those that are installed with fleetfront."""

_OPTIONAL = {
    "cbc": ("solver.engines.cbc", "CbcEngine"),
    "glpk": ("solver.engines.glpk", "GlpkEngine"),
}
OPTIONAL_ENGINE_NAMES: tuple[str, ...] = tuple(_OPTIONAL)
"""Programs of other people, run through files; there where they are installed."""


_LARGEST_SEED = 2**31 - 1


def get_engine(name: str, *, seed: int = 1, alone: bool = False, watch: bool = False) -> Engine:
    """A fresh engine: ``highs``, ``cp-sat`` or ``scip``.

    Parameters
    ----------
    seed
        Of the library's random numbers, 0 to 2^31 - 1. Equal seeds repeat a run.
    alone
        A claim of a floating-point engine that does not hold in integers ends as ``OTHER`` with
        ``refused`` set; CP-SAT is not asked. Without meaning for CP-SAT itself.
    watch
        Follow bounds, incumbents and presolve, which takes a little time; see ``Effort``. The
        attribute ``watch`` of each engine says the same.

    Raises
    ------
    EngineError
        If the name is unknown, its library cannot be imported, or the seed is out of range.
    """
    wrappers = {**_WRAPPERS, **_OPTIONAL}
    if name not in wrappers:
        raise EngineError.one(
            f"there is no engine {name!r}",
            where="engine",
            mend=f"Choose one of {', '.join(wrappers)}",
        )
    if not 0 <= seed <= _LARGEST_SEED:
        raise EngineError.one(
            f"a seed cannot be {seed}",
            where=f"engine {name}",
            mend=f"Give a whole number from 0 to {_LARGEST_SEED}",
        )
    module, wrapper = wrappers[name]
    try:
        maker = cast("Callable[..., Engine]", vars(import_module(module))[wrapper])
    except ImportError as error:
        raise EngineError.one(
            f"its library cannot be imported ({error})",
            where=f"engine {name}",
            mend="Install fleetfront again in its own environment",
        ) from error
    # CP-SAT reasons in integers: there is no second opinion to forbid.
    options = {} if name == "cp-sat" else {"alone": alone}
    return maker(seed=seed, watch=watch, **options)
