"""What can be changed of a table ``[energy]``, in every kind of question that has one."""

from __future__ import annotations

from solver.explore.control_panel import Panel

__all__ = ["energy_controls"]


def energy_controls(panel: Panel) -> Panel:
    """The controls of the table; none where there is no table, or figures by the hour."""
    if not panel.table:
        return panel
    panel.number(
        "usd_per_kwh", "prices", "Electricity", "US$ per kWh", "One price for all hours.",
        otherwise="not stated",
    )  # fmt: skip
    panel.switch(
        "billed", "prices", "Electricity is billed", "Paid beside the price of the devices.",
        otherwise="false",
    )  # fmt: skip
    panel.number(
        "g_co2_per_kwh", "limits", "Carbon of electricity", "g CO2 per kWh",
        "One figure for all hours.", otherwise="not stated",
    )  # fmt: skip
    panel.number(
        "pue", "limits", "Power of the site", "times that of devices and hosts",
        "Power usage effectiveness (PUE).", minimum="1", otherwise="1",
    )  # fmt: skip
    return panel
