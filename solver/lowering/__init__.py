"""From a question to numbers: candidate families, exact objectives, numeric problems."""
