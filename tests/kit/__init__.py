"""Real engines, images and a registry, made from Debian packages alone: no daemon needed beforehand, no image pulled.

Callers: the test fixtures, the demo (`specs/demo/demo.py`), the benchmarks, and people (`python -m tests.kit`).
Limits: standard library only; Debian and its kin; starting an engine takes root.
"""
