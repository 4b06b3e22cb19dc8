"""Placement questions at the door: files, tables of measurements, the network they name."""
