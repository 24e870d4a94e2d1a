// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers events of perf, well and badly, as another module would. What came of each
 * case is in the log; tests/vm/pmu_module.c looks at the sums.
 */
#define pr_fmt(fmt) "pmu_test: " fmt

#include <linux/module.h>

#include <linux/kvm_host_pmu.h>

#define MANY	64

static unsigned int cases, failed;
module_param(cases, uint, 0444);
MODULE_PARM_DESC(cases, "How many there were");
module_param(failed, uint, 0444);
MODULE_PARM_DESC(failed, "How many did not give what they should");

static u64 count(struct kvm_vcpu *vcpu)
{
	return 0;
}

static int refuse(bool enable)
{
	return enable ? -EADDRINUSE : 0;
}

#define EVENT(n)	{ .name = n, .description = "an event", .count = count }

static const struct kvm_host_pmu_event good[] = { EVENT("pmu_test_A1"), EVENT("pmu_test_2") };
static const struct kvm_host_pmu_event nameless[] = { { .description = "x", .count = count } };
static const struct kvm_host_pmu_event empty[] = { EVENT("") };
static const struct kvm_host_pmu_event dashed[] = { EVENT("pmu-test") };
static const struct kvm_host_pmu_event slashed[] = { EVENT("pmu_test/x") };
static const struct kvm_host_pmu_event dotted[] = { EVENT("pmu_test.unit") };
static const struct kvm_host_pmu_event longest[] = {
	EVENT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
};
static const struct kvm_host_pmu_event too_long[] = {
	EVENT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
};
static const struct kvm_host_pmu_event undescribed[] = { { .name = "x", .count = count } };
static const struct kvm_host_pmu_event two_lines[] = {
	{ .name = "x", .description = "one\ntwo", .count = count }
};
static const struct kvm_host_pmu_event countless[] = { { .name = "x", .description = "x" } };
static const struct kvm_host_pmu_event second_bad[] = { EVENT("pmu_test_ok"), EVENT("-") };
static const struct kvm_host_pmu_event twice[] = { EVENT("pmu_test_x"), EVENT("pmu_test_x") };
static const struct kvm_host_pmu_event taken[] = { EVENT("pmu_test_2") };
static const struct kvm_host_pmu_event of_kvm[] = { EVENT("exits") };

/* Stay, to be opened. */
static const struct kvm_host_pmu_event staying[] = {
	EVENT("pmu_test_stays"),
	{ .name = "pmu_test_refuses", .description = "its source cannot be switched on",
	  .count = count, .configure = refuse },
};

static struct kvm_host_pmu_event many[MANY + 1];
static char names[MANY + 1][sizeof("pmu_test_many_00")];

static void expect(const char *name, int seen, int expected)
{
	cases++;
	if (seen == expected)
		return;
	failed++;
	pr_err("%s: seen %d, expected %d\n", name, seen, expected);
}

#define REFUSED(events, err) \
	expect(#events, kvm_host_pmu_register(events, ARRAY_SIZE(events)), err)

static void fill(void)
{
	unsigned int i;

	for (i = 0; i <= MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "pmu_test_many_%u", i);
		many[i] = (struct kvm_host_pmu_event)EVENT(names[i]);
	}
}

static int __init pmu_test_init(void)
{
	REFUSED(nameless, -EINVAL);
	REFUSED(empty, -EINVAL);
	REFUSED(dashed, -EINVAL);
	REFUSED(slashed, -EINVAL);
	REFUSED(dotted, -EINVAL);
	REFUSED(too_long, -EINVAL);
	REFUSED(undescribed, -EINVAL);
	REFUSED(two_lines, -EINVAL);
	REFUSED(countless, -EINVAL);
	REFUSED(second_bad, -EINVAL);
	REFUSED(twice, -EEXIST);
	REFUSED(of_kvm, -EEXIST);
	REFUSED(good, 0);
	REFUSED(taken, -EEXIST);
	REFUSED(good, -EEXIST);
	REFUSED(longest, 0);
	/* Nobody's, which is ignored. */
	kvm_host_pmu_unregister(taken);
	REFUSED(taken, -EEXIST);
	kvm_host_pmu_unregister(longest);
	kvm_host_pmu_unregister(good);
	REFUSED(taken, 0);
	kvm_host_pmu_unregister(taken);
	fill();
	REFUSED(many, -ENOSPC);
	expect("64", kvm_host_pmu_register(many, MANY), 0);
	REFUSED(good, -ENOSPC);
	kvm_host_pmu_unregister(many);
	REFUSED(staying, 0);
	return 0;
}

static void __exit pmu_test_exit(void)
{
	kvm_host_pmu_unregister(staying);
}

module_init(pmu_test_init);
module_exit(pmu_test_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of events that other modules add to the perf PMU kvm");
MODULE_AUTHOR("The kvmstats authors");
