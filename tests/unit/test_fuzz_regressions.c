/* SPDX-License-Identifier: Apache-2.0
 *
 * Inputs that once broke a fuzz target, and the seeds, each once: tests/fuzz/regressions/TARGET/
 * and tests/fuzz/seeds/TARGET/. Linked with --wrap=imds_get. Run from the root of the repository.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../fuzz/targets.h"
#include "base/file.h"
#include "base/text.h"

static int run_folder(const char *kind, const struct fuzz_target *target)
{
    char folder[PATH_SIZE];
    int n = 0;

    (void)text_set(folder, sizeof(folder), "tests/fuzz/%s/%s/", kind, target->name);
    LOCAL_NAMES files = file_list("", folder, "");
    for (size_t i = 0; i < files.n; i++) {
        LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};
        if (file_read(folder, files.names[i], &contents) != 0) /* a folder is none */
            continue;
        target->run((const uint8_t *)contents.bytes, contents.used);
        n++;
    }
    return n;
}

static void no_known_input_breaks_a_target(void **state)
{
    (void)state;
    for (const struct fuzz_target *target = fuzz_targets; target->name; target++)
        (void)run_folder("regressions", target);
}

static void every_target_has_a_seed(void **state)
{
    (void)state;
    for (const struct fuzz_target *target = fuzz_targets; target->name; target++) {
        if (run_folder("seeds", target) == 0)
            fail_msg("tests/fuzz/seeds/%s holds nothing", target->name);
    }
}

static void every_target_takes_nothing_and_little(void **state)
{
    static const uint8_t bytes[] = {'{', 0xff, 0, '\n', 0x1e, '2'};
    (void)state;

    for (const struct fuzz_target *target = fuzz_targets; target->name; target++)
        for (size_t n = 0; n <= sizeof(bytes); n++)
            target->run(bytes, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_known_input_breaks_a_target),
        cmocka_unit_test(every_target_has_a_seed),
        cmocka_unit_test(every_target_takes_nothing_and_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
