"""What is asked of each group of instances, and how a formulation answers it."""
