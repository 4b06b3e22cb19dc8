"""From a fleet question to counts, cells and limits."""
