// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "api.h"
#include "assets.h"
#include "query.h"

#define TEXT_PLAIN	"text/plain; charset=utf-8"

/* The page takes nothing from elsewhere, and nobody puts it into a frame. */
static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static struct answer finish(struct MHD_Response *response, unsigned int status, const char *type)
{
	if (response) {
		MHD_add_response_header(response, "Content-Type", type);
		MHD_add_response_header(response, "Content-Security-Policy", policy);
		MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
		MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
		MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
		MHD_add_response_header(response, "Cache-Control", "no-store");
	}
	return (struct answer){ response, status };
}

static struct answer say(unsigned int status, const char *line)
{
	struct MHD_Response *response;

	response = MHD_create_response_from_buffer(strlen(line), (void *)line,
						   MHD_RESPMEM_MUST_COPY);
	return finish(response, status, TEXT_PLAIN);
}

static struct answer asset(const char *from, const char *to, const char *type)
{
	struct MHD_Response *response;

	response = MHD_create_response_from_buffer(to - from, (void *)from,
						   MHD_RESPMEM_PERSISTENT);
	return finish(response, MHD_HTTP_OK, type);
}

static void free_page(void *page)
{
	page_free(page);
}

static struct answer metrics(struct collector *c, struct self *self,
			     const struct options *options, const char *text, const char *accept)
{
	static const char *const types[] = {
		[FORMAT_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
		[FORMAT_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	struct metrics_request request = { .format = accept_format(accept) };
	struct query query = { .vcpu = options->vcpu };
	struct MHD_Response *response;
	char error[FILTER_ERROR + 1];
	struct page *page;

	if (!query_parse(&query, text, error)) {
		strcat(error, "\n");
		return say(MHD_HTTP_BAD_REQUEST, error);
	}
	request.vcpu = query.vcpu;
	request.filter = &query.filter;
	page = metrics_page(c, self, &request);
	query_free(&query);
	report(c);
	if (!page)
		return say(MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
	response = MHD_create_response_from_iovec((const struct MHD_IoVec *)page->iov,
						  page->nr_parts, free_page, page);
	if (!response)
		page_free(page);
	return finish(response, MHD_HTTP_OK, types[request.format]);
}

static struct answer json(struct collector *c, struct self *self)
{
	struct MHD_Response *response;
	struct text text = { 0 };

	self->scrapes++;
	self->failures += !collect(c, false);
	report(c);
	api_json(&text, &c->vms, &c->boards[BOARD_VM], &c->boards[BOARD_SUM], c->why);
	if (text.failed) {
		text_free(&text);
		return say(MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
	}
	response = MHD_create_response_from_buffer(text.length, text.data,
						   MHD_RESPMEM_MUST_FREE);
	if (!response)
		text_free(&text);
	return finish(response, MHD_HTTP_OK, "application/json");
}

static bool is_path(const char *uri, size_t length, const char *path)
{
	return strlen(path) == length && !memcmp(uri, path, length);
}

struct answer answer_to(struct collector *c, struct self *self, const struct options *options,
			const char *method, const char *uri, const char *accept)
{
	const size_t length = strcspn(uri, "?");
	const char *query = uri + length + (uri[length] == '?');
	struct answer answer;

	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD)) {
		answer = say(MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are answered\n");
		if (answer.response)
			MHD_add_response_header(answer.response, "Allow", "GET, HEAD");
		return answer;
	}
	if (is_path(uri, length, "/metrics"))
		return metrics(c, self, options, query, accept);
	if (*query && (is_path(uri, length, "/") || is_path(uri, length, "/healthz") ||
		       is_path(uri, length, "/api/vms")))
		return say(MHD_HTTP_BAD_REQUEST, "only /metrics takes a query\n");
	if (is_path(uri, length, "/"))
		return asset(asset_index_html, asset_index_html_end, "text/html; charset=utf-8");
	if (is_path(uri, length, "/app.js"))
		return asset(asset_app_js, asset_app_js_end, "text/javascript; charset=utf-8");
	if (is_path(uri, length, "/style.css"))
		return asset(asset_style_css, asset_style_css_end, "text/css; charset=utf-8");
	if (is_path(uri, length, "/icon.svg"))
		return asset(asset_icon_svg, asset_icon_svg_end, "image/svg+xml");
	if (is_path(uri, length, "/api/vms"))
		return json(c, self);
	if (is_path(uri, length, "/healthz"))
		return say(MHD_HTTP_OK, "ok\n");
	return say(MHD_HTTP_NOT_FOUND, "nothing here: there are /, /metrics, /api/vms and /healthz\n");
}
