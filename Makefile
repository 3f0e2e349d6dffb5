# GNU make 3.81 or newer (what macOS has) and a POSIX shell; `make` alone lists the targets.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help run demo test check format lock bench clean

INSTALL := sh requirements/install
BIN := .venv/bin
PYTEST := $(BIN)/pytest -n auto --dist worksteal $(ARGS)
WITH_POSTGRES := $(BIN)/python tests/with_postgres.py
# What meets no database of the suite's own, or is not about it, would only say the same thing twice.
ONCE := tests/unit tests/browser $(wildcard tests/test_*.py) tests/api/middleware \
	$(patsubst %,tests/api/test_%.py,account_pages bad_input body cache cache_truth conditional docs_pages errors \
	etags limits media openapi render route route_matrix setup_page signing spooling strong_admins upload_storage \
	video_streaming) \
	$(patsubst %,tests/journeys/test_%.py,account_journey azure_journey canary hostile_uploads mail_outage rotation \
	workers)
# Several servers share one that is made for it.
SHARED := tests/journeys/test_freshness.py tests/journeys/test_two_servers.py

help: ## List the targets
	@awk -F ':.*## ' '/^[a-zA-Z0-9%-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: ## Install what is missing, then serve on HOST:PORT (127.0.0.1:8000), data in DATA_DIR (.data)
	@$(INSTALL) run && exec $(BIN)/portfolio serve

demo: ## Serve sample content, from a data folder of its own
	@$(INSTALL) run && exec env DATA_DIR=.data/demo $(BIN)/portfolio demo

test: ## Run the whole suite: on SQLite and PostgreSQL, or on TEST_DATABASE_URL; ARGS="-k login" goes to pytest
	@$(INSTALL) dev
	@if [ -n "$$TEST_DATABASE_URL" ] || ! $(WITH_POSTGRES) --find; then $(PYTEST); \
	else echo "On SQLite:" && $(PYTEST) $(if $(ARGS),,$(SHARED:%=--ignore=%)) && echo "On PostgreSQL:" && $(WITH_POSTGRES) $(PYTEST) $(if $(ARGS),,$(ONCE:%=--ignore=%)); fi

check: ## Run formatters, linters, types and architecture tests, changing nothing
	@$(INSTALL) dev
	$(BIN)/black --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/test_architecture.py tests/test_docs.py

format: ## Format the code and repair what ruff can
	@$(INSTALL) dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/black .

lock: ## Resolve the newest versions that pyproject.toml allows into requirements/*.txt
	@sh requirements/lock

bench: ## Run the benchmarks P1 to P8; make bench-P2 runs one, as do bench-S6, bench-S53, bench-S74, bench-S96, bench-profile, bench-freshness
	@$(INSTALL) dev
	$(BIN)/python -m benchmarks $(ARGS)

bench-%:
	@$(INSTALL) dev
	$(BIN)/python -m benchmarks $* $(ARGS)

clean: ## Remove .venv and everything generated, but no data
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
