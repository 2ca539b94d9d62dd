"""What a spec asks for, in the engine's own terms."""
