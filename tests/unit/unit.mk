# SPDX-License-Identifier: GPL-2.0-or-later
# The module's plain C, in unit tests and under a fuzzer. Included from the
# top-level Makefile.

.PHONY: check-core check-doctor check-top fuzz-image

core-src := $(addprefix src/kvmstats/shadow/,schema.c sums.c)
core-flags := -std=gnu11 -Wall -Wextra -Werror -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all -Isrc/kvmstats/shadow
core-deps := $(core-src) $(wildcard src/kvmstats/shadow/*.h) include/uapi/kvmstats.h

$(BUILD)/unit/test_%: tests/unit/test_%.c $(core-deps)
	@mkdir -p $(@D)
	$(CC) $(core-flags) -o $@ $< $(core-src) -lcmocka

check-core: $(BUILD)/unit/test_image $(BUILD)/unit/test_schema $(BUILD)/unit/test_sums
	$(BUILD)/unit/test_image
	$(BUILD)/unit/test_schema
	$(BUILD)/unit/test_sums

# What the doctor finds on hosts that the test makes up.
doctor-src := tests/unit/test_doctor.c src/cli/doctor_checks.c src/cli/doctor_kmod.c \
	src/cli/doctor_module.c
doctor-pkgs := smartcols cmocka

$(BUILD)/unit/fake_module.ko: tests/unit/fake_module.c
	@mkdir -p $(@D)
	$(CC) -c -o $@ $<

$(BUILD)/san/test_doctor: $(doctor-src) src/cli/cli.h src/cli/doctor.h $(BUILD)/libkvmstats.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(ul_cflags)) $(ul_san) -Isrc/cli \
		-DFAKE_MODULE='"$(abspath $(BUILD))/unit/fake_module.ko"' -o $@ $(doctor-src) \
		$(BUILD)/libkvmstats.a $$(pkg-config --cflags --libs $(doctor-pkgs))

check-doctor: $(BUILD)/san/test_doctor $(BUILD)/unit/fake_module.ko
	$<

# What top makes of samples and keys.
top-src := tests/unit/test_top.c \
	$(addprefix src/cli/,top_model.c top_columns.c top_state.c top_keys.c top_text.c)

$(BUILD)/san/test_top: $(top-src) src/cli/cli.h src/cli/top.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(ul_cflags)) $(ul_san) -Isrc/cli -o $@ $(top-src) \
		$$(pkg-config --cflags --libs cmocka) $$(pkg-config --cflags smartcols) -lm

check-top: $(BUILD)/san/test_top
	$<

$(BUILD)/fuzz/fuzz_image: tests/fuzz/fuzz_image.c $(core-deps)
	@mkdir -p $(@D)
	$(CLANG) $(core-flags) -fsanitize=fuzzer -o $@ $< $(core-src)

fuzz-image: $(BUILD)/fuzz/fuzz_image
	@mkdir -p $(BUILD)/fuzz/corpus-image
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=256 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus-image tests/fuzz/corpus/image
