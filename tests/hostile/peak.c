/* SPDX-License-Identifier: Apache-2.0
 *
 * peak FILE PROGRAM...: runs a program, and writes what it cost into FILE as "status peak-KiB wall-ms". It is
 * small on purpose: a child's peak memory counts what it shared with its parent before it became another
 * program, so a parent as large as an interpreter would be measured instead.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
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

int main(int argc, char *argv[])
{
    struct rusage usage;
    int status;
    double started = now_ms();

    if (argc < 3)
        return 2;
    pid_t child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever ends this one ends both */
        (void)execv(argv[2], argv + 2);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child)
        return 1;
    FILE *file = fopen(argv[1], "w");
    if (!file)
        return 1;
    (void)fprintf(file, "%d %ld %.3f\n",
                  WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), usage.ru_maxrss,
                  now_ms() - started);
    return fclose(file) != 0;
}
