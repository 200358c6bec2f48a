/* SPDX-License-Identifier: Apache-2.0
 *
 * Files without a name take the places of standard output and standard error while the command runs.
 */
#include "said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

char said_out[SAID_MAX_BYTES], said_err[SAID_MAX_BYTES];

const struct options *options_of(const char *line)
{
    enum { MAX_ARGUMENTS = 16 };
    static char copy[1024];
    static char *argv[MAX_ARGUMENTS];
    static struct options options;
    char *rest = NULL;
    int argc = 1;

    argv[0] = copy;
    assert_true(text_set(copy, sizeof(copy), "%s", line));
    for (char *word = strtok_r(copy, " ", &rest); word && argc < MAX_ARGUMENTS;
         word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    if (!options_read(argc, argv, "terminal short json junit prometheus console html commands",
                      &options))
        fail_msg("%s", options.error);
    return &options;
}

static int begin(int fd, int *kept)
{
    int file = memfd_create("said", MFD_CLOEXEC);

    assert_true(file >= 0);
    *kept = dup(fd);
    assert_true(*kept >= 0 && dup2(file, fd) == fd);
    return file;
}

static void end(int fd, int file, int kept, char to[SAID_MAX_BYTES])
{
    ssize_t n = pread(file, to, SAID_MAX_BYTES - 1, 0);

    assert_true(dup2(kept, fd) == fd);
    (void)close(kept);
    (void)close(file);
    assert_true(n >= 0);
    to[n] = '\0';
}

int command_run(int (*command)(const struct options *options), const struct options *options)
{
    int kept_out, kept_err;

    (void)fflush(stdout);
    int out = begin(STDOUT_FILENO, &kept_out), err = begin(STDERR_FILENO, &kept_err);
    int status = command(options);
    (void)fflush(stdout);
    end(STDOUT_FILENO, out, kept_out, said_out);
    end(STDERR_FILENO, err, kept_err, said_err);
    return status;
}
