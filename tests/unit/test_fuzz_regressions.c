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

struct folder {
    char path[PATH_SIZE];
    const struct fuzz_target *target;
    int n;
};

static void run_file(void *arg, const char *name)
{
    struct folder *folder = arg;
    struct buffer contents;

    buffer_init(&contents, FILE_MAX_BYTES);
    if (file_read(folder->path, name, &contents) == 0) { /* a folder is none */
        folder->target->run((const uint8_t *)contents.bytes, contents.used);
        folder->n++;
    }
    buffer_clear(&contents);
}

static int run_folder(const char *kind, const struct fuzz_target *target)
{
    struct folder folder = {.target = target};

    (void)text_set(folder.path, sizeof(folder.path), "tests/fuzz/%s/%s/", kind, target->name);
    (void)file_list("", folder.path, "", run_file, &folder);
    return folder.n;
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
