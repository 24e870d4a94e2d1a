# SPDX-License-Identifier: GPL-2.0-only
#
# Programs that run inside the lab's guests, static so that an initramfs suffices.
# $(BUILD)/tests/vm holds the tests and nothing else; helpers are in its bin/.

BUILD ?= build

vm-src := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
vm-out := $(BUILD)/tests/vm
vm-obj := $(BUILD)/obj/tests/vm

vm-tests := $(filter-out demo-guest farm-host port-guest,$(basename $(notdir $(wildcard $(vm-src)/*.c))))
# The same source once more, as a 32-bit program on the 64-bit kernel.
vm-tests-32 := ioctl_bad_input ioctl_list read_contract schema snapshot totals events \
	events_retained abi_sizes aggregate native_abi native_params
vm-helpers := demo-guest farm-host port-guest

vm-lib := $(basename $(notdir $(wildcard $(vm-src)/lib/*.c)))

vm-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-MMD -MP -I$(vm-src)/lib -I$(vm-src)/../../include/uapi -I$(vm-src)/../../include
vm-ldflags := -static -pthread

vm-binaries := $(vm-tests:%=$(vm-out)/%) $(vm-tests-32:%=$(vm-out)/%_32) \
	$(vm-helpers:%=$(vm-out)/bin/%) $(vm-out)/bin/example

# Of tests that are no more; what is there is run.
vm-stale := $(filter-out $(vm-binaries) $(vm-out)/bin,$(wildcard $(vm-out)/*))

.PHONY: tests-vm
tests-vm: $(vm-binaries)
	@rm -f $(vm-stale)

# Objects are kept, so that the second make builds nothing.
.SECONDARY: $(foreach bits,32 64,$(patsubst %,$(vm-obj)/$(bits)/%.o, \
	$(vm-lib:%=lib/%) $(vm-tests) $(vm-helpers)))

$(vm-obj)/64/%.o: $(vm-src)/%.c
	@mkdir -p $(@D)
	$(CC) $(vm-cflags) $(CFLAGS) -c -o $@ $<

$(vm-obj)/32/%.o: $(vm-src)/%.c
	@mkdir -p $(@D)
	$(CC) -m32 $(vm-cflags) $(CFLAGS) -c -o $@ $<

$(vm-out)/%_32: $(vm-obj)/32/%.o $(vm-lib:%=$(vm-obj)/32/lib/%.o)
	@mkdir -p $(@D)
	$(CC) -m32 $(vm-ldflags) $(LDFLAGS) -o $@ $^

$(vm-out)/bin/%: $(vm-obj)/64/%.o $(vm-lib:%=$(vm-obj)/64/lib/%.o)
	@mkdir -p $(@D)
	$(CC) $(vm-ldflags) $(LDFLAGS) -o $@ $^

# The example of libkvmstats(3).
$(vm-out)/bin/example: $(BUILD)/example.c $(BUILD)/libkvmstats.a
	@mkdir -p $(@D)
	$(CC) -Wall -Wextra -Werror -I$(vm-src)/../../include $(CFLAGS) $(vm-ldflags) $(LDFLAGS) \
		-o $@ $^

# The library's own test.
$(vm-out)/library: $(BUILD)/libkvmstats.a

$(vm-out)/%: $(vm-obj)/64/%.o $(vm-lib:%=$(vm-obj)/64/lib/%.o)
	@mkdir -p $(@D)
	$(CC) $(vm-ldflags) $(LDFLAGS) -o $@ $^

-include $(wildcard $(vm-obj)/*/*.d $(vm-obj)/*/lib/*.d)
