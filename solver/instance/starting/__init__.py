"""A first instance from a few answers: the questions to ask, and the commented file they make."""
