# Everything runs in .venv, made when it is missing or when the requirements have changed.
# PYTHON chooses the interpreter, PYTEST_ARGS goes to pytest: make test PYTEST_ARGS='-k vlad -x'

PYTHON ?= python3
PYTEST_ARGS ?=

# No test may ask a model hub for anything.
OFFLINE := HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1

.PHONY: help venv test test-numpy1 lint format clean

help:  ## show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 14

venv: .venv/ready  ## make .venv with the package (editable) and everything its tests need

test: lint  ## run the linters and all tests
	$(OFFLINE) .venv/bin/python -m pytest $(PYTEST_ARGS)

test-numpy1: .venv-numpy1/ready  ## run all tests with NumPy 1.26 and the oldest versions allowed
	$(OFFLINE) .venv-numpy1/bin/python -m pytest $(PYTEST_ARGS)

lint: .venv/ready  ## check format and style
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

format: .venv/ready  ## put code into the house format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

clean:  ## remove what make has made
	rm -rf .venv .venv-numpy1 .pytest_cache .ruff_cache anyloc_ros.egg-info
	find anyloc_ros test -name __pycache__ -prune -exec rm -r {} +

.venv/ready: setup.py requirements/development.txt requirements/common.txt
.venv-numpy1/ready: setup.py requirements/numpy1.txt requirements/common.txt

.venv/ready .venv-numpy1/ready:
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 10) and sys.exit( \
	  "Python 3.10 or newer is needed, got %d.%d; name another by PYTHON=" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' || { echo '$(PYTHON) cannot make virtual' \
	  'environments; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --constraint $(word 2,$^) --editable '.[test]'
	touch $@
