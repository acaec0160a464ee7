# The first target lists the others. Everything is installed into .venv, and again only after pyproject.toml has changed.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin

# The first Python that is new enough: an old python3 may stand beside a newer one.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then echo $$python; break; fi; done)

# Where data sets are read from; empty: the user's own folder.
DATA_DIR ?= $(or $(LATENT_EXPLORER_DATA),$(wildcard ../shared/data))

# On Linux PyPI's torch brings CUDA, gigabytes that the app has no use for. PyTorch's own index has it without,
# and is asked first whether it can be reached. Empty: PyPI, or whatever pip is set to.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: help run test check models bench app clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run  ## open the app; ARGS="FILE" for its arguments
	@$(BIN)/latent-explorer $(ARGS)

# All tests in a process on each core, up to four; a few, which ARGS choose, in one: they are done before others
# would be up. One thread each, also of what they start: threads that wait for a core that others want make
# training thirty times slower.
test: $(VENV)/.test  ## run the tests, without a display; ARGS="-k name" for pytest's arguments
	@QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 \
		$(BIN)/python -m pytest $(or $(ARGS),--numprocesses auto --maxprocesses 4 --dist worksteal)

check: $(VENV)/.check  ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

models: $(VENV)/.run  ## train the built-in models again; DATA_DIR=... for MNIST's folder
	$(BIN)/latent-explorer train --preset best-2d --dataset mnist \
		$(if $(DATA_DIR),--data-dir "$(DATA_DIR)") --out assets/mnist-2d.safetensors
	$(BIN)/latent-explorer train --preset best-2d --dataset stroke-digits \
		$(if $(DATA_DIR),--data-dir "$(DATA_DIR)") --out assets/strokes-2d.safetensors

bench: $(VENV)/.run  ## measure speed against the peers; ARGS="--json" for machines
	@$(BIN)/python -m benchmarks $(ARGS)

app: $(VENV)/.app  ## build a bundle that needs no Python: dist/latent-explorer
	$(BIN)/python -m PyInstaller --noconfirm --log-level WARN build.spec
	@du -sh dist/latent-explorer

clean:  ## remove what was built here, except .venv
	rm -rf build dist tour *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find assets benchmarks explorer tests vae -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.system-libraries: .ci/system-libraries
	@test -n "$(PYTHON)" || { echo "Latent Explorer needs Python 3.11 or newer." \
		"Install it, or say where it is: make PYTHON=/path/to/python3" >&2; exit 1; }
	@PYTHON=$(PYTHON) .ci/system-libraries
	@mkdir -p $(VENV)
	@touch $@

$(BIN)/python: | $(VENV)/.system-libraries
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# One stamp for the app alone (.run) and one for each extra: test, check, app. Of pip's many lines, those that
# tell how far it is; its errors are not touched.
$(VENV)/.%: pyproject.toml | $(BIN)/python $(VENV)/.system-libraries
	@echo "Installing into $(VENV): minutes the first time, seconds later."
	@index=; \
	if [ "$$(uname -s)" = Linux ] && $(BIN)/python -c \
		"from urllib.request import urlopen; urlopen('$(TORCH_INDEX)/torch/', timeout=5)" 2> /dev/null; \
	then index="--extra-index-url $(TORCH_INDEX)"; fi; \
	$(BIN)/python -m pip install --disable-pip-version-check $$index --editable ".$(if $(filter run,$*),,[$*])" \
		| awk '/^ *(Downloading|Using cached|Processing) .*\.whl( |$$)/ { print; fflush() } \
			/^Installing collected/ { print "  Unpacking"; fflush() }'
	@touch $@ $(VENV)/.run
