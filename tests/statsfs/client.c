// SPDX-License-Identifier: GPL-2.0-only
/* A module that has statistics where statsfs.ko is loaded, and lets that go. */
#define pr_fmt(fmt) "statsfs_client_test: " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/statsfs.h>

static bool attached;
module_param(attached, bool, 0444);
MODULE_PARM_DESC(attached, "it has a source");

static u64 get_seven(const struct statsfs_value *val, void *base)
{
	return 7;
}

/* Those that are ready-made are in statsfs.ko. */
static const struct statsfs_type seven = { .get = get_seven };

static const struct statsfs_value values[] = {
	{ .name = "seven", .type = &seven },
	{}
};

/* Detaching may begin while the client is still about to show something. */
static DEFINE_MUTEX(lock);
static const struct statsfs_api *api;
static struct statsfs_source *src;

static void show(void)
{
	int err;

	src = api->source_create_owned(THIS_MODULE, 0, "statsfs_%s", "client_test");
	if (IS_ERR(src))
		return;
	err = api->source_add_values(src, values, &attached, 0);
	err = err ?: api->source_register(src);
	if (err)
		api->source_put(src);
	else
		attached = true;
}

static void take_away(void)
{
	if (!attached)
		return;
	api->source_unregister(src);
	api->sources_revoke(&src, 1);
	api->source_put(src);
	attached = false;
}

static void detach(struct statsfs_client *client)
{
	mutex_lock(&lock);
	take_away();
	api = NULL;
	mutex_unlock(&lock);
}

static struct statsfs_client client = {
	.version = STATSFS_VERSION,
	.owner = THIS_MODULE,
	.detach = detach,
};

static struct statsfs_client of_another_version = {
	.version = STATSFS_VERSION + 1,
	.owner = THIS_MODULE,
	.detach = detach,
};

static const struct statsfs_api *register_client(struct statsfs_client *which)
{
	const struct statsfs_api *(*get)(struct statsfs_client *client);
	const struct statsfs_api *found;

	get = symbol_get(statsfs_client_register);
	if (!get)
		return ERR_PTR(-ENOENT);
	found = get(which);
	symbol_put(statsfs_client_register);
	return found;
}

static int __init client_test_init(void)
{
	const struct statsfs_api *refused = register_client(&of_another_version);

	if (PTR_ERR(refused) == -ENOENT)
		return 0;
	if (PTR_ERR(refused) != -EINVAL) {
		pr_err("another version is not refused\n");
		return -EBADE;
	}
	mutex_lock(&lock);
	api = register_client(&client);
	if (IS_ERR(api))
		api = NULL;
	else
		show();
	mutex_unlock(&lock);
	return 0;
}

static void __exit client_test_exit(void)
{
	/* From here on nobody detaches it. */
	if (!api)
		return;
	take_away();
	rcu_read_lock();
	api->client_unregister(&client);
	rcu_read_unlock();
}

module_init(client_test_init);
module_exit(client_test_exit);

MODULE_DESCRIPTION("Test of a module that does without statsfs");
MODULE_LICENSE("GPL");
