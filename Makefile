# `make help` lists what there is to do. A fresh machine needs Python 3.11 or newer with pip and
# venv, a C compiler and make; everything else lands in .venv, pinned by constraints.txt.

PYTHON ?= python3
BIN := .venv/bin

DATA := $(wildcard $(CURDIR)/../shared/data)
ifneq ($(DATA),)
export VAEKIT_DATA ?= $(abspath $(DATA))
endif

.PHONY: help demo test lint bench results clean

help:
	@echo "make demo   an autoencoder and a VAE side by side on 8 x 8 digits, then a report to open"
	@echo "make test   style, types and tests"
	@echo "make lint   style and types alone"
	@echo "make bench  speed, memory and start-up, written to docs/benchmarks.md"
	@echo "make results  published likelihoods trained anew, written to docs/results.md; goes on if stopped"
	@echo "make clean  removes the environments and what the tools cached; runs stay"

demo: .venv/ready
	$(BIN)/vaekit demo

test: lint
	$(BIN)/pytest

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/ready .venv-bench/ready
	$(BIN)/python -m benchmarks docs/benchmarks.md

results: .venv/ready
	$(BIN)/vaekit reproduce likelihoods --table docs/results.md

clean:
	rm -rf .venv .venv-bench build src/vaekit.egg-info .pytest_cache .mypy_cache .ruff_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "vaekit needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@

# The peer lives beside the environment, not in it, and runs on the same PyTorch.
.venv-bench/ready: .venv/ready benchmarks/requirements.txt
	rm -rf .venv-bench
	$(BIN)/pip install --quiet --no-deps --target .venv-bench --requirement benchmarks/requirements.txt
	@touch $@
