# SPDX-License-Identifier: GPL-2.0-or-later
# libkvmstats, the kvmstats command and their tests. Included from the top-level
# Makefile; paths start at the top of the tree.

BUILD ?= build
CFLAGS ?= -O2 -g
CLANG ?= clang
OBJCOPY ?= objcopy
FUZZ_SECONDS ?= 60

KVMSTATS_VERSION := $(shell cat VERSION)

ul_cflags = -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -Iinclude \
	-DKVMSTATS_VERSION='"$(KVMSTATS_VERSION)"' -MMD -MP
ul_lib_cflags = $(ul_cflags) -fvisibility=hidden -fPIC
ul_san = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
# The tools carry the library in them, so that they run from the build directory.
# SHARED=1 links them to the installed one, as packages want it.
ul_lib = $(BUILD)/libkvmstats.$(if $(SHARED),so,a)
ul_lib_src := $(wildcard src/lib/*.c)
ul_cli_src := $(wildcard src/cli/*.c)
ul_cli_pkgs := smartcols ncursesw
ul_lib_obj := $(ul_lib_src:%.c=$(BUILD)/%.o)
ul_cli_obj := $(ul_cli_src:%.c=$(BUILD)/%.o)
ul_san_obj := $(ul_lib_src:%.c=$(BUILD)/san/%.o)
ul_san_cli_obj := $(ul_cli_src:%.c=$(BUILD)/san/%.o)
ul_tests := $(basename $(notdir $(wildcard tests/unit/test_lib_*.c)))
ul_mock_tests := $(basename $(notdir $(shell grep -l __wrap_ioctl tests/unit/test_lib_*.c)))
ul_fuzzers := parse names overrides
ul_fuzz_obj := $(ul_lib_src:%.c=$(BUILD)/fuzz/%.o)

.PHONY: userland userland-san check-lib check-install-lib check-cli fuzz-lib fuzz-lib-corpus $(ul_fuzzers:%=fuzz-lib-%)

userland: $(BUILD)/libkvmstats.a $(BUILD)/libkvmstats.so $(BUILD)/kvmstats

# One object, in which what is not public is nobody else's either. Distributions that
# build with LTO have no part in that, ld -r and objcopy do not know of it.
$(BUILD)/libkvmstats.o: $(ul_lib_obj)
	$(LD) -r -o $@ $^
	$(OBJCOPY) --localize-hidden $@

$(BUILD)/libkvmstats.a: $(BUILD)/libkvmstats.o
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libkvmstats.so.0: $(ul_lib_obj) src/lib/libkvmstats.map
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs \
		-Wl,--version-script=src/lib/libkvmstats.map -o $@ $(ul_lib_obj)

$(BUILD)/libkvmstats.so: $(BUILD)/libkvmstats.so.0
	ln -sf $(<F) $@

$(BUILD)/kvmstats: $(ul_cli_obj) $(ul_lib)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs $(ul_cli_pkgs)) -lm

# Everything that carries the version is built anew when it changes.
$(BUILD)/src/lib/%.o: src/lib/%.c VERSION
	@mkdir -p $(@D)
	$(CC) $(ul_lib_cflags) $(CPPFLAGS) $(CFLAGS) -fno-lto -c -o $@ $<

$(BUILD)/src/cli/%.o: src/cli/%.c VERSION
	@mkdir -p $(@D)
	$(CC) $(ul_cflags) $$(pkg-config --cflags $(ul_cli_pkgs)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/san/src/lib/%.o: src/lib/%.c VERSION
	@mkdir -p $(@D)
	$(CC) $(ul_lib_cflags) $(ul_san) -c -o $@ $<

$(BUILD)/san/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(ul_cflags) $(ul_san) -Isrc/lib -c -o $@ $<

# These stand between the library and ioctl().
$(ul_mock_tests:%=$(BUILD)/san/%): ul_wrap = -Wl,--wrap=ioctl
$(BUILD)/san/test_lib_memory: ul_wrap += -Wl,--wrap=malloc,--wrap=calloc \
	-Wl,--wrap=realloc,--wrap=reallocarray

$(BUILD)/san/test_lib_%: $(BUILD)/san/tests/unit/test_lib_%.o $(ul_san_obj)
	$(CC) $(ul_san) $(ul_wrap) -o $@ $^ $$(pkg-config --libs cmocka)

check-lib: $(ul_tests:%=$(BUILD)/san/%)
	@status=0; for test in $^; do $$test || status=1; done; exit $$status

# What the manual shows, as a reader copies it from there.
$(BUILD)/example.c: docs/man/libkvmstats.3
	@mkdir -p $(@D)
	sed -n '/^\.EX$$/,/^\.EE$$/p' $< | sed '1d; $$d; s/\\-/-/g; s/\\e/\\/g' >$@

check-install-lib: $(BUILD)/example.c
	EXAMPLE=$(abspath $<) bats tests/lib

$(BUILD)/san/src/cli/%.o: src/cli/%.c VERSION
	@mkdir -p $(@D)
	$(CC) $(ul_cflags) $$(pkg-config --cflags $(ul_cli_pkgs)) $(ul_san) -c -o $@ $<

# The runtime of the sanitizers goes along, for hosts that have no compiler.
$(BUILD)/san/kvmstats: $(ul_san_cli_obj) $(ul_san_obj)
	$(CC) $(ul_san) -static-libasan -static-libubsan -o $@ $^ \
		$$(pkg-config --libs $(ul_cli_pkgs)) -lm

userland-san: $(BUILD)/san/kvmstats

# The search for leaks does not come back where zsh has the command in a pipe.
check-cli: $(BUILD)/san/kvmstats
	ASAN_OPTIONS=detect_leaks=0 KVMSTATS=$(abspath $<) bats tests/cli

$(BUILD)/fuzz/src/lib/%.o: src/lib/%.c VERSION
	@mkdir -p $(@D)
	$(CLANG) $(ul_lib_cflags) $(ul_san) -fsanitize=fuzzer-no-link -c -o $@ $<

$(BUILD)/fuzz/tests/fuzz/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(CLANG) $(ul_cflags) $(ul_san) -fsanitize=fuzzer-no-link -Isrc/lib -c -o $@ $<

$(BUILD)/fuzz/fuzz_lib_%: $(BUILD)/fuzz/tests/fuzz/fuzz_lib_%.o $(ul_fuzz_obj)
	$(CLANG) $(ul_san) -fsanitize=fuzzer -o $@ $^

# The parsers share the time. New inputs go to the build directory, the seeds stay as
# they are committed.
fuzz-lib: $(ul_fuzzers:%=fuzz-lib-%)

$(ul_fuzzers:%=fuzz-lib-%): fuzz-lib-%: $(BUILD)/fuzz/fuzz_lib_%
	@mkdir -p $(BUILD)/fuzz/corpus-$*
	$< -max_total_time=$$(($(FUZZ_SECONDS) / $(words $(ul_fuzzers)))) -max_len=8192 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix=$(BUILD)/fuzz/ \
		$(BUILD)/fuzz/corpus-$* tests/fuzz/corpus/$*

# Writes the committed seeds anew.
fuzz-lib-corpus: $(BUILD)/fuzz/fuzz_lib_corpus
	$< tests/fuzz/corpus/parse

$(BUILD)/fuzz/fuzz_lib_corpus: tests/fuzz/fuzz_lib_corpus.c
	@mkdir -p $(@D)
	$(CC) $(ul_cflags) $(CFLAGS) -o $@ $<

-include $(ul_lib_obj:.o=.d) $(ul_cli_obj:.o=.d) $(ul_san_obj:.o=.d) $(ul_fuzz_obj:.o=.d)
-include $(ul_san_cli_obj:.o=.d)
-include $(ul_tests:%=$(BUILD)/san/tests/unit/%.d) $(ul_fuzzers:%=$(BUILD)/fuzz/tests/fuzz/fuzz_lib_%.d)
