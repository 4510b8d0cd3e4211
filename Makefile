# Every target is one line of intent; `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Most of what the second half of the tests takes is waiting, so two workers share a core.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(max(os.cpu_count() or 2, 2))')
WAITERS ?= $(shell $(PYTHON) -c 'import os; print(2 * max(os.cpu_count() or 2, 2))')
UV     := $(BIN)/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

.PHONY: help setup demo playground test another-day check crds docs sim mutants bench judge-bench image dist install-manifest release-notes lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.ready ## Create .venv from the pinned, hashed requirement files

$(VENV)/.ready: requirements/uv.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "sfn-rollouts needs Python 3.11 or newer; set PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setup: installing the pinned requirements into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Show three rollouts on a real API server (KEEP=1 leaves it running)
	@$(BIN)/python -m devenv.demo $(if $(KEEP),--keep)

playground: setup ## A cluster without the operator, to follow docs/tour.md (Ctrl-C ends it)
	@$(BIN)/python -m devenv.playground

test: check sim another-day ## Run the checks, the simulated search and every test, the fast ones on another day too
	@$(BIN)/python -m devenv.control_plane --build-only
	@$(BIN)/python -m devenv.helm --build-only
	@$(BIN)/python -m pytest -n $(WORKERS) tests/core tests/engine --cov=sfn_rollouts.core --cov=sfn_rollouts.engine --cov=sfn_rollouts.leading --cov-branch --cov-report= --cov-fail-under=100
	@$(BIN)/python -m pytest -n $(WAITERS) --dist=worksteal tests --ignore=tests/core --ignore=tests/engine

another-day: setup ## The fast tests at the end of next year, in another time zone, with LC_ALL=C
	@TZ=LINT-14 LC_ALL=C $(BIN)/python -m pytest -n $(WORKERS) --another-day tests

check: setup ## What must hold before any test: style, types, layers, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m devenv.generate --check

crds: setup ## Regenerate the CRD, the spec reference and the phase diagram
	@$(BIN)/python -m devenv.generate

sim: setup ## Search SEEDS simulated worlds (5000) and all small ones for a broken invariant
	@$(BIN)/python -m sfn_rollouts.sim --corpus tests/sim/corpus --seeds $(or $(SEEDS),5000) $(if $(FIRST),--first $(FIRST))

mutants: setup ## Break core and engine in thousands of ways; do their tests notice? (ONLY=core/checks, AGAIN=1)
	@$(BIN)/python -m devenv.mutants $(if $(ONLY),--only $(ONLY)) $(if $(AGAIN),--again)

bench: setup ## Measure latency, CPU, memory and calls; prints the tables of docs/performance.md (ONLY=judged)
	@$(BIN)/python -m devenv.bench $(if $(ONLY),--only $(ONLY))

judge-bench: setup ## Measure the judge of executions against its bars; RUNS=20000 for the whole of it
	@$(BIN)/python -m devenv.judge_bench $(if $(RUNS),--runs $(RUNS))

image: ## Build the container image as sfn-rollouts:dev (needs docker)
	@docker build --tag sfn-rollouts:dev --build-arg REVISION="$$(git rev-parse HEAD)" .

dist: setup ## Build the wheel and the source package into dist/
	@$(BIN)/python -m hatchling build --directory dist

install-manifest: setup ## Write dist/install.yaml, CRD and operator in one file (IMAGE=sfn-rollouts:dev)
	@mkdir -p dist
	@$(BIN)/python -m devenv.install_manifest $(or $(IMAGE),sfn-rollouts:dev) > dist/install.yaml

release-notes: setup ## Print what CHANGELOG.md says of TAG=v1.2.3, if every version agrees with it
	@$(BIN)/python -m devenv.release_notes $(TAG)

lock: setup ## Renew the hashed requirement files from the .in files
	@$(COMPILE) requirements/uv.in -o requirements/uv.txt
	@$(COMPILE) requirements/runtime.in -o requirements/runtime.txt
	@$(COMPILE) requirements/dev.in -o requirements/dev.txt
	@$(COMPILE) requirements/mutants.in -o requirements/mutants.txt

clean: ## Remove what the targets made
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .coverage build dist
