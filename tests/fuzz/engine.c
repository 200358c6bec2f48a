/* SPDX-License-Identifier: Apache-2.0
 *
 * libFuzzer's side: FUZZ_TARGET names the row; without it, the rows are listed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "targets.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    target = fuzz_find(getenv("FUZZ_TARGET"));
    if (target)
        return 0;
    for (target = fuzz_targets; target->name; target++)
        (void)puts(target->name);
    exit(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    target->run(bytes, n);
    return 0;
}
