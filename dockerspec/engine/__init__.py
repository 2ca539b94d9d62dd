"""The Docker engine: the only package that talks to it."""
