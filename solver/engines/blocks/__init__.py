"""Exact minimum cost of a fleet that separates by workload but for a few shared limits."""

from solver.engines.blocks.search import BlockAnswer, minimise_blocks
from solver.engines.blocks.separate import Separated
from solver.engines.blocks.structure import BlockProblem, find_blocks

__all__ = ["BlockAnswer", "BlockProblem", "Separated", "find_blocks", "minimise_blocks"]
