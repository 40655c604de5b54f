# The commands of product and house. `make demo` and `make test` need nothing but Python 3.11+, git and make.
# Written for GNU make 3.81, which macOS has.

PY := .venv/bin/python
INSTALL := sh studio/local/environment.sh
JOBS ?= 2
SERVE ?= 1
export SERVE

.PHONY: help demo run test lint soak bench clean clean-data install install-tests

help:
	@echo "make demo    everything from nothing: sample production, an export by a real worker, verified, then the pages"
	@echo "make run     the same services without sample data (PORT=8000 names a port)"
	@echo "make test    lint, types, import law and the whole test suite"
	@echo "make lint    the first three of these"
	@echo "make soak    the long fault, race and mutation runs at full counts"
	@echo "make bench   the figures of docs/performance.md"
	@echo "make clean   removes .venv, caches and the tests' databases; your data in .local stays"
	@echo "make clean-data   removes .local with all data, after asking"

demo: install
	@$(PY) manage.py demo

run: install
	@$(PY) manage.py up $(if $(PORT),--port $(PORT))

test: lint
	@echo "-- tests"
	@$(PY) -m pytest -n $(JOBS)

lint: install-tests
	@echo "-- lint"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@echo "-- templates"
	@$(PY) -m djlint --lint --quiet templates
	@echo "-- types"
	@$(PY) -m mypy
	@echo "-- import law"
	@.venv/bin/lint-imports

soak: install-tests
	@CIRCLED_SOAK=1 $(PY) -m pytest -m soak -n $(JOBS)

bench: install-tests
	@$(PY) -m benchmarks

install:
	@$(INSTALL) requirements.txt

install-tests:
	@$(INSTALL) tests/requirements.txt tests/requirements-trl.txt:no-deps

clean:
	@if [ -x $(PY) ] && [ -d .local/test ]; then $(PY) -m studio.local.remove .local/test; fi
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find loop studio tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data: install
	@$(PY) -m studio.local.remove --ask "$${CIRCLED_HOME:-.local}"
