/* SPDX-License-Identifier: Apache-2.0
 *
 * In every unit program: what is open at its end was open when it began. Who forgets close() is found by whatever runs it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { N_LOOKED_AT = 256 };

static bool was_open[N_LOOKED_AT];
static pid_t whole; /* a child has what its parent had */

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

__attribute__((constructor)) static void begin(void)
{
    /* tests/mutation links the program itself with it */
    whole = strncmp(program_invocation_short_name, "test_", 5) == 0 ? getpid() : -1;
    for (int fd = 0; fd < N_LOOKED_AT; fd++)
        was_open[fd] = is_open(fd);
}

__attribute__((destructor)) static void end(void)
{
    for (int fd = 3; fd < N_LOOKED_AT && getpid() == whole; fd++) {
        if (!is_open(fd) || was_open[fd])
            continue;
        (void)fprintf(stderr, "descriptor %d was never closed\n", fd);
        _exit(1);
    }
}
