# SPDX-License-Identifier: GPL-2.0-or-later
# kvmstats-exporter and its tests. Included from the top-level Makefile behind
# userland.mk; paths start at the top of the tree.

ex_packages := libmicrohttpd libsystemd
ex_src := $(wildcard src/exporter/*.c)
ex_page := $(wildcard src/exporter/page/*)
ex_obj := $(ex_src:%.c=$(BUILD)/%.o) $(BUILD)/src/exporter/assets.o
ex_san_obj := $(ex_src:%.c=$(BUILD)/san/%.o) $(BUILD)/san/src/exporter/assets.o
# What makes text, and neither collects nor serves.
ex_pure := $(addprefix src/exporter/,api.c board.c family.c filter.c number.c page.c query.c \
	text.c vms.c)

.PHONY: check-exporter check-page fuzz-exporter

userland: $(BUILD)/kvmstats-exporter
userland-san: $(BUILD)/san/kvmstats-exporter

$(BUILD)/kvmstats-exporter: $(ex_obj) $(ul_lib)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs $(ex_packages)) -lm

$(BUILD)/src/exporter/%.o: src/exporter/%.c VERSION
	@mkdir -p $(@D)
	$(CC) $(ul_cflags) $$(pkg-config --cflags $(ex_packages)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/src/exporter/assets.o $(BUILD)/san/src/exporter/assets.o: src/exporter/assets.S $(ex_page)
	@mkdir -p $(@D)
	$(CC) -c -o $@ $<

$(BUILD)/san/src/exporter/%.o: src/exporter/%.c VERSION
	@mkdir -p $(@D)
	$(CC) $(ul_cflags) $(ul_san) -c -o $@ $<

$(BUILD)/san/kvmstats-exporter: $(ex_san_obj) $(ul_san_obj)
	$(CC) $(ul_san) -o $@ $^ $$(pkg-config --libs $(ex_packages)) -lm

$(BUILD)/san/tests/unit/test_exporter.o: tests/unit/test_exporter.c
	@mkdir -p $(@D)
	$(CC) $(ul_cflags) $(ul_san) -Isrc/exporter -c -o $@ $<

$(BUILD)/san/test_exporter: $(BUILD)/san/tests/unit/test_exporter.o \
		$(ex_pure:%.c=$(BUILD)/san/%.o) $(ul_san_obj)
	$(CC) $(ul_san) -o $@ $^ $$(pkg-config --libs cmocka) -lm

# In a browser; needs root, and boots a host of the lab.
check-page:
	tests/exporter/page.sh

# Both with the sanitizers in them.
check-exporter: $(BUILD)/san/test_exporter $(BUILD)/san/kvmstats-exporter
	$<
	EXPORTER=$(abspath $(BUILD)/san/kvmstats-exporter) bats tests/exporter

$(BUILD)/fuzz/src/exporter/%.o: src/exporter/%.c VERSION
	@mkdir -p $(@D)
	$(CLANG) $(ul_cflags) $(ul_san) -fsanitize=fuzzer-no-link -c -o $@ $<

$(BUILD)/fuzz/fuzz_exporter: tests/fuzz/fuzz_exporter.c $(ex_pure:%.c=$(BUILD)/fuzz/%.o) \
		$(ul_fuzz_obj)
	@mkdir -p $(@D)
	$(CLANG) $(ul_cflags) $(ul_san) -Isrc/exporter -fsanitize=fuzzer -o $@ $^ -lm

# New inputs go to the build directory, the seeds stay as they are committed.
fuzz-exporter: $(BUILD)/fuzz/fuzz_exporter
	@mkdir -p $(BUILD)/fuzz/corpus-exporter
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=1024 -timeout=2 -rss_limit_mb=512 \
		-print_final_stats=1 -verbosity=0 -dict=tests/fuzz/exporter.dict \
		-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus-exporter \
		tests/fuzz/corpus/exporter

# What a scrape's cost is held against, in the lab.
tests-vm: $(BUILD)/tests/vm/bin/library-snapshot

$(BUILD)/tests/vm/bin/library-snapshot: tests/exporter/library-snapshot.c $(BUILD)/libkvmstats.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(ul_cflags)) $(CFLAGS) $(LDFLAGS) -o $@ $^

-include $(ex_src:%.c=$(BUILD)/%.d) $(ex_src:%.c=$(BUILD)/san/%.d)
-include $(ex_pure:%.c=$(BUILD)/fuzz/%.d) $(BUILD)/san/tests/unit/test_exporter.d
