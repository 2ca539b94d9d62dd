"""The pure core: from texts and answers to a plan, without I/O, clock, thread or environment."""
