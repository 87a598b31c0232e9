# SPDX-License-Identifier: MIT
# Forwards to meson, for habit: see meson.build.

BUILD ?= build
SANITIZED ?= $(BUILD)-sanitize
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
LDCONFIG ?= ldconfig

SANITIZERS = -Db_sanitize=address,undefined -Db_lundef=false

# Tests want all that can be built; watch knows KVM of x86-64 only.
WATCH = $(if $(filter x86_64,$(shell uname -m)),enabled,auto)

# What `make fresh` and `make packages` try: Debian 12 and 13. bookworm:i386 is Debian 12 for 32-bit machines.
SUITES ?= bookworm trixie

.PHONY: all demo check test web lint fresh packages dist lab install uninstall clean corpus-report certain-report
.PHONY: deps test-deps with-tests without-lab sanitized

all: $(BUILD)/build.ninja
	meson compile -C $(BUILD)

demo: deps
	$(MAKE) all
	$(BUILD)/cli/kvmwhy explain examples/starting-case.log

# Both builds are tested even if the first has failures; the last line sums them up.
check: with-tests
	$(MAKE) sanitized
	rm -f $(BUILD)/meson-logs/testlog.json $(SANITIZED)/meson-logs/testlog.json
	-meson test -C $(BUILD) --print-errorlogs
	-UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		meson test -C $(SANITIZED) --print-errorlogs --timeout-multiplier 4
	@scripts/test-summary $(BUILD) $(SANITIZED)

# All but the lab, in the ordinary build.
test: without-lab
	rm -f $(BUILD)/meson-logs/testlog.json
	-meson test -C $(BUILD) --print-errorlogs
	@scripts/test-summary $(BUILD)

# The page and the npm package, in $(BUILD)/web. The first time it fetches the sources of Zydis.
web: $(BUILD)/build.ninja
	@scripts/install-deps --web
	web/get-zydis $(BUILD)/web
	web/build.py $(BUILD) $(BUILD)/web

# The source as linters see it; a part of `make test` and `make check`.
lint: without-lab
	meson test -C $(BUILD) --no-rebuild --suite lint --print-errorlogs
	KVMWHY_SOURCE=$(CURDIR) KVMWHY_BUILD=$(abspath $(BUILD)) python3 tests/lint/lint.py analyzer

# `make demo` and `make test` as a stranger meets them, in minimal roots; needs root and a Debian archive.
fresh:
	packaging/fresh $(SUITES)

# Debian's packages, built with their tests in such roots, installed, tried, removed.
packages:
	packaging/debs $(SUITES)

# A release's archive. It builds without git; packaging/README.md says how it is signed.
VERSION = $(shell sed -n "s/^\tversion : '\(.*\)',/\1/p" meson.build)
dist:
	git archive --prefix=kvmwhy-$(VERSION)/ HEAD | xz -9 >kvmwhy-$(VERSION).tar.xz

# Every scenario on every kernel, as a table; `make check` runs those of the lab's meson.build.
lab: all
	@scripts/install-deps --lab
	lab/matrix

# The build may have been made for another prefix.
install: $(BUILD)/build.ninja
	meson configure $(BUILD) --prefix $(PREFIX) --libdir $(LIBDIR)
	$(MAKE) all
	meson install -C $(BUILD) --no-rebuild
	-[ -n "$(DESTDIR)" ] || $(LDCONFIG)

# What the last `make install` of this build put there.
uninstall:
	ninja -C $(BUILD) uninstall

corpus-report: with-tests
	meson compile -C $(BUILD) corpus-report

# Each certain finding in the corpus, with what proves it; FILES names further logs.
certain-report: with-tests
	meson compile -C $(BUILD) certain-report
	@[ -z "$(FILES)" ] || $(BUILD)/tests/corpus/certain --report $(FILES)

clean:
	rm -rf $(BUILD) $(SANITIZED)

deps:
	@scripts/install-deps

test-deps:
	@scripts/install-deps --lab

with-tests: test-deps
	$(MAKE) $(BUILD)/build.ninja
	meson configure $(BUILD) -Dtests=true -Dlab=true -Dwatch=$(WATCH) -Djournal=enabled
	$(MAKE) all

without-lab:
	@scripts/install-deps --test
	$(MAKE) $(BUILD)/build.ninja
	meson configure $(BUILD) -Dtests=true -Dlab=false -Dwatch=$(WATCH) -Djournal=enabled
	$(MAKE) all

sanitized: $(SANITIZED)/build.ninja
	meson compile -C $(SANITIZED)

# The tests need more than the build does.
$(BUILD)/build.ninja:
	meson setup --prefix $(PREFIX) --libdir $(LIBDIR) -Dtests=false $(BUILD)

$(SANITIZED)/build.ninja:
	meson setup $(SANITIZERS) $(SANITIZED)
