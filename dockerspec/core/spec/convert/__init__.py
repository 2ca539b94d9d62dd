"""Compose files into dockerspec's own format and back, by edits of the text: the rest stays as it was written."""
