// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "page.h"

struct page *page_new(enum format format)
{
	struct page *page = calloc(1, sizeof(*page));

	if (page)
		page->format = format;
	return page;
}

void page_free(struct page *page)
{
	if (!page)
		return;
	for (size_t i = 0; i < page->nr_parts; i++)
		block_put(page->parts[i].block);
	free(page->parts);
	free(page->iov);
	text_free(&page->text);
	free(page);
}

void page_head(struct page *page, const char *name, const char *type, const char *unit,
	       const char *help)
{
	/* Either format has its own idea of which name this is. */
	const char *end = "", *shown = type;

	if (page->format == FORMAT_PROMETHEUS) {
		if (!strcmp(type, "counter"))
			end = "_total";
		if (!strcmp(type, "info")) {
			end = "_info";
			shown = "gauge";
		}
	}
	text_printf(&page->text, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, end, help, name, end,
		    shown);
	if (page->format == FORMAT_OPENMETRICS && *unit)
		text_printf(&page->text, "# UNIT %s %s\n", name, unit);
}

static void add_number(struct page *page, const char *name, const char *type, uint64_t value,
		       const struct scale *scale)
{
	char number[NUMBER_MAX];

	text_printf(&page->text, "%s%s ", name, !strcmp(type, "counter") ? "_total" : "");
	text_add(&page->text, number, number_format(number, value, scale));
	text_str(&page->text, "\n");
}

void page_u64(struct page *page, const char *name, const char *type, const char *help,
	      uint64_t value)
{
	page_head(page, name, type, "", help);
	add_number(page, name, type, value, &scale_one);
}

void page_seconds(struct page *page, const char *name, const char *type, const char *help,
		  uint64_t ns)
{
	static const struct scale nanoseconds = { .kind = SCALE_PLACES, .places = 9 };

	page_head(page, name, type, "seconds", help);
	add_number(page, name, type, ns, &nanoseconds);
}

static void add_part(struct page *page, struct part part)
{
	struct part *parts;

	if (!part.length || page->failed)
		return;
	parts = reallocarray(page->parts, page->nr_parts + 1, sizeof(*parts));
	if (!parts) {
		page->failed = true;
		return;
	}
	if (part.block)
		part.block->users++;
	page->parts = parts;
	page->parts[page->nr_parts++] = part;
}

static void close_text(struct page *page)
{
	add_part(page, (struct part){ .offset = page->closed,
				      .length = page->text.length - page->closed });
	page->closed = page->text.length;
}

void page_block(struct page *page, struct block *block)
{
	close_text(page);
	add_part(page, (struct part){ .block = block, .length = block->length });
}

void page_board(struct page *page, const struct board *board,
		bool (*wanted)(const void *context, const char *name), const void *context)
{
	if (!board->nr_rows)
		return;
	for (uint32_t i = 0; i < board->families.count; i++) {
		const struct family *family = &board->families.all[i];

		if (wanted && !wanted(context, family->stat))
			continue;
		text_str(&page->text, family->head[page->format]);
		page_block(page, board->blocks[i]);
	}
}

bool page_close(struct page *page)
{
	if (page->format == FORMAT_OPENMETRICS)
		text_str(&page->text, "# EOF\n");
	close_text(page);
	page->iov = calloc(page->nr_parts + 1, sizeof(*page->iov));
	if (page->failed || page->text.failed || !page->iov)
		return false;
	for (size_t i = 0; i < page->nr_parts; i++) {
		const struct part *part = &page->parts[i];

		page->iov[i].iov_len = part->length;
		page->iov[i].iov_base = part->block ? part->block->data :
						      page->text.data + part->offset;
	}
	return true;
}

size_t page_length(const struct page *page)
{
	size_t length = 0;

	for (size_t i = 0; i < page->nr_parts; i++)
		length += page->parts[i].length;
	return length;
}
