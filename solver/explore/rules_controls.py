"""The control of what every kind of question states alike under ``[rules]``."""

from __future__ import annotations

from solver.explore.control_panel import Panel

__all__ = ["rules_panel"]


def rules_panel(file: Panel) -> Panel:
    """The share of HBM that an engine keeps for itself."""
    panel = file.inner("rules")
    panel.number(
        "hbm_reserve_fraction", "limits", "HBM kept free", "share of every device",
        "What an engine keeps for itself.", maximum="1", otherwise="0",
    )  # fmt: skip
    return panel
