"""Solution files of other solvers: what they say, and the integers they stand for."""
