"""What the engine has, in normal form."""
