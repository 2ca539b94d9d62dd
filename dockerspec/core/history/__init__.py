"""What is kept of earlier runs, as values: the spec in a form that can be applied again, the entries, the pins."""
