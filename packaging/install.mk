# SPDX-License-Identifier: GPL-2.0-or-later
# Where things go on a host, or below DESTDIR in a package. Included from the
# top-level Makefile.

DESTDIR ?=
PREFIX ?= /usr
LIBDIR ?= $(PREFIX)/lib
MANDIR ?= $(PREFIX)/share/man

# Places, and for each its directory, its files and, if not 644, their mode. install
# and uninstall both go by this list.
places := bin lib pkgconfig include uapi udev sysusers bash zsh
bin_dir := $(PREFIX)/bin
bin_mode := 755
bin_files := $(BUILD)/kvmstats
lib_dir := $(LIBDIR)
lib_files := $(BUILD)/libkvmstats.so.0 $(BUILD)/libkvmstats.a
pkgconfig_dir := $(LIBDIR)/pkgconfig
pkgconfig_files := $(BUILD)/kvmstats.pc
include_dir := $(PREFIX)/include/kvmstats
include_files := include/kvmstats/kvmstats.h
uapi_dir := $(PREFIX)/include/linux
uapi_files := include/uapi/kvmstats.h
# udev and systemd do not look below PREFIX
udev_dir := /usr/lib/udev/rules.d
udev_files := packaging/udev/60-kvmstats.rules
sysusers_dir := /usr/lib/sysusers.d
sysusers_files := packaging/sysusers.d/kvmstats.conf
bash_dir := $(PREFIX)/share/bash-completion/completions
bash_files := packaging/completion/kvmstats
zsh_dir := $(PREFIX)/share/zsh/site-functions
zsh_files := packaging/completion/_kvmstats

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
	$(filter-out %/have.h,$(shell find src/compat src/kvmstats -name '*.[ch]'))

.PHONY: install install-userland install-module uninstall uninstall-userland

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
	$(dkms_forget)
	$(MAKE) install-userland install-module
	ldconfig
	dkms add kvmstats/$(VERSION)
	dkms install kvmstats/$(VERSION) -k $(KVERSION)
	! command -v udevadm >/dev/null || udevadm control --reload || :
	[ "$(KVERSION)" != "$$(uname -r)" ] || modprobe kvmstats

uninstall-userland:
	rm -f $(foreach p,$(places),$(addprefix $(DESTDIR)$($p_dir)/,$(notdir $($p_files))))
	rm -f $(DESTDIR)$(LIBDIR)/libkvmstats.so
	! [ -d $(DESTDIR)$(include_dir) ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$(include_dir)

uninstall: uninstall-userland
	! grep -q '^kvmstats ' /proc/modules || rmmod kvmstats
	$(dkms_forget)
	rm -rf $(module_dir)
	ldconfig
	! getent group kvmstats >/dev/null || groupdel kvmstats
