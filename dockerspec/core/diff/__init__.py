"""What differs between the desired and the live state."""
