# Everything runs in .venv, made when it is missing or when the requirements have changed.
# PYTHON chooses the interpreter, PYTEST_ARGS goes to pytest: make test PYTEST_ARGS='-k vlad -x'
# make soak SOAK_S=60 is a shorter one.
# Runs of yours: make demo TEACH=SOURCE REPEAT=SOURCE [TRUTH=frames:N|radius:METRES|vprbench:FILE]
# [METHOD=NAME] [RATE=HZ]; DEMO_ARGS goes to "anyloc demo", see .venv/bin/anyloc demo --help

PYTHON ?= python3
PYTEST_ARGS ?=
SOAK_S ?= 600

# The ROS of this machine: the one that is sourced, else the newest under /opt/ros. Where there is
# none, the wheels of ROS take its place, and nothing inherited may stand in their way.
ROS_ROOT ?= /opt/ros
SOURCED := $(firstword $(wildcard $(addsuffix /share/rclpy,$(subst :, ,$(AMENT_PREFIX_PATH)))))
INSTALLED := $(lastword $(sort $(wildcard $(ROS_ROOT)/*/share/rclpy)))
ROS := $(patsubst %/share/rclpy,%,$(or $(SOURCED),$(INSTALLED)))
ifneq ($(SOURCED),)
WITH_ROS :=
else ifneq ($(INSTALLED),)
WITH_ROS := . $(ROS)/setup.sh &&
else
WITH_ROS := env -u PYTHONPATH -u AMENT_PREFIX_PATH
endif
# What ROS brings is built for NumPy 1, and some of it for the system's Python only.
ifneq ($(ROS),)
EXTRAS := report,test
VENV_ARGS := --system-site-packages
CONSTRAINTS := requirements/numpy1.txt
else
EXTRAS := report,test,wheels
CONSTRAINTS := requirements/development.txt
endif

# No test may ask a model hub for anything.
OFFLINE := HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1

.PHONY: help venv demo test test-slow faults soak test-numpy1 test-kilted lint format clean

help:  ## show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 14

venv: .venv/ready  ## make .venv with the package (editable) and everything its tests need

demo: .venv/ready  ## teach and localize with the nodes, in a rendered world or on runs of yours
	$(WITH_ROS) .venv/bin/python -m anyloc_ros.cli.main demo $(if $(TEACH),--teach '$(TEACH)') \
	  $(if $(REPEAT),--repeat '$(REPEAT)') $(if $(TRUTH),--truth '$(TRUTH)') \
	  $(if $(METHOD),--method '$(METHOD)') $(if $(RATE),--rate '$(RATE)') $(DEMO_ARGS)

test: lint  ## run the linters and all tests
	$(WITH_ROS) $(OFFLINE) .venv/bin/python -m pytest $(PYTEST_ARGS)

test-slow: .venv/ready  ## run the tests that take minutes: all real images through the nodes
	$(WITH_ROS) ANYLOC_SLOW=1 $(OFFLINE) .venv/bin/python -m pytest \
	  test/ros/test_same_as_offline.py $(PYTEST_ARGS)

faults: .venv/ready  ## let everything fail, on real nodes: docs/faults.md; and malformed input
	$(WITH_ROS) ANYLOC_SLOW=1 $(OFFLINE) .venv/bin/python -m pytest \
	  test/faults/test_faults.py test/fuzz $(PYTEST_ARGS)

soak: .venv/ready  ## use a localizer for SOAK_S seconds (ten minutes), and watch its memory
	$(WITH_ROS) $(OFFLINE) .venv/bin/python test/faults/soak.py --seconds $(SOAK_S)

test-numpy1: .venv-numpy1/ready  ## run all tests with NumPy 1.26 and the oldest versions allowed
	$(WITH_ROS) $(OFFLINE) .venv-numpy1/bin/python -m pytest $(PYTEST_ARGS)

test-kilted: .venv-kilted/ready  ## run the tests of the nodes with the wheels of ROS 2 Kilted
	env -u PYTHONPATH -u AMENT_PREFIX_PATH $(OFFLINE) .venv-kilted/bin/python -m pytest \
	  test/ros $(PYTEST_ARGS)

lint: .venv/ready  ## check format and style
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

format: .venv/ready  ## put code into the house format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

clean:  ## remove what make has made
	rm -rf .venv .venv-numpy1 .venv-kilted .pytest_cache .ruff_cache anyloc_ros.egg-info
	find anyloc_ros test -name __pycache__ -prune -exec rm -r {} +

.venv/ready: setup.py $(CONSTRAINTS) requirements/common.txt
# Another ROS than the one it was made for.
ifneq ($(shell cat .venv/ros 2> /dev/null),$(ROS))
.venv/ready: another-ros
another-ros:
endif
.venv-numpy1/ready: setup.py requirements/numpy1.txt requirements/common.txt

.venv-kilted/ready: setup.py requirements/development.txt requirements/common.txt requirements/kilted.txt
.venv-kilted/ready: EXTRAS := report,test
.venv-kilted/ready: VENV_ARGS :=
.venv-kilted/ready: WITH_ROS := env -u PYTHONPATH -u AMENT_PREFIX_PATH
.venv-kilted/ready: WHEELS := --requirement requirements/kilted.txt

.venv/ready .venv-numpy1/ready .venv-kilted/ready:
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 10) and sys.exit( \
	  "Python 3.10 or newer is needed, got %d.%d; name another by PYTHON=" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' || { echo '$(PYTHON) cannot make virtual' \
	  'environments; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV_ARGS) $(@D)
	$(WITH_ROS) $(@D)/bin/python -m pip install --constraint $(word 2,$(filter %.py %.txt,$^)) \
	  $(WHEELS) --editable '.[$(EXTRAS)]'
	@echo '$(ROS)' > $(@D)/ros
	touch $@
