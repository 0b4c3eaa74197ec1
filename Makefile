# Two commands matter: `make book` and `make test`. Both set themselves up from a fresh clone.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help book test notebooks weights serve zip epub pdf dist bench reproduce audit pythons lint lock clean check

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

book: .venv/installed  ## execute every chapter and build the website in _build/html
	$(BIN)/python tools/book.py

test: .venv/installed  ## unit tests, doctests, every notebook and every figure
	$(BIN)/python -m pytest -n 2 --dist loadfile

notebooks: .venv/installed  ## write chapters/*.ipynb from chapters/*.md
	$(BIN)/python tools/notebooks.py

weights: .venv/installed  ## train the stored models again (needs the full MNIST)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python tools/weights.py
	$(BIN)/python tools/status.py

serve: book  ## build the website and serve it on http://127.0.0.1:8000
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

zip: book  ## pack the website into _build/imagebook.zip, to be opened from disk
	$(BIN)/python tools/print.py zip

epub: book  ## make _build/imagebook.epub, each figure in three states
	$(BIN)/python tools/print.py epub

pdf: book  ## make _build/imagebook.pdf by Chromium, and the EPUB on the way
	$(BIN)/python tools/print.py pdf

dist: .venv/installed  ## build the library's wheel and source distribution in dist/
	$(BIN)/python tools/dist.py

bench: .venv-bench/installed  ## time the library beside PyTorch, SciPy, OpenCV and scikit-image
	OPENBLAS_NUM_THREADS=2 OMP_NUM_THREADS=2 MKL_NUM_THREADS=2 .venv-bench/bin/python benchmarks/bench.py
	.venv-bench/bin/python tools/status.py

reproduce: .venv/installed  ## train LeNet-5, k-NN and a linear classifier on the full MNIST and compare with 1998
	$(BIN)/python benchmarks/reproduce.py
	$(BIN)/python tools/status.py

audit: .venv/installed .venv-audit/installed book  ## score every page beside a stock Jupyter Book (AUDIT="--runs 3 --pages index")
	$(BIN)/python benchmarks/audit.py $(AUDIT); missed=$$?; $(BIN)/python tools/status.py && exit $$missed

pythons: .venv/installed  ## try the library's wheel under other versions of Python (PYTHONS="python3.12 python3.14")
	$(BIN)/python benchmarks/pythons.py $(PYTHONS)

lint: .venv/installed  ## style, formatting, spelling and grammar
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/python tools/prose.py

lock: .venv/installed  ## compile requirements.txt from the ranges in pyproject.toml (UPGRADE=--upgrade renews every pin)
	$(BIN)/python -m pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile pyproject.toml --quiet --extra test --universal --python-version 3.11 --no-emit-package imagebook \
	  --no-annotate --custom-compile-command "make lock" $(UPGRADE) --output-file requirements.txt
	echo "-e ." >> requirements.txt

check: lint test book  ## everything that CI does

clean:  ## remove what was built; the environment stays
	rm -rf _build dist

.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("imagebook needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement requirements.txt
	@touch $@

.venv-bench/installed: benchmarks/requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --disable-pip-version-check --quiet --requirement benchmarks/requirements.txt -e .
	@touch $@

.venv-audit/installed: benchmarks/audit/requirements.txt benchmarks/audit/package-lock.json
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --disable-pip-version-check --quiet --requirement benchmarks/audit/requirements.txt
	cp benchmarks/audit/package.json benchmarks/audit/package-lock.json .venv-audit
	PATH="$(CURDIR)/.venv-audit/bin:$$PATH" .venv-audit/bin/npm ci --prefix .venv-audit --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@
