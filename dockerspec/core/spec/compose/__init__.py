"""Compose files: read as Compose reads them, into the same stack as dockerspec's own specs."""
