/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One answer of /metrics: text of its own and blocks that it shares. */
#ifndef EXPORTER_PAGE_H
#define EXPORTER_PAGE_H

#include <sys/uio.h>

#include "board.h"
#include "text.h"

struct part {
	struct block *block;	/* or NULL: of the page's own text */
	size_t offset;
	size_t length;
};

struct page {
	enum format format;
	struct text text;
	struct part *parts;
	size_t nr_parts;
	size_t closed;		/* length of the text that is in a part */
	bool failed;
	struct iovec *iov;	/* set by page_close() */
};

struct page *page_new(enum format format);
void page_free(struct page *page);

/* The head of a metric that is none of KVM's. @unit may be "". */
void page_head(struct page *page, const char *name, const char *type, const char *unit,
	       const char *help);
/* A metric with one sample and no label. */
void page_u64(struct page *page, const char *name, const char *type, const char *help,
	      uint64_t value);
void page_seconds(struct page *page, const char *name, const char *type, const char *help,
		  uint64_t ns);
/* Samples that are kept elsewhere. */
void page_block(struct page *page, struct block *block);
/* What @wanted says yes to, NULL for all; nothing for a board without rows. */
void page_board(struct page *page, const struct board *board,
		bool (*wanted)(const void *context, const char *name), const void *context);

/* The page is whole: its pieces are in iov. False without memory. */
bool page_close(struct page *page);
size_t page_length(const struct page *page);

#endif /* EXPORTER_PAGE_H */
