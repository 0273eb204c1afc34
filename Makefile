# make demo [PORT=5000] [REDIS_URL=redis://…] [DATABASE_URL=…]
# make test · make soak [SESSIONS=50] [SOAK_SEED=7] · make bench · make setup
# make fuzz [FUZZ_EXAMPLES=5000]
# make faults [SEEDS=20] [FAULT_SEED=…] [FAULT_SECONDS=25]

PORT ?= 5000
PYTHON ?= python3
WORKERS ?= 2
# The lowest Python that is supported, where the machine has it.
LOWEST_PYTHON ?= $(shell python3.10 -c 'print("python3.10")' 2> /dev/null \
	|| echo $(PYTHON))
SESSIONS ?= 50
SEEDS ?= 20
FAULT_SECONDS ?= 25
FUZZ_EXAMPLES ?= 5000

PIP_INSTALL = -m pip install --quiet --disable-pip-version-check
NEWEST = .venv/bin/python
LOWEST = .venv-lowest/bin/python

.PHONY: demo setup test lint types newest lowest soak fuzz faults bench clean

demo: .venv/.ready-demo
	$(NEWEST) scripts/demo.py --port $(PORT)

setup: services .venv/.ready-test .venv-lowest/.ready node_modules/.ready

test: setup
	$(MAKE) --no-print-directory lint types newest lowest

lint:
	$(NEWEST) -m ruff check .
	$(NEWEST) -m ruff format --check .

types:
	$(NEWEST) -m mypy

newest:
	$(NEWEST) -m pytest -n $(WORKERS) --dist loadgroup

lowest:
	$(LOWEST) -m pytest -n $(WORKERS) --dist loadgroup -m "not browser and not fault"

soak: setup
	SOAK_SESSIONS=$(SESSIONS) $(NEWEST) -m pytest tests/browser/test_soak.py

fuzz: setup
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(NEWEST) -m pytest tests/test_fuzz.py --timeout 0

faults: setup .venv/.ready-bench
	PYTHONPATH=tests $(NEWEST) -m faults.run --seeds $(SEEDS) \
		--seconds $(FAULT_SECONDS) $(if $(FAULT_SEED),--seed $(FAULT_SEED))
	$(NEWEST) -m pytest -m fault

bench: services .venv/.ready-bench benchmarks/node/node_modules/.ready
	$(NEWEST) benchmarks/run.py
	$(NEWEST) benchmarks/web.py
	$(NEWEST) benchmarks/drain.py
	$(NEWEST) benchmarks/host.py
	$(NEWEST) benchmarks/half_load.py
	$(NEWEST) benchmarks/tracker.py
	$(NEWEST) benchmarks/people.py

clean:
	rm -rf .venv .venv-lowest node_modules benchmarks/node/node_modules build dist *.egg-info

.venv/.ready-demo: setup.cfg pyproject.toml example_app/requirements.txt
	PYTHON=$(PYTHON) scripts/make-venv .venv
	$(NEWEST) $(PIP_INSTALL) -e ".[postgresql,mysql]" -r example_app/requirements.txt
	touch $@

.venv/.ready-test: setup.cfg pyproject.toml example_app/requirements.txt
	PYTHON=$(PYTHON) scripts/make-venv .venv
	$(NEWEST) $(PIP_INSTALL) --upgrade --upgrade-strategy eager -e ".[test,dev]" \
		-r example_app/requirements.txt
	touch $@

.venv/.ready-bench: .venv/.ready-test benchmarks/requirements.txt
	command -v wrk > /dev/null || scripts/apt-install wrk
	$(NEWEST) $(PIP_INSTALL) -r benchmarks/requirements.txt
	touch $@

.venv-lowest/.ready: setup.cfg pyproject.toml requirements-lowest.txt
	PYTHON=$(LOWEST_PYTHON) scripts/make-venv .venv-lowest
	$(LOWEST) $(PIP_INSTALL) -e ".[test]" -c requirements-lowest.txt
	touch $@

benchmarks/node/node_modules/.ready: benchmarks/node/package.json | services
	cd benchmarks/node && npm ci --no-audit --no-fund
	touch $@

node_modules/.ready: package.json package-lock.json | services
	npm ci --no-audit --no-fund
	touch $@

.PHONY: services
services:
	scripts/setup-services
