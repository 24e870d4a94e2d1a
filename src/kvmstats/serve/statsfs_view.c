// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "statsfs_tree.h"
#include "statsfs_view.h"

/* A VM and its vCPUs, and VMs that end together, are one piece of work. */
#define DELAY		(HZ / 20)

/* Of the tree, and of kvms_statsfs. */
static DEFINE_MUTEX(view_lock);

/* --- what happens: in probes --- */

static bool attached;
static LLIST_HEAD(todo);			/* marked VMs, each held */
static void update(struct work_struct *work);
static DECLARE_DELAYED_WORK(update_work, update);

void kvms_view_push(struct kvms_vm *vm)
{
	/* Pairs with that of attach(): either this sees attached, or that sees the VM. */
	smp_mb();
	if (!READ_ONCE(attached))
		return;
	if (vm && !test_and_set_bit(0, &vm->view.marked)) {
		kvms_vm_get(vm);
		llist_add(&vm->view.todo, &todo);
	}
	schedule_delayed_work(&update_work, DELAY);
}

/* --- keeping up --- */

static bool is_gone(const struct kvms_vm *vm)
{
	/* Pairs with the release in vm_freeze(). */
	return smp_load_acquire(&vm->gone);
}

/* Those that are gone first: another may have the name of one of them by now. */
static void look(void)
{
	struct llist_node *marked = llist_del_all(&todo);
	struct kvms_vm *vm, *next;

	llist_for_each_entry(vm, marked, view.todo)
		if (is_gone(vm))
			kvms_tree_take_away(vm);
	kvms_tree_finish();
	kvms_tree_follow();
	llist_for_each_entry_safe(vm, next, marked, view.todo) {
		clear_bit(0, &vm->view.marked);
		/* What happens from here on marks it again. */
		smp_mb__after_atomic();
		if (is_gone(vm))
			kvms_tree_take_away(vm);
		else
			kvms_tree_show(vm);
		kvms_vm_put(vm);
		cond_resched();
	}
	kvms_tree_finish();
}

static void update(struct work_struct *work)
{
	mutex_lock(&view_lock);
	look();
	mutex_unlock(&view_lock);
}

/* --- statsfs.ko comes and goes --- */

/* Called under view_lock. */
static void leave(void)
{
	WRITE_ONCE(attached, false);
	kvms_tree_hide();
}

static void detach(struct statsfs_client *client)
{
	mutex_lock(&view_lock);
	leave();
	kvms_statsfs = NULL;
	mutex_unlock(&view_lock);
}

static struct statsfs_client client = {
	.version = STATSFS_VERSION, .owner = THIS_MODULE, .detach = detach,
};

/* Return: -ENOENT when there is no statsfs.ko. */
static int client_register(void)
{
	const struct statsfs_api *(*fn)(struct statsfs_client *client);
	const struct statsfs_api *found;

	fn = symbol_get(statsfs_client_register);
	if (!fn)
		return -ENOENT;
	found = fn(&client);
	symbol_put(statsfs_client_register);
	if (IS_ERR(found))
		return PTR_ERR(found);
	kvms_statsfs = found;
	return 0;
}

static int attach(void)
{
	int err = 0;

	mutex_lock(&view_lock);
	if (!kvms_statsfs) {
		err = client_register();
		if (!err) {
			WRITE_ONCE(attached, true);
			/* Pairs with that of kvms_view_push(). */
			smp_mb();
			look();
		}
	}
	mutex_unlock(&view_lock);
	return err;
}

static void say_no_use(int err)
{
	pr_warn("this statsfs.ko is of no use here (%d): there is no /sys/kernel/stats/kvm\n", err);
}

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *mod = data;
	int err;

	if (state == MODULE_STATE_LIVE && !strcmp(mod->name, "statsfs")) {
		err = attach();
		if (err)
			say_no_use(err);
	}
	return NOTIFY_DONE;
}

static struct notifier_block module_nb = { .notifier_call = on_module };

void kvms_view_init(void)
{
	int err = register_module_notifier(&module_nb);

	if (err)
		pr_warn("a statsfs.ko that comes later is not seen (%d)\n", err);
	err = attach();
	if (err && err != -ENOENT)
		say_no_use(err);
}

void kvms_view_exit(void)
{
	unregister_module_notifier(&module_nb);
	mutex_lock(&view_lock);
	leave();
	if (kvms_statsfs) {
		/* statsfs.ko may be about to go, and waits for this section. */
		rcu_read_lock();
		kvms_statsfs->client_unregister(&client);
		rcu_read_unlock();
		kvms_statsfs = NULL;
	}
	mutex_unlock(&view_lock);
	cancel_delayed_work_sync(&update_work);
	mutex_lock(&view_lock);
	look();
	mutex_unlock(&view_lock);
}
