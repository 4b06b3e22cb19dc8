"""What a damaged result makes of a view: a fault with its cure, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

from solver.errors import ResultError

__all__ = ["told_damage"]

_Given = ParamSpec("_Given")
_Told = TypeVar("_Told")


def told_damage(view: Callable[_Given, _Told]) -> Callable[_Given, _Told]:
    """``view`` with a ``ResultError`` in place of what a missing or odd value raises."""

    @wraps(view)
    def told(*given: _Given.args, **named: _Given.kwargs) -> _Told:
        try:
            # A logarithm of what cannot be is damage too, not a warning.
            with np.errstate(invalid="raise", divide="raise"):
                return view(*given, **named)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ResultError.one(
                f"cannot be shown ({error})",
                where="result",
                mend="Check it with 'fleetfront verify', or solve the question again",
            ) from error

    return told
