"""Prices of machines, from lists and from answers."""
