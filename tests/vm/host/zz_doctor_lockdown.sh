#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kvmstats doctor under lockdown, from which there is no way back for this boot: named
# so that it runs last.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

lockdown=/sys/kernel/security/lockdown

# found CHECK: its line
found() {
	kvmstats doctor | grep -E "^[a-z]+ +$1 "
}

mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
modprobe kvmstats
like "$(found lockdown)" '^ok .*none' "not locked down"
like "$(found key)" '^ok ' "the module was taken"
echo integrity >$lockdown
like "$(found lockdown)" '^ok .*integrity' "integrity"
like "$(found probes)" '^ok .*under lockdown' "probes cannot be seen, nor switched off"
like "$(found hooks)" '^ok ' "hooks work on"
rmmod kvmstats
like "$(found key)" '^fail .*not signed.*`dkms install --force' "an unsigned module would be refused"
! modprobe kvmstats 2>/dev/null
ok "and is" $?
echo confidentiality >$lockdown
like "$(found lockdown)" '^ok .*confidentiality' "confidentiality"
tap_done
