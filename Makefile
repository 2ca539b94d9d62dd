# From a bare clone each target works in one command. The virtual environment is made once, and again when
# pyproject.toml changes.
PY := .venv/bin/python
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types bench clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

venv: $(STAMP) ## Make .venv with dockerspec and all development tools

$(STAMP): pyproject.toml .ci/venv
	@bash .ci/venv
	@touch $@

demo: $(STAMP) ## Show dockerspec at work on a real engine (a private one where none runs)
	@$(PY) specs/demo/demo.py $(ARGS)

test: lint types ## Run all checks and tests, on real engines too (as root); ARGS="-k name" for some
	$(PY) -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(STAMP) ## Check style, formatting and layers
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	.venv/bin/lint-imports

types: $(STAMP) ## Check types
	$(PY) -m mypy -p dockerspec -p tests.kit

bench: $(STAMP) ## Measure against docker compose and others on a real engine
	$(PY) -m pip install -q -e '.[bench]'
	$(PY) -m benchmarks $(ARGS)

clean: ## Remove all that was built or cached here
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
