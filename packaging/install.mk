# SPDX-License-Identifier: GPL-2.0-or-later
# Where things go on a host, or below DESTDIR in a package. Included from the
# top-level Makefile.

DESTDIR ?=
PREFIX ?= /usr
LIBDIR ?= $(PREFIX)/lib
MANDIR ?= $(PREFIX)/share/man

# Places, and for each its directory, its files and, if not 644, their mode. install
# and uninstall both go by this list.
places := bin lib pkgconfig include uapi bash zsh udev sysusers units share
bin_dir := $(PREFIX)/bin
bin_mode := 755
bin_files := $(BUILD)/kvmstats $(BUILD)/kvmstats-exporter
lib_dir := $(LIBDIR)
lib_files := $(BUILD)/libkvmstats.so.0 $(BUILD)/libkvmstats.a
pkgconfig_dir := $(LIBDIR)/pkgconfig
pkgconfig_files := $(BUILD)/kvmstats.pc
include_dir := $(PREFIX)/include/kvmstats
include_files := include/kvmstats/kvmstats.h
uapi_dir := $(PREFIX)/include/linux
uapi_files := include/uapi/kvmstats.h
bash_dir := $(PREFIX)/share/bash-completion/completions
bash_files := packaging/completion/kvmstats
zsh_dir := $(PREFIX)/share/zsh/site-functions
zsh_files := packaging/completion/_kvmstats
share_dir := $(PREFIX)/share/kvmstats-exporter
share_files := packaging/grafana/kvmstats.json packaging/prometheus/kvmstats.rules.yml
# udev and systemd do not look below PREFIX
udev_dir := /usr/lib/udev/rules.d
udev_files := packaging/udev/60-kvmstats.rules
sysusers_dir := /usr/lib/sysusers.d
sysusers_files := $(wildcard packaging/sysusers.d/*.conf)
units_dir := /usr/lib/systemd/system
units_files := $(wildcard packaging/systemd/*.service packaging/systemd/*.socket)
# Whoever has changed it keeps it at an install.
settings := /etc/default/kvmstats-exporter

# A place of its own for each section of the manual.
man_sections := $(sort $(subst .,,$(suffix $(wildcard docs/man/*.[1-8]))))
$(foreach n,$(man_sections),$(eval man$n_dir := $(MANDIR)/man$n))
$(foreach n,$(man_sections),$(eval man$n_files := $(wildcard docs/man/*.$n)))
places += $(man_sections:%=man%)

# Made from the header: each public function has a page, or one that leads to its own.
functions := $(shell sed -n 's/^\t\(kvmstats_.*\);$$/\1/p' src/lib/libkvmstats.map)
man3_made := $(functions:%=$(BUILD)/man/%.3)
man3_files += $(man3_made)

module_dir := /usr/src/kvmstats-$(VERSION)
module_files := Kbuild VERSION LICENSE dkms.conf LICENSES/GPL-2.0.txt include/uapi/kvmstats.h \
	include/linux/kvm_host_pmu.h include/linux/statsfs.h \
	$(filter-out %/have.h,$(shell find src/compat src/kvmstats src/statsfs -name '*.[ch]'))

.PHONY: install install-userland install-module uninstall uninstall-userland stop-exporter

$(firstword $(man3_made)): docs/man/man3.awk include/kvmstats/kvmstats.h VERSION
	@mkdir -p $(@D)
	awk -v dir=$(@D) -v version=$(VERSION) -f $< include/kvmstats/kvmstats.h
	touch $@

$(wordlist 2,999,$(man3_made)): $(firstword $(man3_made)) ;

# Made anew each time: PREFIX and LIBDIR may be others.
.PHONY: $(BUILD)/kvmstats.pc
$(BUILD)/kvmstats.pc: packaging/kvmstats.pc.in
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' $< >$@

install-userland: userland $(BUILD)/kvmstats.pc $(man3_made)
	$(foreach p,$(places),install -d $(DESTDIR)$($p_dir) && \
		install -m $(or $($p_mode),644) $($p_files) $(DESTDIR)$($p_dir) &&) :
	ln -sf libkvmstats.so.0 $(DESTDIR)$(LIBDIR)/libkvmstats.so
	[ -e $(DESTDIR)$(settings) ] || \
		install -D -m 644 packaging$(settings:/etc%=%) $(DESTDIR)$(settings)

# What DKMS builds from.
install-module:
	rm -rf $(DESTDIR)$(module_dir)
	install -d $(DESTDIR)$(module_dir)
	cp -r --parents $(module_files) $(DESTDIR)$(module_dir)

dkms_forget = ! dkms status kvmstats/$(VERSION) | grep -q . || \
	dkms remove kvmstats/$(VERSION) --all

# The packages do the rest of this in their own ways.
install: userland
	[ -z "$(DESTDIR)" ] || { echo "DESTDIR is for install-userland and install-module" >&2; exit 2; }
	getent group kvmstats >/dev/null || groupadd --system kvmstats
	id kvmstats-exporter >/dev/null 2>&1 || useradd --system --user-group --groups kvmstats \
		--home-dir / --no-create-home --shell /usr/sbin/nologin kvmstats-exporter
	$(dkms_forget)
	$(MAKE) install-userland install-module
	ldconfig
	dkms add kvmstats/$(VERSION)
	dkms install kvmstats/$(VERSION) -k $(KVERSION)
	[ ! -d /run/systemd/system ] || systemctl daemon-reload
	! command -v udevadm >/dev/null || udevadm control --reload || :
	[ "$(KVERSION)" != "$$(uname -r)" ] || modprobe kvmstats

uninstall-userland:
	rm -f $(foreach p,$(places),$(addprefix $(DESTDIR)$($p_dir)/,$(notdir $($p_files))))
	rm -f $(DESTDIR)$(LIBDIR)/libkvmstats.so $(DESTDIR)$(settings)
	for dir in $(include_dir) $(share_dir); do \
		[ ! -d $(DESTDIR)$$dir ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$$dir; done

# The exporter holds the device while it reads.
stop-exporter:
	[ ! -d /run/systemd/system ] || \
		systemctl disable --now $(notdir $(units_files)) 2>/dev/null || :

uninstall: stop-exporter uninstall-userland
	for module in kvmstats statsfs; do \
		! grep -q "^$$module " /proc/modules || rmmod $$module || exit; done
	$(dkms_forget)
	rm -rf $(module_dir)
	ldconfig
	[ ! -d /run/systemd/system ] || systemctl daemon-reload
	! id kvmstats-exporter >/dev/null 2>&1 || userdel kvmstats-exporter
	! getent group kvmstats >/dev/null || groupdel kvmstats
