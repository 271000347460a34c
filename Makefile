# make run    the gateway with config.yaml: a simulated board, live values
# make test   lint, types, layers, every test, on the first Python and on one of the others from 3.11 to 3.13
# make help   the rest

SHELL := /bin/sh
# The first Python here that is new enough; `make PYTHON=/path/to/python3.12 run` chooses another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
# The others between 3.12 and 3.13, for the tests: on PATH or under pyenv.
OTHERS ?= $(shell for v in 3.12 3.13; do for p in "python$$v" "$$HOME"/.pyenv/versions/$$v.*/bin/python; do \
	"$$p" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$$v')" 2>/dev/null && echo "$$p" && break; \
	done; done)
BIN := .venv/bin
# Four runs of the tests read the same files, and start thousands of programs: each is compiled once, not each time.
unexport PYTHONDONTWRITEBYTECODE
PIP := -m pip install --quiet --disable-pip-version-check

.PHONY: help run test test-pythons test-free-threaded mutants compiled system-packages brokers prometheus schemathesis debian-root home-assistant check test-main test-others test-whole test-slow test-years bench screenshots wheel deb clean

help:
	@echo 'make run        start the gateway with config.yaml (a simulated board)'
	@echo 'make test       everything that a change must pass; the other Pythons share the tests among them'
	@echo 'make test-pythons  every test on every Python from 3.11 to 3.13 that is here'
	@echo 'make check      ruff, mypy and the layers, without the tests'
	@echo 'make test-slow  the tests that take minutes'
	@echo 'make test-free-threaded  those of sig, without the lock that all threads share: PYTHON=/path/to/python3.13t'
	@echo 'make test-years three years of a gateway on a fast clock, and power cuts at any write'
	@echo 'make bench      the benchmarks; results in benchmarks/results/'
	@echo 'make screenshots  the pictures of the dashboard in docs/images'
	@echo 'make wheel      build the wheel into dist/'
	@echo 'make deb        build a Debian package into dist/ for this system; for others ARCH=amd64, arm64; RELEASE=bookworm, trixie'
	@echo 'make clean      remove what was built and installed here'

run: .venv/installed
	@$(BIN)/sig-gateway run -c config.yaml

test: system-packages brokers prometheus schemathesis
	@$(MAKE) --no-print-directory -j2 check compiled
	@rm -f .coverage .coverage.*
	@$(MAKE) --no-print-directory -j2 test-main test-others
	@$(MAKE) --no-print-directory test-whole

# What the tests need beside Python, installed where that may be done; elsewhere they say what they skip.
system-packages:
	@PATH="$$PATH:/usr/sbin"; missing=; \
	command -v cc >/dev/null || missing="$$missing gcc libc6-dev"; \
	command -v mosquitto >/dev/null || missing="$$missing mosquitto"; \
	command -v mosquitto_rr >/dev/null || missing="$$missing mosquitto-clients"; \
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing="$$missing libfaketime"; \
	pkg-config --exists libmodbus 2>/dev/null || missing="$$missing libmodbus-dev pkg-config"; \
	command -v avr-gcc >/dev/null || missing="$$missing gcc-avr"; \
	ls /usr/lib/avr/include/avr/io.h >/dev/null 2>&1 || missing="$$missing avr-libc"; \
	ls -d /usr/share/arduino/hardware/arduino/avr/cores >/dev/null 2>&1 || missing="$$missing arduino-core-avr"; \
	ls /usr/include/simavr/sim_avr.h >/dev/null 2>&1 || missing="$$missing libsimavr-dev"; \
	command -v systemd-analyze >/dev/null || missing="$$missing systemd"; \
	command -v chromium >/dev/null || missing="$$missing chromium fonts-dejavu-core"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	command -v ip >/dev/null || missing="$$missing iproute2"; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing for the tests:$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else \
		echo "Tests that need these Debian packages will be skipped:$$missing (sudo apt install$$missing)"; \
	fi

# What else the tests run as a broker, beside Debian's Mosquitto.
BROKERS := tests/support/brokers

brokers:
	@$(MAKE) --no-print-directory --silent .venv-brokers/installed || \
		echo 'The tests of brokers that could not be installed will be skipped.'

.venv-brokers/installed: $(BROKERS)/requirements.txt $(BROKERS)/node/package-lock.json
	@echo 'Installing brokers for the tests (once)…'
	@$(PYTHON) -m venv .venv-brokers
	@.venv-brokers/bin/python $(PIP) -r $(BROKERS)/requirements.txt
	@mkdir -p .venv-brokers/aedes && cp $(BROKERS)/node/package*.json .venv-brokers/aedes
	@cd .venv-brokers/aedes && PATH="$(CURDIR)/.venv-brokers/bin:$$PATH" \
		npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# Debian's Prometheus, to scrape a gateway with and to look at its alerts. The package is only unpacked here: to
# install it would start a service that nobody asked for.
prometheus:
	@command -v prometheus >/dev/null && command -v promtool >/dev/null || \
		$(MAKE) --no-print-directory --silent .venv-prometheus/installed || \
		echo 'The tests that need Prometheus will be skipped.'

.venv-prometheus/installed:
	@command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null
	@echo "Fetching Debian's Prometheus for the tests (once)…"
	@rm -rf .venv-prometheus && mkdir .venv-prometheus
	@cd .venv-prometheus && { apt-get download -qq prometheus || \
		{ [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get download -qq prometheus; }; } >/dev/null 2>&1
	@cd .venv-prometheus && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb && touch installed

schemathesis:
	@$(MAKE) --no-print-directory --silent .venv-schemathesis/installed || \
		echo 'The test with Schemathesis will be skipped.'

.venv-schemathesis/installed: tests/support/schemathesis.txt
	@echo 'Installing Schemathesis for the tests (once)…'
	@$(PYTHON) -m venv .venv-schemathesis
	@.venv-schemathesis/bin/python $(PIP) -r tests/support/schemathesis.txt
	@touch $@

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy sig drivers gateway firmware-sim/firmware_sim benchmarks tests
	$(BIN)/lint-imports

# What all workers read, by one of them, beside mypy: else each of them compiles it, and pytest rewrites each assert.
compiled: .venv/installed-dev
	@$(BIN)/python -m pytest -q --collect-only >/dev/null 2>&1 || :

# Most tests wait for a board, a broker or a browser: two files at the same time keep a core busy. In the order of
# tests/conftest.py, which has the longest first.
BESIDE := -n 2 --dist loadfile --no-loadscope-reorder
LAST := $(lastword $(OTHERS))

test-main: .venv/installed-dev
	$(BIN)/coverage run -m tests.support.once_more $(BESIDE) --ignore=tests/e2e

# One after the other, beside test-main, and told of when they are done. Each has its share of the files, and
# tests/sig (tests/support/sharing.py); with `SHARED=` each has all of them.
SHARED ?= yes

test-others: pyproject.toml
	@for v in 3.12 3.13; do \
		case ' $(foreach p,$(PYTHON) $(OTHERS),$(shell "$p" -c 'import sys; print("%d.%d" % sys.version_info[:2])')) ' in \
		*"$$v "*) ;; *) echo "Python $$v is not here: nothing is run on it." ;; esac; \
	done
	@number=0; for python in $(OTHERS); do \
		number=$$((number + 1)); \
		version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		venv=".venv-$$version"; \
		if [ ! -e "$$venv/installed" ] || [ pyproject.toml -nt "$$venv/installed" ]; then \
			"$$python" -m venv "$$venv" && "$$venv/bin/python" $(PIP) -e '.[test]' && touch "$$venv/installed"; \
		fi && \
		SIG_GATEWAY_SHARE=$(if $(SHARED),$$number/$(words $(OTHERS))) "$$venv/bin/python" -m tests.support.once_more -q $(BESIDE) \
			-m "not slow and not once" --ignore=tests/e2e >"$$venv/tests.log" 2>&1; \
		status=$$?; echo "Python $$version:"; cat "$$venv/tests.log"; [ $$status = 0 ] || exit 1; \
	done

# Whole gateways: on the first Python, then on the last, with nothing beside them. They wait for a board, a broker or
# each other most of the time, so one more at once than there are cores.
WHOLE := -n 3 --dist loadfile --no-loadscope-reorder

test-whole: .venv/installed-dev
	$(BIN)/coverage run -m tests.support.once_more $(WHOLE) tests/e2e
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95
	@for python in $(if $(SHARED),$(LAST),$(OTHERS)); do \
		.venv-$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')/bin/python \
			-m pytest -q $(WHOLE) -m "not slow and not once" tests/e2e || exit 1; \
	done

# Twice the time of `make test`.
test-pythons:
	@$(MAKE) --no-print-directory test SHARED=

# A small Debian, which the tests boot to install the package on; only root can do both.
debian-root:
	@[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		$(MAKE) --no-print-directory --silent .venv-debian/installed || \
		echo 'The tests that install on a Debian of their own will be skipped.'

.venv-debian/installed: tests/installed/make_debian.sh
	@command -v mmdebstrap >/dev/null || { apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null; }
	@echo 'Fetching a Debian for the tests (once)…'
	@sh tests/installed/make_debian.sh .venv-debian
	@touch $@

# Home Assistant of Python's registry, which wants Python 3.13.
home-assistant:
	@$(MAKE) --no-print-directory --silent .venv-homeassistant/installed || \
		echo 'The test with Home Assistant will be skipped.'

.venv-homeassistant/installed: tests/installed/homeassistant.txt
	@echo 'Installing Home Assistant for the tests (once)…'
	@$(LAST) -m venv .venv-homeassistant
	@.venv-homeassistant/bin/python $(PIP) -r tests/installed/homeassistant.txt
	@touch $@

test-slow: .venv/installed-dev debian-root home-assistant
	$(BIN)/python -m pytest -m slow --timeout 1800
	SIG_GATEWAY_EXAMPLES=10 $(BIN)/python -m pytest -n 2 -m "hypothesis and not slow" --timeout 1800
	SIG_GATEWAY_EXAMPLES=10 $(BIN)/python -m pytest tests/drivers/stream/text/test_corruption.py

# Some ten minutes on two quiet cores.
test-years: .venv/installed-dev
	$(BIN)/python -m pytest -m "slow or not slow" --timeout 3000 -o faulthandler_timeout=3000 tests/hard_years tests/e2e/test_short_of.py tests/e2e/test_backup.py

# `make test-free-threaded PYTHON=/path/to/python3.13t`. TLS is skipped, and the tests that ask mypy or the gateway are
# left out, for want of wheels; of Hypothesis it is the last one that is Python alone.
FREE := .venv-free-threaded

test-free-threaded: $(FREE)/installed
	PYTHON_GIL=0 $(FREE)/bin/python -m pytest -m "slow or not slow" tests/sig \
		--ignore tests/sig/test_aio_address.py --ignore tests/sig/test_typing.py

$(FREE)/installed:
	@$(PYTHON) -c 'import sysconfig, sys; sys.exit(not sysconfig.get_config_var("Py_GIL_DISABLED"))' || \
		{ echo '$(PYTHON) is not free-threaded' >&2; exit 1; }
	@$(PYTHON) -m venv $(FREE)
	@$(FREE)/bin/python $(PIP) 'hypothesis>=6.100,<6.140' 'pytest>=8.2,<10' 'pytest-repeat<1' 'pytest-timeout>=2.3,<3'
	@$(FREE)/bin/python $(PIP) --no-deps -e .
	@touch $@

# Some 15 minutes on two quiet cores; not part of the tests. Which files, and which tests: pyproject.toml.
mutants: .venv-mutants/installed
	@rm -rf mutants
	SIG_GATEWAY_EXAMPLES=1 .venv-mutants/bin/mutmut run --max-children 2
	.venv-mutants/bin/python -m tests.mutants

.venv-mutants/installed: pyproject.toml
	@$(PYTHON) -m venv .venv-mutants
	@.venv-mutants/bin/python $(PIP) -e '.[test]' 'mutmut>=3.8,<4'
	@touch $@

screenshots: system-packages .venv/installed-dev
	$(BIN)/python -m tests.screenshots

# It needs nothing of what the gateway does. What an earlier build has left would be in it.
wheel: .venv-build/installed
	@rm -rf build
	@said=$$(.venv-build/bin/python -m build --wheel --outdir dist . 2>&1) || { echo "$$said" >&2; exit 1; }
	@ls dist/*.whl

.venv-build/installed: pyproject.toml
	@test -n '$(PYTHON)' || { echo 'sig-gateway needs Python 3.11 or newer; none was found on PATH' >&2; exit 1; }
	@$(PYTHON) -m venv .venv-build
	@.venv-build/bin/python $(PIP) 'build>=1.2,<2'
	@touch $@

ARCH ?= $(shell dpkg --print-architecture 2>/dev/null || echo amd64)
RELEASE ?= $(shell . /etc/os-release 2>/dev/null && echo "$$VERSION_CODENAME" || echo bookworm)

deb: .venv-build/installed
	@rm -rf build && mkdir -p build/deb
	@said=$$(.venv-build/bin/python -m build --wheel --outdir build/deb . 2>&1) || { echo "$$said" >&2; exit 1; }
	@.venv-build/bin/python packaging/build_deb.py build/deb/*.whl --arch $(ARCH) --release $(RELEASE)

.venv/installed: pyproject.toml
	@test -n '$(PYTHON)' || { echo 'sig-gateway needs Python 3.11 or newer; none was found on PATH' >&2; exit 1; }
	@echo 'Setting up .venv (once)…'
	@$(PYTHON) -m venv .venv || { echo 'On Debian and Raspberry Pi OS: sudo apt install python3-venv' >&2; exit 1; }
	@.venv/bin/python $(PIP) -e .
	@touch $@

.venv/installed-dev: .venv/installed
	@.venv/bin/python $(PIP) -e '.[dev]'
	@touch $@

.venv/installed-bench: .venv/installed
	@.venv/bin/python $(PIP) -e '.[bench]'
	@touch $@

bench: .venv/installed-bench
	@for p in nats-server mosquitto; do PATH="$$PATH:/usr/sbin" command -v $$p >/dev/null || \
		echo "$$p is not here and will be skipped; on Debian: sudo apt install $$p" >&2; done
	$(BIN)/python -m benchmarks.dispatch
	$(BIN)/python -m benchmarks.network
	$(BIN)/python -m benchmarks.serial_to_listener
	$(BIN)/python -m benchmarks.mqtt
	$(BIN)/python -m benchmarks.mysensors
	$(BIN)/python -m benchmarks.many_links
	$(BIN)/python -m benchmarks.sd_card
	$(BIN)/python -m benchmarks.modbus_bus
	$(BIN)/python -m benchmarks.bit_errors
	$(BIN)/python -m benchmarks.history
	$(BIN)/python -m benchmarks.fleet --outage 60
	$(BIN)/python -m benchmarks.fleet.growth
	$(BIN)/python -m benchmarks.fleet.sd_card
	$(BIN)/python -m benchmarks.summary

clean:
	rm -rf mutants .venv-mutants .venv-free-threaded .venv .venv-3.* .venv-build .venv-brokers .venv-prometheus .venv-schemathesis .venv-debian .venv-homeassistant build dist *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
