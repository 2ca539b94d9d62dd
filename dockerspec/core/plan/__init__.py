"""What must be called, in which order, and the way back."""
