// SPDX-License-Identifier: GPL-2.0-or-later
/* Not a module, but as much of one as libkmod looks at. */
static const char info[] __attribute__((section(".modinfo"), used)) =
	"name=kvmstats\0"
	"version=0.1.0\0"
	"vermagic=6.1.0-1-amd64 SMP preempt mod_unload modversions";
