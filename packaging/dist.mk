# SPDX-License-Identifier: GPL-2.0-or-later
# The release tarball, and packages made from it. Included from the top-level Makefile.

# What is packed: a commit. The same commit gives the same bytes.
DIST_REF ?= HEAD

# The tree that is unpacked is none of this make's business.
own_make := env -u MAKEFLAGS -u MAKEOVERRIDES -u MAKELEVEL -u BUILD

dist_name := kvmstats-$(VERSION)
dist_file := $(BUILD)/$(dist_name).tar.xz
rpm_dir := $(abspath $(BUILD))/rpm

.PHONY: dist deb rpm

dist:
	@mkdir -p $(BUILD)
	git archive --format=tar --prefix=$(dist_name)/ $(DIST_REF) | xz -6 -T1 >$(dist_file)

# Packages are left in $(BUILD)/deb.
deb: dist
	rm -rf $(BUILD)/deb
	mkdir $(BUILD)/deb
	tar -xJf $(dist_file) -C $(BUILD)/deb
	cd $(BUILD)/deb/$(dist_name) && $(own_make) \
		DEB_BUILD_OPTIONS="nocheck $$DEB_BUILD_OPTIONS" dpkg-buildpackage -us -uc $(DEB_FLAGS)
	rm -rf $(BUILD)/deb/$(dist_name)

# Below $(BUILD)/rpm, in RPMS and SRPMS.
rpm: dist
	rm -rf $(rpm_dir)
	$(own_make) rpmbuild -ta --define "_topdir $(rpm_dir)" $(RPM_FLAGS) $(dist_file)
