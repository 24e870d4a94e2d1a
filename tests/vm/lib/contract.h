/* SPDX-License-Identifier: GPL-2.0-only */
/* How every stats fd reads, whoever serves it: what does not depend on its position. */
#ifndef VMTEST_CONTRACT_H
#define VMTEST_CONTRACT_H

/*
 * Checks reads of any offset and length, bad buffers, vectors, and what is refused. The
 * values must stand still, and the position be near the start; it moves.
 */
void contract_check(int fd);

#endif
