"""Fit the constants of operator families to measured kernel times, one module a family.

Every module has ``fit_family(folder, *, systems=None, seed=0) -> list[Fit]``.
"""
