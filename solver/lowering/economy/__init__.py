"""Replica questions that weigh more than speed and cost: energy, power, quality."""
