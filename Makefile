# make demo and make test install what they need; nothing else is needed first than Python 3.11 or newer.
PYTHON ?= python3
PLATFORM ?= zendesk
VENV   := .venv
RUN    := $(VENV)/bin


.PHONY: demo test prove bench screenshots messages check format lock clean
.DELETE_ON_ERROR:

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: $(VENV)/.installed  ## the main job, on a simulated helpdesk over real HTTP: make demo PLATFORM=freshdesk
	$(RUN)/helpdesk-wellbeing demo --platform $(PLATFORM)

# Tests start the program some hundred times, which takes up to three times as long where Python may not keep what it
# compiled. Each process begins with half of the tests, in order: what a module sets up is set up once.
test prove: export PYTHONDONTWRITEBYTECODE =

test: $(VENV)/.installed  ## all tests
	$(RUN)/python -m pytest -n 3 --dist worksteal

prove: $(VENV)/.installed  ## the full counts of the kill and fault tests; what people use, on PostgreSQL
	$(RUN)/python -m pytest -m prove --override-ini addopts="-q --strict-markers --import-mode=importlib"
	$(RUN)/python -m pytest -p tests.on_postgresql $(addprefix tests/,access acting agreement api notices pages upkeep web)

bench: $(VENV)/.installed  ## speed and memory against peers
	$(RUN)/python -m bench

screenshots: $(VENV)/.installed  ## of every page of the demo, in both languages, wide and narrow, into screenshots/
	$(RUN)/python -m tests.browser.shots screenshots

messages: $(VENV)/.installed  ## bring the catalogues of words up to date with pages and rules
	$(RUN)/python -m helpdesk_wellbeing.web.messages

check: $(VENV)/.installed  ## lint, types, import directions
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

format: $(VENV)/.installed
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

lock:  ## pin what pyproject.toml asks for, with hashes, for every platform
	$(RUN)/python -m pip install --quiet uv
	$(RUN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--extra dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
