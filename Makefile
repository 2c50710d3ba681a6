# Sharj. Needs Python 3.11 or newer and make; everything else is installed into $(VENV).

PYTHON ?= python3
VENV ?= .venv

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.requirements
INSTALLED_DEV := $(VENV)/.requirements-dev
# In an environment of its own, because the service does not need pip-audit's dependencies.
PIP_AUDIT := $(VENV)/audit/bin/pip-audit
# The S3 server of `make stack-test`, with dependencies that nothing else needs.
S3_SERVER := $(VENV)/s3/bin/moto_server
MANAGE := $(BIN)/python manage.py
LOAD := $(BIN)/python functional_tests/performance/test_load_transactions.py
BENCH := $(BIN)/python -m functional_tests.performance.benchmark

# What `make stack-test` sends through PgBouncer: the API's money, sessions and lists. `make pgbouncer-test` sends all.
POOLED := apps/accounts apps/credit_requests apps/transactions apps/testing/tests \
  -k "not admin and not live_migration and not state_machine and not mixed and not verify_export and not seed_demo"

# All tests are shared out to a process per CPU, four at most; each starts a PostgreSQL, so a server that is given has one.
# Some tests are run in one process, because its start is what takes longest: ARGS="-n 2 apps" asks for two.
PROCESSES := -n $(if $(DATABASE_HOST),0,logical) --maxprocesses 4

.DEFAULT_GOAL := help
.PHONY: help run dev test check audit load bench bench-data bench-pages fault-test fuzz webhook-test delivery-test citus-test mutation-test stack-test compose-test pgbouncer-test reset clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) .env ## set up what is missing, start PostgreSQL, migrate, and serve; Ctrl-C stops it all
	@$(MANAGE) serve

dev: $(INSTALLED) .env ## like run, with debug pages, and restarting when code changes
	@DJANGO_SETTINGS_MODULE=config.settings.local DEBUG=true $(MANAGE) serve --reload

test: $(INSTALLED_DEV) ## run all tests, in a process per CPU; ARGS="-k name" runs some, in one process
	@$(BIN)/python -m pytest $(or $(ARGS),$(PROCESSES))

stack-test: $(INSTALLED_DEV) $(S3_SERVER) ## start production's real parts on loopback, break them under load, restore a backup
	@STACK_TEST=1 $(BIN)/python -m pytest -s functional_tests/production $(ARGS)
	@$(BIN)/python -m pytest -q --pgbouncer $(PROCESSES) $(POOLED)

compose-test: $(INSTALLED_DEV) ## start the compose files as the README says, on the engine at hand or one of its own (root), and break them
	@COMPOSE_TEST=1 functional_tests/production/engine/run.sh \
	  $(BIN)/python -m pytest -s functional_tests/production/compose $(ARGS)

pgbouncer-test: $(INSTALLED_DEV) ## all tests of the apps again, through PgBouncer in transaction mode; ARGS="-k name"
	@functional_tests/production/install.sh
	@$(BIN)/python -m pytest --pgbouncer $(or $(ARGS),$(PROCESSES)) apps \
	  --ignore apps/core/database/tests/test_embedded_postgres.py

check: $(INSTALLED_DEV) $(PIP_AUDIT) .env ## lint, format, types, module boundaries, migrations, deployment, known vulnerabilities
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(MANAGE) check
	@DJANGO_SETTINGS_MODULE=config.settings.production DEBUG=false ALLOWED_HOSTS=sharj.example \
	  $(MANAGE) check --deploy --fail-level WARNING
	@$(BIN)/python tools/audit_dependencies.py $(PIP_AUDIT)

load: $(INSTALLED) .env ## sell 1,000 charges to the running server and check every balance; ARGS="--sellers 10"
	@$(LOAD) $(ARGS)

bench: $(INSTALLED) .env ## measure the cost of a charge against the framework's and PostgreSQL's limits; ARGS="--quick"
	@$(BENCH) $(ARGS)

fault-test: $(INSTALLED) ## kill, freeze, fill and cut the service's parts under load; nothing may be lost; ARGS="--seed 1"
	@$(BIN)/python -m functional_tests.faults $(ARGS)

fuzz: $(INSTALLED_DEV) ## attack the operations of swagger.json in five roles, 5 minutes each; ARGS="--seconds 60 --seed 1"
	@$(BIN)/python -m functional_tests.fuzzing $(ARGS)

webhook-test: $(INSTALLED_DEV) ## kill the worker of webhooks at each step, let receivers misbehave, and time their way; ARGS="--only latency"
	@$(BIN)/python -m functional_tests.webhooks $(ARGS)

delivery-test: $(INSTALLED) ## sell 20,000 charges to a simulated operator while parts are killed; its book must agree; ARGS="--charges 2000"
	@$(BIN)/python -m functional_tests.deliveries $(ARGS)

citus-test: $(INSTALLED_DEV) ## the money tests on Citus, then load, moved shards, killed nodes; PG_CONFIG=pg_config of a PostgreSQL with Citus
	@$(BIN)/python -m functional_tests.citus --pg-config $(or $(PG_CONFIG),pg_config) $(ARGS)

mutation-test: $(INSTALLED_DEV) ## break one rule at a time in a copy, and name the test that fails
	@$(BIN)/python -m functional_tests.mutation $(ARGS)

audit: $(PIP_AUDIT) ## look up known vulnerabilities of the pinned packages; fails without a network
	@$(BIN)/python tools/audit_dependencies.py $(PIP_AUDIT) --strict

bench-data: $(INSTALLED) .env ## fill a database of its own with made-up data; ARGS="--sellers 10000 --entries 5000000"
	@$(BENCH).bench_data $(ARGS)

bench-pages: $(INSTALLED) .env ## open every page of the back office over that data; fails if one reads the whole ledger
	@$(BENCH).admin_pages $(ARGS)

reset: $(INSTALLED) .env ## delete the embedded database with all its data; CONFIRM=1 does not ask
	@CONFIRM=$(CONFIRM) $(MANAGE) db destroy

clean: ## delete caches and collected static files; keeps .env, the database and $(VENV)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov staticfiles
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# A stamp is newer than the files it was installed from: the second run installs nothing.
$(INSTALLED): requirements.txt constraints.txt | $(BIN)/python
	@echo "Installing requirements.txt into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt requirements.txt constraints.txt | $(BIN)/python
	@echo "Installing requirements-dev.txt into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@ $(INSTALLED)

$(PIP_AUDIT): | $(BIN)/python
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1

$(S3_SERVER): | $(BIN)/python
	@$(PYTHON) -m venv $(VENV)/s3
	@$(VENV)/s3/bin/pip install --quiet --disable-pip-version-check 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Sharj needs Python 3.11 or newer: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)

.env:
	@$(PYTHON) config/env_file.py
