# Plain `make` lists the targets. Everything is installed into .venv, nothing outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HARNESS := $(BIN)/harness
# Ctrl-C ends what it runs, with a sentence.
INSTALLING := -m tools.installing
PIP := $(BIN)/python $(INSTALLING) $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What `make bench` measures; `make bench BENCH="--model ssdlite320_mobilenet_v3_large"` measures something else.
BENCH ?= --published-models
# Which tests `make test` runs, as pytest's own arguments: make test TESTS="-m docker".
TESTS ?=
PYTHONS ?= 3.9
IMAGES ?= cuda10.2

# Where it is set, as in many containers, each process would compile all that it imports of this folder anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
# Two installations at once into one .venv would be in each other's way.
.NOTPARALLEL:
.PHONY: help setup lint test bench bench-cpu bench-gpu images standin-bases lock generated coverage comparisons reference demo report perf test-gpu gpu-wheels test-online clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.harness $(VENV)/.torch ## install the harness and torch into .venv
	@echo "ready: $(HARNESS) --help"

bench: $(VENV)/.harness ## measure the eight published models here: in Docker where an engine answers, else in .venv
	@$(MAKE) --no-print-directory .bench DEVICE=auto

bench-cpu: $(VENV)/.harness ## the same on the CPU
	@$(MAKE) --no-print-directory .bench DEVICE=cpu

bench-gpu: $(VENV)/.harness ## the same on the GPU
	@$(MAKE) --no-print-directory .bench DEVICE=cuda

# torch is only installed where the harness itself measures, not where a container does.
.PHONY: .bench
.bench:
	@image=$$($(HARNESS) choose --device $(DEVICE)) || exit $$?; \
	if [ "$$image" = local ]; then $(MAKE) --no-print-directory $(VENV)/.torch || exit $$?; fi; \
	$(HARNESS) run --image $$image --device $(DEVICE) --protocol quick-1 --weights auto --published $(BENCH)

test: $(VENV)/.dev $(VENV)/.torch ## run the tests; those that need Docker or Chromium are skipped where there is none
	$(BIN)/pytest $(TESTS)

lint: $(VENV)/.dev ## check style, types, Dockerfiles and locks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint docker/*/Dockerfile
	$(BIN)/pytest -n 0 tests/unit/harness/catalogue/test_entries_environments.py

images: $(VENV)/.harness ## build the images of IMAGES, by default the published software (harness images list)
	$(HARNESS) images build $(IMAGES)

standin-bases: ## make stand-ins for base images where no image registry can be reached (PYTHONS="3.9 3.13")
	scripts/standin-base $(PYTHONS)

lock: $(VENV)/.dev ## resolve base digests and wheels of every environment anew, and pin them
	$(HARNESS) images lock --write

generated: $(VENV)/.harness ## write what is made from other files anew: schema, jobs/, compose.yaml, tables, charts, pictures
	$(BIN)/python -m tools.write_schema
	$(BIN)/python -m tools.write_jobs
	$(BIN)/python -m tools.write_compose
	$(BIN)/python -m tools.write_environment_tables
	$(BIN)/python -m tools.write_reference
	$(BIN)/python -m tools.write_picture
	$(BIN)/python -m tools.write_recording

coverage: $(VENV)/.harness ## simulate how often the statistics hold, some minutes, into docs/statistics.md
	$(BIN)/python -m tools.write_coverage

comparisons: $(VENV)/.harness ## simulate how often the verdicts of two sets of processes hold, into docs/statistics.md
	$(BIN)/python -m tools.write_comparisons

reference: $(VENV)/.harness $(VENV)/.torch ## measure the runs that ship in results/reference anew, on an idle machine (RUNS="content quick-1")
	scripts/measure-reference $(RUNS)
	@$(MAKE) --no-print-directory generated

demo: $(VENV)/.demo $(VENV)/.torch ## make a video of what a model detects, offline: figures in motion, by the weights that know them
	$(HARNESS) demo --model ssdlite320_mobilenet_v3_large --weights shapes --image local -o build/demo.mp4 $(DEMO)

report: $(VENV)/.harness ## print the table of the newest run beside the published numbers
	$(HARNESS) report latest --published

perf: $(VENV)/.dev $(VENV)/.torch ## measure the harness's own speed against references (ONLY=NAME for one row)
	$(BIN)/python -m benchmarks $(ONLY)

# Needs nothing installed but torch and what the runner needs: PYTHON where it is named, else .venv where there is one.
test-gpu: ## on a machine with an NVIDIA GPU: does it measure what it says? (LIST=1 ONLY=PART BUDGET=480 PYTHON=python3 WHEELS=DIR)
	@$(if $(filter file,$(origin PYTHON)),$(or $(wildcard $(BIN)/python),$(PYTHON)),$(PYTHON)) -m tests.gpu

gpu-wheels: ## fetch what the last part of test-gpu needs for a Python of that machine: make gpu-wheels PYTHON_TAG=cp312
	@$(PYTHON) scripts/gpu-wheels "$(PYTHON_TAG)"

test-online: $(VENV)/.dev ## on a connected machine: are pins, checkpoints and AP what they should be? (LIST=1 ONLY=PART LIMIT=500)
	@$(BIN)/python -m tests.online

clean: ## remove .venv, caches and build outputs; results stay
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Ctrl-C may have left a part of a .venv, which is then begun anew. Its Python may be gone with the system's own: then
# the links are made anew, and what was installed stays, as it does in a .venv that a person has made.
BEGUN := build/venv-begun
.PHONY: gone
$(VENV)/.made: $(if $(shell test -x $(BIN)/python || echo gone),gone)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12" >&2; exit 3; }
	@test -x $(BIN)/python -a -e $(VENV)/.harness || { mkdir -p $(dir $(BEGUN)) && touch $(BEGUN) && \
	  $(PYTHON) $(INSTALLING) $(PYTHON) -m venv $(if $(wildcard $(BEGUN)),--clear) $(VENV) && rm $(BEGUN); } || \
	  { code=$$?; test $$code = 130 && exit $$code; \
	  echo "python3-venv is missing; install it (Debian: apt-get install python3-venv)" >&2; exit 3; }
	@touch $@

$(VENV)/.harness: pyproject.toml | $(VENV)/.made
	@echo "installing the harness into $(VENV) (about half a minute)"
	@$(PIP) --editable '.[local]'
	@touch $@

# The harness is part of it: whoever asks for this first has it installed once.
$(VENV)/.dev: pyproject.toml | $(VENV)/.made
	@echo "installing the harness and the development tools into $(VENV) (about a minute)"
	@$(PIP) --editable '.[local,dev,demo]'
	@touch $(VENV)/.harness $@

$(VENV)/.demo: pyproject.toml $(VENV)/.harness | $(VENV)/.made
	@echo "installing what reads, draws and writes videos into $(VENV)"
	@$(PIP) --editable '.[local,demo]'
	@touch $@

$(VENV)/.torch: tools/install_torch.py $(VENV)/.harness | $(VENV)/.made
	@$(BIN)/python $(INSTALLING) $(BIN)/python -m tools.install_torch
	@touch $@
