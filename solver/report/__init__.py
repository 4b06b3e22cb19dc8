"""What people see of a result: tables, plots, pages, comparisons.

Names are looked up when they are first used: a run that prints nothing need not wait for rich, nor
one that draws nothing for matplotlib.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from solver.report.catalog import (
        accelerator_table,
        entry_view,
        model_table,
        price_table,
        print_accelerators,
        print_models,
        print_prices,
    )
    from solver.report.choose import RECOMMENDATIONS, best_value, knee, recommended, spread
    from solver.report.compare import Comparison, compare_results, print_comparison
    from solver.report.page import notebook_html, render_page
    from solver.report.plots import PLOT_FORMATS, frontier_figure, render_plot, save_plot
    from solver.report.rows import frontier_rows, write_csv
    from solver.report.survey import print_survey
    from solver.report.table import print_result
    from solver.report.validation import print_validation

_HOME = {
    "catalog": (
        "accelerator_table",
        "entry_view",
        "model_table",
        "price_table",
        "print_accelerators",
        "print_models",
        "print_prices",
    ),
    "choose": ("RECOMMENDATIONS", "best_value", "knee", "recommended", "spread"),
    "compare": ("Comparison", "compare_results", "print_comparison"),
    "page": ("notebook_html", "render_page"),
    "plots": ("PLOT_FORMATS", "frontier_figure", "render_plot", "save_plot"),
    "rows": ("frontier_rows", "write_csv"),
    "survey": ("print_survey",),
    "table": ("print_result",),
    "validation": ("print_validation",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "PLOT_FORMATS",
    "RECOMMENDATIONS",
    "Comparison",
    "accelerator_table",
    "best_value",
    "compare_results",
    "entry_view",
    "frontier_figure",
    "frontier_rows",
    "knee",
    "model_table",
    "notebook_html",
    "price_table",
    "print_accelerators",
    "print_comparison",
    "print_models",
    "print_prices",
    "print_result",
    "print_survey",
    "print_validation",
    "recommended",
    "render_page",
    "render_plot",
    "save_plot",
    "spread",
    "write_csv",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds ``name``, the first time it is asked for."""
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted(__all__)
