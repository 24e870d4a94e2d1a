# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel reads Kbuild; this file is for people. `make help` says what there is.

VERSION := $(shell cat VERSION)
BUILD ?= build
PREFIX ?= /usr
KVERSION ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVERSION)/build

.PHONY: all help module demo check bench lab install uninstall clean

all: userland module

include src/userland.mk
include tests/vm/tests.mk
include tests/unit/unit.mk
include tests/bench/bench.mk

help:
	@echo "make            the library, the command, and the module for the running kernel"
	@echo "make install    the same, installed; the module by DKMS"
	@echo "make uninstall  takes all of it away"
	@echo "make demo       a disposable KVM host with real guests and live counters"
	@echo "make check      every test; KERNEL=6.1 TEST=name for one in the lab"
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

# --- on a host ---

DKMS_SRC := /usr/src/kvmstats-$(VERSION)
MODULE_FILES := Kbuild VERSION LICENSE dkms.conf LICENSES include/uapi src/compat src/kvmstats

install: userland
	install -D -m 755 $(BUILD)/kvmstats $(PREFIX)/bin/kvmstats
	install -D -m 644 $(BUILD)/libkvmstats.so.0 $(PREFIX)/lib/libkvmstats.so.0
	ln -sf libkvmstats.so.0 $(PREFIX)/lib/libkvmstats.so
	install -D -m 644 include/kvmstats/kvmstats.h $(PREFIX)/include/kvmstats/kvmstats.h
	install -D -m 644 include/uapi/kvmstats.h $(PREFIX)/include/linux/kvmstats.h
	install -D -m 644 packaging/udev/60-kvmstats.rules /usr/lib/udev/rules.d/60-kvmstats.rules
	install -D -m 644 packaging/modules-load.d/kvmstats.conf /usr/lib/modules-load.d/kvmstats.conf
	ldconfig
	getent group kvmstats >/dev/null || groupadd --system kvmstats
	rm -rf $(DKMS_SRC)
	mkdir -p $(DKMS_SRC)
	cp -r --parents $(MODULE_FILES) $(DKMS_SRC)
	! dkms status kvmstats/$(VERSION) | grep -q . || dkms remove kvmstats/$(VERSION) --all
	dkms add kvmstats/$(VERSION)
	dkms install kvmstats/$(VERSION) -k $(KVERSION)
	! command -v udevadm >/dev/null || udevadm control --reload || :
	[ "$(KVERSION)" != "$$(uname -r)" ] || modprobe kvmstats

uninstall:
	! grep -q '^kvmstats ' /proc/modules || rmmod kvmstats
	! dkms status kvmstats/$(VERSION) | grep -q . || dkms remove kvmstats/$(VERSION) --all
	rm -rf $(DKMS_SRC)
	rm -f $(PREFIX)/bin/kvmstats $(PREFIX)/lib/libkvmstats.so.0 $(PREFIX)/lib/libkvmstats.so
	rm -rf $(PREFIX)/include/kvmstats $(PREFIX)/include/linux/kvmstats.h
	rm -f /usr/lib/udev/rules.d/60-kvmstats.rules /usr/lib/modules-load.d/kvmstats.conf
	ldconfig
	! getent group kvmstats >/dev/null || groupdel kvmstats

clean:
	rm -rf $(BUILD)
	[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
