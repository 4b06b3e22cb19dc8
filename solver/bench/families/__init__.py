"""Families of generated instances, by name; each is one module here."""
