"""Benchmarks: dockerspec beside the same engine calls made raw, and beside Compose, in one run on one engine.

Callers: people and `make bench`, as `python -m benchmarks`. Limits: needs what the test kit needs (Debian, root). No
test checks these figures: they depend on the machine, only their ratios say something.
"""
