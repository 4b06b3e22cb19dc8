"""Frontiers of replicas in two or three of speed, cost, energy, power and quality."""
