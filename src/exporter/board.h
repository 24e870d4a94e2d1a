/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The samples of all objects of one kind, as text that is kept from scrape to scrape:
 * only values that changed are written anew, in place where they are as long as before.
 */
#ifndef EXPORTER_BOARD_H
#define EXPORTER_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "family.h"

/* All lines of one family. One that a response still sends is not changed any more. */
struct block {
	unsigned int users;
	size_t length;
	size_t size;
	char data[];
};

void block_put(struct block *block);

/* A VM or a vCPU. */
struct row {
	uint64_t vm_id;
	uint32_t vcpu_id;
	char *labels;		/* vm="1",pid="2", the board frees it */
	size_t labels_length;
};

struct board {
	struct families families;
	struct row *rows;
	uint32_t nr_rows;
	uint32_t nr_values;	/* of each row */
	uint64_t *values;	/* as they were last written */
	uint64_t *scratch;
	struct block **blocks;	/* of each family */
	uint32_t **at;		/* of each family: where the value of each line is */
	bool *stale;		/* of each family: all lines are to be written */
};

/*
 * board_init() - an empty board
 * @families: becomes the board's, also when it fails
 * @nr_values: values of an object
 */
bool board_init(struct board *board, struct families *families, uint32_t nr_values);
void board_free(struct board *board);

/*
 * Replaces all rows; @rows and what is in it become the board's, also when it fails, as
 * it does for a row without labels.
 */
bool board_set_rows(struct board *board, struct row *rows, uint32_t nr_rows);

static inline const uint64_t *board_values(const struct board *board, uint32_t row)
{
	return board->values + (size_t)row * board->nr_values;
}

/* Takes the values of a row over. */
bool board_update(struct board *board, uint32_t row, const uint64_t *values);

/* After the updates: every block is whole. */
bool board_finish(struct board *board);

#endif /* EXPORTER_BOARD_H */
