"""A local page to explore a frontier: controls, scenarios, solving in the background."""
