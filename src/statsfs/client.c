// SPDX-License-Identifier: GPL-2.0-only
/* Modules that use statsfs.ko while it is there, and let it go. */
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "statsfs.h"

static LIST_HEAD(clients);
static DEFINE_SPINLOCK(clients_lock);
static DECLARE_WAIT_QUEUE_HEAD(client_left);

static const struct statsfs_api api = {
	.source_create_owned = statsfs_source_create_owned,
	.source_put = statsfs_source_put,
	.source_register = statsfs_source_register,
	.source_unregister = statsfs_source_unregister,
	.source_add_values = statsfs_source_add_values,
	.source_add_subordinate = statsfs_source_add_subordinate,
	.source_remove_subordinate = statsfs_source_remove_subordinate,
	.sources_revoke = statsfs_sources_revoke,
	.client_unregister = statsfs_client_unregister,
};

const struct statsfs_api *statsfs_client_register(struct statsfs_client *client)
{
	if (client->version != STATSFS_VERSION)
		return ERR_PTR(-EINVAL);
	spin_lock(&clients_lock);
	list_add_tail(&client->node, &clients);
	spin_unlock(&clients_lock);
	return &api;
}
EXPORT_SYMBOL_GPL(statsfs_client_register);

void statsfs_client_unregister(struct statsfs_client *client)
{
	spin_lock(&clients_lock);
	list_del(&client->node);
	wake_up(&client_left);
	spin_unlock(&clients_lock);
}
EXPORT_SYMBOL_GPL(statsfs_client_unregister);

static bool none_left(void)
{
	bool none;

	spin_lock(&clients_lock);
	none = list_empty(&clients);
	spin_unlock(&clients_lock);
	return none;
}

/* A client that cannot go meanwhile, out of the list. */
static struct statsfs_client *take_client(void)
{
	struct statsfs_client *client;

	spin_lock(&clients_lock);
	list_for_each_entry(client, &clients, node) {
		if (!try_module_get(client->owner))
			continue;
		list_del(&client->node);
		spin_unlock(&clients_lock);
		return client;
	}
	spin_unlock(&clients_lock);
	return NULL;
}

void statsfs_clients_detach(void)
{
	struct statsfs_client *client;

	while ((client = take_client())) {
		struct module *owner = client->owner;

		client->detach(client);
		module_put(owner);
	}
	/* The others are in their own exit, and unregister. */
	wait_event(client_left, none_left());
	/* Who has unregistered may still be on the way out of it. */
	synchronize_rcu();
}
