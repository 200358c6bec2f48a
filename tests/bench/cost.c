/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a program N times, one after another, and prints what each run cost, as JSON. It is small on
 * purpose: a child's peak memory counts what it shared with its parent before it became another
 * program, so a parent as large as an interpreter would be measured instead.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double ms(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void become(char *argv[])
{
    static char *const environment[] = {NULL};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0)
        (void)execve(argv[0], argv, environment);
    _exit(127);
}

int main(int argc, char *argv[])
{
    int runs = argc > 2 ? (int)strtol(argv[1], NULL, 10) : 0;

    for (int i = 0; i < runs; i++) {
        struct rusage usage;
        int status;
        double started = now_ms();
        pid_t child = fork();

        if (child == 0)
            become(argv + 2);
        if (child < 0 || wait4(child, &status, 0, &usage) != child)
            return 1;
        printf("%c{\"wall_ms\": %.3f, \"user_ms\": %.3f, \"system_ms\": %.3f, \"rss_kb\": %ld, "
               "\"page_faults\": %ld, \"major_faults\": %ld, \"status\": %d}\n",
               i ? ',' : '[', now_ms() - started, ms(usage.ru_utime), ms(usage.ru_stime),
               usage.ru_maxrss, usage.ru_minflt, usage.ru_majflt,
               WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
    puts("]");
    return 0;
}
