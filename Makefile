# Two commands matter: `make book` and `make test`. Both set themselves up from a fresh clone.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help book test po notebooks weights serve zip epub pdf dist release warm bench reproduce audit binder hub pythons coursework lint lock clean check

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

book: .venv/installed  ## execute every chapter and build the website in _build/html
	$(BIN)/python tools/book.py

test: .venv/installed  ## unit tests, doctests, every notebook and every figure
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

po: .venv/installed  ## bring the message catalogues in locale/ up to date, and tell what is to be translated
	$(BIN)/python tools/catalogues.py

notebooks: .venv/installed  ## write the notebooks, chapters/*.ipynb and ko/chapters/*.ipynb, from chapters/*.md
	$(BIN)/python tools/notebooks.py
	BOOK_LANGUAGE=ko $(BIN)/python tools/notebooks.py

weights: .venv/installed  ## train the stored models again (needs the full MNIST)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python tools/weights.py
	$(BIN)/python tools/status.py

serve: book  ## build the website and serve it on http://127.0.0.1:8000
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

zip: book  ## pack the website into _build/imagebook.zip, to be opened from disk
	$(BIN)/python tools/print.py zip

epub: book  ## make _build/imagebook.epub, and imagebook-ko.epub in Korean, each figure in three states
	$(BIN)/python tools/print.py epub
	BOOK_LANGUAGE=ko $(BIN)/python tools/print.py epub

pdf: book  ## make _build/imagebook.pdf by Chromium, and the EPUB on the way; in Korean, too
	$(BIN)/python tools/print.py pdf
	BOOK_LANGUAGE=ko $(BIN)/python tools/print.py pdf

dist: .venv/installed  ## build the library's wheel and source distribution in dist/
	$(BIN)/python tools/dist.py

release: .venv/installed  ## build all that a release has, if TAG, say v1.2.3, is the library's version
	$(BIN)/python tools/dist.py "$(TAG)"
	$(MAKE) zip pdf

warm:  ## let Binder build the branch `release` of REPOSITORY, say owner/name, before its first reader comes
	curl --silent --show-error --fail --no-buffer --max-time 3000 https://mybinder.org/build/gh/$(REPOSITORY)/release | grep -m 1 '"phase": *"ready"'

bench: .venv-bench/installed  ## time the library beside PyTorch, SciPy, OpenCV and scikit-image
	OPENBLAS_NUM_THREADS=2 OMP_NUM_THREADS=2 MKL_NUM_THREADS=2 .venv-bench/bin/python benchmarks/bench.py
	.venv-bench/bin/python tools/status.py

reproduce: .venv/installed  ## train LeNet-5, k-NN and a linear classifier on the full MNIST and compare with 1998
	$(BIN)/python benchmarks/reproduce.py
	$(BIN)/python tools/status.py

audit: .venv/installed .venv-audit/installed book  ## score every page beside a stock Jupyter Book (AUDIT="--runs 3 --pages index")
	$(BIN)/python benchmarks/audit.py $(AUDIT); missed=$$?; $(BIN)/python tools/status.py && exit $$missed

binder: .venv/installed  ## run every notebook in Binder's environment, made from nothing (BINDER="--python PATH")
	$(BIN)/python benchmarks/binder.py $(BINDER)
	$(BIN)/python tools/status.py

hub: .venv/installed .venv-hub/installed  ## let two users of a real JupyterHub run every chapter, and measure their memory
	$(BIN)/python benchmarks/hub.py
	$(BIN)/python tools/status.py

pythons: .venv/installed  ## try the library's wheel under other versions of Python (PYTHONS="python3.12 python3.14")
	$(BIN)/python benchmarks/pythons.py $(PYTHONS)
	$(BIN)/python tools/status.py

coursework: .venv/installed  ## grade a class of a thousand in three ways, beside nbgrader's autograde (COURSEWORK="--students 20")
	$(BIN)/python benchmarks/coursework.py $(COURSEWORK)
	$(BIN)/python tools/status.py

lint: .venv/installed  ## style, formatting, spelling, grammar, workflows
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/python tools/prose.py
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet .github/workflows

lock: .venv/installed  ## compile the pinned requirements of the book, of Binder and of a hub (UPGRADE=--upgrade renews every pin)
	$(BIN)/python -m pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile pyproject.toml --quiet --extra test --universal --python-version 3.11 --no-emit-package imagebook \
	  --no-annotate --custom-compile-command "make lock" $(UPGRADE) --output-file requirements.txt
	echo "-e ." >> requirements.txt
	$(BIN)/python tools/binder_lock.py
	$(BIN)/uv pip compile pyproject.toml deploy/requirements.in --quiet --universal --python-version 3.11 --no-emit-package imagebook \
	  --no-annotate --custom-compile-command "make lock" $(UPGRADE) --output-file deploy/requirements.txt

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

.venv-hub/installed: deploy/requirements.txt deploy/local/package-lock.json benchmarks/audit/requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv-hub
	.venv-hub/bin/python -m pip install --disable-pip-version-check --quiet --requirement deploy/requirements.txt \
	  --requirement benchmarks/audit/requirements.txt -e .
	cp deploy/local/package.json deploy/local/package-lock.json .venv-hub
	PATH="$(CURDIR)/.venv-hub/bin:$$PATH" .venv-hub/bin/npm ci --prefix .venv-hub --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@
