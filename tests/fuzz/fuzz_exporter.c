// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a client of the exporter sends: the query, up to a NUL, and the Accept header
 * behind it. And any bytes as the name of a VM: labels and JSON stay well-formed.
 */
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Closed by the quote that is the last byte, and by no other. */
static void require_closed(const char *text)
{
	const char *at = strchr(text, '"') + 1;

	while (*at != '"') {
		require(*at && *at != '\n');
		at += *at == '\\' ? 2 : 1;
	}
	require(!at[1]);
}

static void check_name(const char *name)
{
	struct text label = { 0 }, json = { 0 };
	char *text;

	text_label(&label, "name", name);
	text = text_take(&label);
	require_closed(text);
	free(text);
	text_json(&json, name);
	text = text_take(&json);
	require_closed(text);
	for (const char *c = text; *c; c++)
		require((unsigned char)*c >= ' ' && *c != 0x7f);
	free(text);
}

static void check_query(const char *text)
{
	struct query query = { .vcpu = false };
	char error[FILTER_ERROR] = "";

	if (!query_parse(&query, text, error)) {
		require(*error && !strchr(error, '\n') && strlen(error) < FILTER_ERROR);
		require(!query.filter.include.count && !query.filter.exclude.count);
		return;
	}
	filter_wants(&query.filter, "halt_poll_success_hist");
	filter_wants(&query.filter, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	query_free(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 2);
	enum format format;

	require(text);
	memcpy(text, data, size);
	memset(text + size, 0, 2);
	check_query(text);
	check_name(text);
	format = accept_format(text + strlen(text) + (strlen(text) < size));
	require(format == FORMAT_PROMETHEUS || format == FORMAT_OPENMETRICS);
	free(text);
	return 0;
}
