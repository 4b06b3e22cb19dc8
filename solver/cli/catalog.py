"""``fleetfront catalog``: accelerators, models and prices, each with its source."""

from __future__ import annotations

from typing import Annotated

import typer

from solver.cli import completion
from solver.cli.exits import COMPLETE

__all__ = ["app"]

app = typer.Typer(
    help="Accelerators, models and prices that instances may name, each with source and date.",
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog="Example: fleetfront catalog accelerators 'H100 SXM'",
)
_ONE = "One entry, with everything known about it."
AcceleratorName = Annotated[
    str | None, typer.Argument(help=_ONE, autocompletion=completion.accelerators)
]
ModelName = Annotated[str | None, typer.Argument(help=_ONE, autocompletion=completion.models)]


@app.command("accelerators")
def accelerators_command(name: AcceleratorName = None) -> int:
    """Accelerators: arithmetic, memory, links. Example: fleetfront catalog accelerators L40S"""
    from rich.console import Console

    from solver.catalog import shipped_catalog
    from solver.report import print_accelerators

    catalog = shipped_catalog()
    chosen = list(catalog.accelerators.values()) if name is None else [catalog.accelerator(name)]
    print_accelerators(chosen, Console(highlight=False), single=name is not None)
    return COMPLETE


@app.command("models")
def models_command(name: ModelName = None) -> int:
    """Models: layers, heads, experts. Example: fleetfront catalog models Mixtral-8x7B"""
    from rich.console import Console

    from solver.catalog import shipped_catalog
    from solver.report import print_models

    catalog = shipped_catalog()
    chosen = list(catalog.models.values()) if name is None else [catalog.model(name)]
    print_models(chosen, Console(highlight=False), single=name is not None)
    return COMPLETE


@app.command("prices")
def prices_command(name: AcceleratorName = None) -> int:
    """Prices by tier. Example: fleetfront catalog prices 'H100 SXM'"""
    from rich.console import Console

    from solver.catalog import shipped_catalog
    from solver.report import print_prices

    catalog = shipped_catalog()
    if name is not None:
        catalog.accelerator(name)
    chosen = [p for p in catalog.prices.values() if name in (None, p.accelerator)]
    print_prices(chosen, Console(highlight=False))
    return COMPLETE
