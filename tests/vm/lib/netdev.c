// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netdev.h"
#include "tap.h"

static void must(int ret, const char *what)
{
	if (ret < 0)
		tap_bail("%s: %s", what, strerrorname_np(errno));
}

static void name_to(struct ifreq *ifr, const char *name)
{
	snprintf(ifr->ifr_name, IFNAMSIZ, "%s", name);
}

int netdev_create(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd;

	if (access("/dev/net/tun", F_OK) && system("modprobe tun"))
		tap_bail("modprobe tun failed");
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	must(fd, "/dev/net/tun");
	name_to(&ifr, name);
	must(ioctl(fd, TUNSETIFF, &ifr), "TUNSETIFF");
	return fd;
}

void netdev_receive(int fd)
{
	char frame[ETH_ZLEN] = { [12] = 0x88, [13] = 0xb5 };	/* for experiments */

	must(write(fd, frame, sizeof(frame)), "write of a frame");
}

static int inet_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd, "socket");
	return fd;
}

void netdev_set_up(const char *name, bool up)
{
	struct ifreq ifr = { .ifr_flags = up ? IFF_UP : 0 };
	int fd = inet_socket();

	name_to(&ifr, name);
	must(ioctl(fd, SIOCSIFFLAGS, &ifr), "SIOCSIFFLAGS");
	close(fd);
}

void netdev_rename(const char *name, const char *to)
{
	struct ifreq ifr = {};
	int fd = inet_socket();

	name_to(&ifr, name);
	snprintf(ifr.ifr_newname, IFNAMSIZ, "%s", to);
	must(ioctl(fd, SIOCSIFNAME, &ifr), "SIOCSIFNAME");
	close(fd);
}

void netdev_move(const char *name, int netns)
{
	struct {
		struct nlmsghdr nlh;
		struct ifinfomsg link;
		struct rtattr attr;
		int fd;
	} ask = {
		.nlh = {
			.nlmsg_len = sizeof(ask),
			.nlmsg_type = RTM_NEWLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.link = { .ifi_index = if_nametoindex(name) },
		.attr = { .rta_len = RTA_LENGTH(sizeof(int)), .rta_type = IFLA_NET_NS_FD },
		.fd = netns,
	};
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	must(fd, "netlink socket");
	must(send(fd, &ask, sizeof(ask), 0), "RTM_NEWLINK");
	must(recv(fd, &answer, sizeof(answer), MSG_TRUNC), "answer to RTM_NEWLINK");
	errno = -answer.err.error;
	must(answer.err.error, "move to another namespace");
	close(fd);
}

void netdev_ping_lo(unsigned int nr)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(to);
	int fd = inet_socket();
	char payload[100] = "";

	must(bind(fd, (struct sockaddr *)&to, sizeof(to)), "bind");
	must(getsockname(fd, (struct sockaddr *)&to, &len), "getsockname");
	while (nr--) {
		must(sendto(fd, payload, sizeof(payload), 0, (struct sockaddr *)&to, sizeof(to)),
		     "sendto lo");
		must(recv(fd, payload, sizeof(payload), 0), "recv from lo");
	}
	close(fd);
}

int netns_open(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	must(fd, "/proc/thread-self/ns/net");
	return fd;
}

void netns_unshare(void)
{
	must(unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
}

void netns_enter(int netns)
{
	must(setns(netns, CLONE_NEWNET), "setns");
}

ino_t netns_number(int netns)
{
	struct stat st;

	must(fstat(netns, &st), "fstat");
	return st.st_ino;
}
