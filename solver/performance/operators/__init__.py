"""Kernel times of one layer, one module an operator family: a roofline with measured constants.

Each module has a frozen dataclass of constants with a physical meaning, ``constants_from`` that
builds it from named numbers, and a vectorised pure function of shapes that gives seconds.
"""
