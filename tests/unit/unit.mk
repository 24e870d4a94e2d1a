# SPDX-License-Identifier: GPL-2.0-or-later
# The module's plain C, in unit tests and under a fuzzer. Included from the
# top-level Makefile.

.PHONY: check-core fuzz-image

core-src := $(addprefix src/kvmstats/shadow/,image.c schema.c sums.c)
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

$(BUILD)/fuzz/fuzz_image: tests/fuzz/fuzz_image.c $(core-deps)
	@mkdir -p $(@D)
	$(CLANG) $(core-flags) -fsanitize=fuzzer -o $@ $< $(core-src)

fuzz-image: $(BUILD)/fuzz/fuzz_image
	@mkdir -p $(BUILD)/fuzz/corpus-image
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=256 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus-image tests/fuzz/corpus/image
