/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares bytes with a file under tests/golden. With GOLDEN_UPDATE=1 in the environment the file
 * is written instead, to be reviewed as a diff.
 */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <stddef.h>

/* Fails the running cmocka test, naming the first line that differs. Run from the root of the
 * repository. */
void assert_golden(const char *name, const char *bytes, size_t n);

#endif
