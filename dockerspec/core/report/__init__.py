"""What became of a plan, and how a stack fares."""
