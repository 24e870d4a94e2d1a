// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "board.h"

#define VALUE_ROOM	16	/* to begin with, for a value and its newline */

void block_put(struct block *block)
{
	if (block && !--block->users)
		free(block);
}

static struct block *block_new(size_t size)
{
	struct block *block = malloc(sizeof(*block) + size);

	if (block)
		*block = (struct block){ .users = 1, .size = size };
	return block;
}

bool board_init(struct board *board, struct families *families, uint32_t nr_values)
{
	uint32_t count = families->count, most = 0;

	*board = (struct board){ .families = *families, .nr_values = nr_values };
	for (uint32_t i = 0; i < count; i++) {
		if (board->families.all[i].nr_lines > most)
			most = board->families.all[i].nr_lines;
	}
	board->blocks = calloc(count + 1, sizeof(*board->blocks));
	board->at = calloc(count + 1, sizeof(*board->at));
	board->stale = calloc(count + 1, sizeof(*board->stale));
	board->scratch = calloc(most + 1, sizeof(*board->scratch));
	if (board->blocks && board->at && board->stale && board->scratch)
		return true;
	board_free(board);
	return false;
}

static void free_rows(struct row *rows, uint32_t nr_rows)
{
	for (uint32_t i = 0; i < nr_rows; i++)
		free(rows[i].labels);
	free(rows);
}

void board_free(struct board *board)
{
	free_rows(board->rows, board->nr_rows);
	for (uint32_t i = 0; i < board->families.count; i++) {
		if (board->blocks)
			block_put(board->blocks[i]);
		if (board->at)
			free(board->at[i]);
	}
	free(board->blocks);
	free(board->at);
	free(board->stale);
	free(board->scratch);
	free(board->values);
	families_free(&board->families);
	*board = (struct board){ 0 };
}

bool board_set_rows(struct board *board, struct row *rows, uint32_t nr_rows)
{
	free_rows(board->rows, board->nr_rows);
	free(board->values);
	board->rows = rows;
	board->nr_rows = nr_rows;
	board->values = calloc((size_t)nr_rows * board->nr_values + 1, sizeof(*board->values));
	if (!board->values)
		return false;
	for (uint32_t i = 0; i < nr_rows; i++) {
		if (!rows[i].labels)
			return false;
	}
	for (uint32_t i = 0; i < board->families.count; i++) {
		const struct family *family = &board->families.all[i];

		free(board->at[i]);
		board->at[i] = calloc((size_t)nr_rows * family->nr_lines + 1, sizeof(**board->at));
		if (!board->at[i])
			return false;
		board->stale[i] = true;
	}
	return true;
}

/* A block of which nobody else has a part. */
static struct block *own_block(struct board *board, uint32_t index)
{
	struct block *old = board->blocks[index], *block;

	if (old->users == 1)
		return old;
	block = block_new(old->size);
	if (!block)
		return NULL;
	memcpy(block->data, old->data, old->length);
	block->length = old->length;
	block_put(old);
	board->blocks[index] = block;
	return block;
}

/* --- one value --- */

static bool is_changed(const struct family *family, const uint64_t *old, const uint64_t *new)
{
	if (family->size == 1)
		return old[family->value] != new[family->value];
	return memcmp(old + family->value, new + family->value, family->size * sizeof(*new)) ||
	       (family->has_sum && old[family->sum] != new[family->sum]);
}

/* Writes a row's values where the old ones were, or finds that one has another length. */
static bool patch(struct board *board, uint32_t index, uint32_t row, const uint64_t *values)
{
	const struct family *family = &board->families.all[index];
	const uint32_t *at = board->at[index] + (size_t)row * family->nr_lines;
	struct block *block = own_block(board, index);
	char number[NUMBER_MAX];

	if (!block)
		return false;
	family_values(family, values, board->scratch);
	for (uint32_t i = 0; i < family->nr_lines; i++) {
		const struct line *line = &family->lines[i];
		unsigned int length = number_format(number, board->scratch[i],
						    line_scale(family, line));
		char *to = block->data + at[i];

		if (memchr(to, '\n', length) || to[length] != '\n') {
			board->stale[index] = true;
			return true;
		}
		memcpy(to, number, length);
	}
	return true;
}

bool board_update(struct board *board, uint32_t row, const uint64_t *values)
{
	uint64_t *old = board->values + (size_t)row * board->nr_values;

	if (!memcmp(old, values, board->nr_values * sizeof(*old)))
		return true;
	for (uint32_t i = 0; i < board->families.count; i++) {
		if (board->stale[i] || !is_changed(&board->families.all[i], old, values))
			continue;
		if (!patch(board, i, row, values))
			return false;
	}
	memcpy(old, values, board->nr_values * sizeof(*old));
	return true;
}

/* --- all values of a family --- */

static size_t bytes_of_row(const struct family *family, const struct row *row)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < family->nr_lines; i++)
		bytes += family->lines[i].before_length + row->labels_length +
			 family->lines[i].after_length + VALUE_ROOM;
	return bytes;
}

/* A block with room for @more bytes behind its end. */
static struct block *grow(struct block *block, size_t more)
{
	size_t size = (block->length + more) * 2;
	struct block *larger;

	if (block->size - block->length >= more)
		return block;
	larger = realloc(block, sizeof(*block) + size);
	if (!larger) {
		block_put(block);
		return NULL;
	}
	larger->size = size;
	return larger;
}

static char *put(char *to, const char *from, size_t length)
{
	memcpy(to, from, length);
	return to + length;
}

static struct block *write_row(struct board *board, uint32_t index, uint32_t row,
			       struct block *block)
{
	const struct family *family = &board->families.all[index];
	const struct row *object = &board->rows[row];
	uint32_t *at = board->at[index] + (size_t)row * family->nr_lines;
	char *to;

	block = grow(block, bytes_of_row(family, object) + family->nr_lines * NUMBER_MAX);
	if (!block)
		return NULL;
	to = block->data + block->length;
	family_values(family, board_values(board, row), board->scratch);
	for (uint32_t i = 0; i < family->nr_lines; i++) {
		const struct line *line = &family->lines[i];

		to = put(to, line->before, line->before_length);
		to = put(to, object->labels, object->labels_length);
		to = put(to, line->after, line->after_length);
		at[i] = to - block->data;
		to += number_format(to, board->scratch[i], line_scale(family, line));
		*to++ = '\n';
	}
	block->length = to - block->data;
	return block;
}

static bool write_family(struct board *board, uint32_t index)
{
	struct block *block = board->blocks[index];

	/* Memory that was enough last time is used again. */
	if (block && block->users == 1) {
		block->length = 0;
	} else {
		block_put(block);
		block = block_new(board->nr_rows ? board->nr_rows * bytes_of_row(
				  &board->families.all[index], &board->rows[0]) : 0);
	}
	board->blocks[index] = NULL;
	for (uint32_t row = 0; block && row < board->nr_rows; row++)
		block = write_row(board, index, row, block);
	board->blocks[index] = block;
	board->stale[index] = !block;
	return block;
}

bool board_finish(struct board *board)
{
	for (uint32_t i = 0; i < board->families.count; i++) {
		if ((board->stale[i] || !board->blocks[i]) && !write_family(board, i))
			return false;
	}
	return true;
}
