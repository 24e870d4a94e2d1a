# SPDX-License-Identifier: GPL-2.0-only
#
# Benchmarks that run inside the lab's guests, on the same small library as the
# tests there. $(BUILD)/tests/bench holds them and nothing else.

bench-src := tests/bench
bench-out := $(BUILD)/tests/bench
bench-obj := $(BUILD)/obj/tests/bench
bench-names := $(basename $(notdir $(wildcard $(bench-src)/*.c)))
bench-lib := $(basename $(notdir $(wildcard $(bench-src)/lib/*.c)))

bench-stale := $(filter-out $(bench-names:%=$(bench-out)/%),$(wildcard $(bench-out)/*))

.PHONY: tests-bench
tests-bench: $(bench-names:%=$(bench-out)/%)
	@rm -f $(bench-stale)

.SECONDARY: $(bench-names:%=$(bench-obj)/%.o) $(bench-lib:%=$(bench-obj)/lib/%.o)

$(bench-obj)/%.o: $(bench-src)/%.c
	@mkdir -p $(@D)
	$(CC) $(vm-cflags) -I$(bench-src)/lib $(CFLAGS) -c -o $@ $<

$(bench-out)/%: $(bench-obj)/%.o $(bench-lib:%=$(bench-obj)/lib/%.o) $(vm-lib:%=$(vm-obj)/64/lib/%.o)
	@mkdir -p $(@D)
	$(CC) $(vm-ldflags) $(LDFLAGS) -o $@ $^

-include $(wildcard $(bench-obj)/*.d $(bench-obj)/lib/*.d)
