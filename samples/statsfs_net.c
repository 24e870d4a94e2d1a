// SPDX-License-Identifier: GPL-2.0-only
/*
 * statsfs_net.ko: the link counters of network devices in statsfs.
 *
 *	net/<device>/			of the initial network namespace
 *	netns/<inode number>/<device>/	of each other, by the number that lsns(8) shows
 *
 * What is not allowed in a name of statsfs, and may be in that of a device, is the dot:
 * "eth0.5" is found as "eth0:5". No device has a colon in its name.
 *
 * Everything here is changed under RTNL. Reading does not take it, so that a notifier
 * can wait for readers: the network core calls no driver's ndo_uninit(), and frees no
 * device, before the notifier has let go of the device.
 */
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/statsfs.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

/* All counters in one call, as that is what the driver gives. */
static void link_get_many(const struct statsfs_value *first, unsigned int nr, void *base,
			  u64 *to)
{
	struct rtnl_link_stats64 stats;
	unsigned int i;

	rcu_read_lock();
	dev_get_stats(base, &stats);
	rcu_read_unlock();
	for (i = 0; i < nr; i++)
		to[i] = *(u64 *)((char *)&stats + first[i].offset);
}

static u64 link_get(const struct statsfs_value *val, void *base)
{
	u64 value;

	link_get_many(val, 1, base, &value);
	return value;
}

static const struct statsfs_type link_counter = {
	.get = link_get,
	.get_many = link_get_many,
};

#define LINK_COUNTER(_name, _unit, _desc) {				\
	.name = #_name,							\
	.offset = offsetof(struct rtnl_link_stats64, _name),		\
	.type = &link_counter,						\
	.aggregate = STATSFS_SUM,					\
	.unit = _unit,							\
	.desc = _desc,							\
}

static const struct statsfs_value link_values[] = {
	LINK_COUNTER(rx_packets, 0, "packets received"),
	LINK_COUNTER(tx_packets, 0, "packets sent"),
	LINK_COUNTER(rx_bytes, STATSFS_UNIT_BYTES, "bytes received"),
	LINK_COUNTER(tx_bytes, STATSFS_UNIT_BYTES, "bytes sent"),
	LINK_COUNTER(rx_errors, 0, "packets received with an error"),
	LINK_COUNTER(tx_errors, 0, "packets that could not be sent"),
	LINK_COUNTER(rx_dropped, 0, "good packets that were not taken in"),
	LINK_COUNTER(tx_dropped, 0, "packets dropped on the way out"),
	LINK_COUNTER(multicast, 0, "multicast packets received"),
	LINK_COUNTER(collisions, 0, "collisions while sending"),
	LINK_COUNTER(rx_length_errors, 0, "received with a wrong length"),
	LINK_COUNTER(rx_over_errors, 0, "did not fit the receiver's buffer"),
	LINK_COUNTER(rx_crc_errors, 0, "received with a wrong checksum of the frame"),
	LINK_COUNTER(rx_frame_errors, 0, "received with a broken frame"),
	LINK_COUNTER(rx_fifo_errors, 0, "lost in the receiver's queue"),
	LINK_COUNTER(rx_missed_errors, 0, "missed since the host had no buffer"),
	LINK_COUNTER(tx_aborted_errors, 0, "given up while sending"),
	LINK_COUNTER(tx_carrier_errors, 0, "not sent since the carrier was lost"),
	LINK_COUNTER(tx_fifo_errors, 0, "lost in the sender's queue"),
	LINK_COUNTER(tx_heartbeat_errors, 0, "no heartbeat after sending"),
	LINK_COUNTER(tx_window_errors, 0, "collisions that came too late"),
	LINK_COUNTER(rx_compressed, 0, "compressed packets received"),
	LINK_COUNTER(tx_compressed, 0, "compressed packets sent"),
	LINK_COUNTER(rx_nohandler, 0, "received where nobody listens"),
	{}
};

/* A device that is shown. */
struct link {
	struct hlist_node node;
	struct net_device *dev;
	struct statsfs_source *parent;
	struct statsfs_source *src;
};

static DEFINE_HASHTABLE(links, 8);

/* Of a namespace: its directory, NULL when that could not be made. */
struct netns {
	struct statsfs_source *src;
};

static unsigned int netns_id;
static struct statsfs_source *all_netns;

/* Waits until nobody reads the device's counters, nor will. */
static void source_drop(struct statsfs_source *src)
{
	statsfs_source_revoke(src);
	statsfs_source_put(src);
}

static struct statsfs_source *source_create(struct net_device *dev,
					    struct statsfs_source *parent)
{
	struct statsfs_source *src;
	char name[IFNAMSIZ];
	int err;

	strscpy(name, dev->name, sizeof(name));
	strreplace(name, '.', ':');
	src = statsfs_source_create(0, "%s", name);
	if (IS_ERR(src))
		return src;
	err = statsfs_source_add_values(src, link_values, dev, 0);
	if (!err)
		err = statsfs_source_add_subordinate(parent, src);
	if (!err)
		return src;
	source_drop(src);
	return ERR_PTR(err);
}

/* A device that cannot be shown does its work all the same. */
static void link_show(struct net_device *dev)
{
	struct netns *netns = net_generic(dev_net(dev), netns_id);
	struct link *link;

	if (!netns->src)
		return;
	link = kmalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return;
	link->dev = dev;
	link->parent = netns->src;
	link->src = source_create(dev, netns->src);
	if (IS_ERR(link->src)) {
		net_warn_ratelimited("statsfs_net: %s is not shown (%ld)\n", dev->name,
				     PTR_ERR(link->src));
		kfree(link);
		return;
	}
	hash_add(links, &link->node, (unsigned long)dev);
}

/* May be told more than once that a device is going. */
static void link_hide(struct net_device *dev)
{
	struct link *link;

	hash_for_each_possible(links, link, node, (unsigned long)dev) {
		if (link->dev != dev)
			continue;
		hash_del(&link->node);
		statsfs_source_remove_subordinate(link->parent, link->src);
		source_drop(link->src);
		kfree(link);
		return;
	}
}

/*
 * A device that moves to another namespace leaves the one and comes to the other. Who
 * registers hears of all devices there are, and who unregisters, that they go.
 */
static int link_event(struct notifier_block *nb, unsigned long event, void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);

	ASSERT_RTNL();
	switch (event) {
	case NETDEV_REGISTER:
		link_show(dev);
		break;
	case NETDEV_CHANGENAME:
		link_hide(dev);
		link_show(dev);
		break;
	case NETDEV_UNREGISTER:
		link_hide(dev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block link_notifier = {
	.notifier_call = link_event,
};

static int netns_show(struct net *net, struct netns *netns)
{
	if (net_eq(net, &init_net)) {
		netns->src = statsfs_source_create(0, "net");
		if (IS_ERR(netns->src))
			return PTR_ERR(netns->src);
		return statsfs_source_register(netns->src);
	}
	netns->src = statsfs_source_create(0, "%u", net->ns.inum);
	if (IS_ERR(netns->src))
		return PTR_ERR(netns->src);
	return statsfs_source_add_subordinate(all_netns, netns->src);
}

/* Comes before all devices of the namespace. */
static int __net_init netns_init(struct net *net)
{
	struct netns *netns = net_generic(net, netns_id);

	if (netns_show(net, netns)) {
		statsfs_source_put(netns->src);
		netns->src = NULL;
	}
	return 0;
}

/* And this after them. */
static void __net_exit netns_exit(struct net *net)
{
	struct netns *netns = net_generic(net, netns_id);

	if (!netns->src)
		return;
	if (net_eq(net, &init_net))
		statsfs_source_unregister(netns->src);
	else
		statsfs_source_remove_subordinate(all_netns, netns->src);
	statsfs_source_put(netns->src);
}

static struct pernet_operations netns_ops = {
	.init = netns_init,
	.exit = netns_exit,
	.id = &netns_id,
	.size = sizeof(struct netns),
};

static int __init statsfs_net_init(void)
{
	int err;

	all_netns = statsfs_source_create(0, "netns");
	if (IS_ERR(all_netns))
		return PTR_ERR(all_netns);
	err = statsfs_source_register(all_netns);
	if (err)
		goto put;
	err = register_pernet_subsys(&netns_ops);
	if (err)
		goto unregister;
	err = register_netdevice_notifier(&link_notifier);
	if (!err)
		return 0;
	unregister_pernet_subsys(&netns_ops);
unregister:
	statsfs_source_unregister(all_netns);
put:
	statsfs_source_put(all_netns);
	return err;
}

static void __exit statsfs_net_exit(void)
{
	unregister_netdevice_notifier(&link_notifier);
	unregister_pernet_subsys(&netns_ops);
	statsfs_source_unregister(all_netns);
	statsfs_source_put(all_netns);
}

module_init(statsfs_net_init);
module_exit(statsfs_net_exit);

MODULE_DESCRIPTION("Sample of statsfs: the link counters of network devices");
MODULE_LICENSE("GPL");
