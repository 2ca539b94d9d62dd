"""The tests. A regular package, so that `tests.kit` is found whatever else is installed under that name."""
