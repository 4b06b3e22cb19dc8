"""What each serving engine calls a decision, and what it cannot express."""
