"""Formulations and engines against each other, on sets of instances."""
