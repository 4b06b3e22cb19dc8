"""The economics around a frontier: production functions, break-even loads, bills, preferences."""
