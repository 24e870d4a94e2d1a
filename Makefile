# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel reads Kbuild; this file is for people. `make help` says what there is.

VERSION := $(shell cat VERSION)
BUILD ?= build
PREFIX ?= /usr
KVERSION ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVERSION)/build

.PHONY: all help module demo check bench lab clean

all: userland module

include src/userland.mk
include src/exporter/exporter.mk
include tests/vm/tests.mk
include tests/unit/unit.mk
include tests/bench/bench.mk
include packaging/install.mk
include packaging/dist.mk

help:
	@echo "make            the library, the command, and the module for the running kernel"
	@echo "make install    the same, installed; the module by DKMS"
	@echo "make uninstall  takes all of it away"
	@echo "make demo       a disposable KVM host with real guests and live counters"
	@echo "make check      every test; KERNEL=6.1 TEST=name for one in the lab"
	@echo "make deb        packages for this Debian, make rpm for who has rpmbuild; make dist"
	@echo "make bench      what reading costs, in instructions"
	@echo "make lab        a shell in a disposable KVM host, KERNEL=6.1"

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

# --- the lab: needs root, installs what it needs ---

demo:
	scripts/install-deps
	scripts/lab demo $(or $(KERNEL),5.10 6.12)

check:
	scripts/install-deps
	scripts/check $(KERNEL) $(TEST)

bench:
	scripts/install-deps
	scripts/bench "$(KERNEL)" $(BENCH)

lab:
	scripts/install-deps
	scripts/lab shell $(or $(KERNEL),6.1)

clean:
	rm -rf $(BUILD)
	[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
