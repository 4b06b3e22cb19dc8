"""From a placement question to the numbers that formulations take, and back to hosts and links."""
