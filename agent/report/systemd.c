/* SPDX-License-Identifier: Apache-2.0
 *
 * A field may occur more than once in an entry. Each check that a finding explains is a field of its
 * own, so that `journalctl SSM_PREFLIGHT_CHECK=ssm.connect` finds every such finding.
 *
 * A journal or a manager that does not listen changes no verdict, so failures are ignored.
 */
#include "report/systemd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "report/report.h"

enum { NOTIFY_MAX_MS = 1000 };

/* units/message-ids; a unit test compares. */
static const char *const verdict_ids[N_VERDICTS] = {
    [VERDICT_UNKNOWN] = "3cad66846e82493591059c0e1cfa46ee",
    [VERDICT_READY] = "c955ad1038b246c68ed82c3d7ffea337",
    [VERDICT_DEGRADED] = "12610db652f049b0a0835ea7f0261c91",
    [VERDICT_NOT_READY] = "5c7333bfb2d44b7f8f385ad8a4f5e1bf",
};
static const char finding_id[] = "243be994646f4394aebdd9e6ce807a4d";

static const int severity_priorities[] = {
    [SEVERITY_NOTE] = LOG_INFO,
    [SEVERITY_WARNING] = LOG_WARNING,
    [SEVERITY_FATAL] = LOG_ERR,
};

/* One line. A line end in a value would let its author begin another field. */
static void put(struct buffer *to, const char *name, const char *value)
{
    (void)buffer_addf(to, "%s=", name);
    (void)buffer_add_printable(to, value, strlen(value));
    (void)buffer_add(to, "\n", 1);
}

static void put_number(struct buffer *to, const char *name, int number)
{
    (void)buffer_addf(to, "%s=%d\n", name, number);
}

/* What every entry has. */
static void put_common(struct buffer *to, const struct report *report, const char *id, int priority)
{
    put(to, "MESSAGE_ID", id);
    put_number(to, "PRIORITY", priority);
    put(to, "SYSLOG_IDENTIFIER", "ssm-preflight");
    put(to, "SSM_PREFLIGHT_VERDICT", verdict_row(report->verdict)->name);
    if (facts_instance_name(report->facts)[0])
        put(to, "SSM_PREFLIGHT_INSTANCE", facts_instance_name(report->facts));
}

static void put_target(struct buffer *to, const struct finding *finding)
{
    if (finding->target < N_TARGETS)
        put(to, "SSM_PREFLIGHT_TARGET", target_name(finding->target));
}

static void put_checks(struct buffer *to, check_set checks)
{
    for (enum check i = 0; i < N_CHECKS; i++)
        if (checks & check_bit(i))
            put(to, "SSM_PREFLIGHT_CHECK", check_name(i));
}

static void write_verdict(const struct report *report, struct buffer *to)
{
    const struct verdict_row *row = verdict_row(report->verdict);
    const struct finding *root = &report->findings[0];

    put(to, "MESSAGE", report->summary);
    put_common(to, report, verdict_ids[report->verdict], row->journal_priority);
    if (report->n_findings > 0 && root->severity != SEVERITY_NOTE) {
        put(to, "SSM_PREFLIGHT_CODE", root->code);
        put_target(to, root);
        put_checks(to, root->explains);
    }
    put_number(to, "SSM_PREFLIGHT_ROUNDS", (int)report->facts->rounds);
    put_number(to, "SSM_PREFLIGHT_DURATION_MS", (int)report->facts->duration_ms);
}

static void write_finding(const struct report *report, const struct finding *finding,
                          struct buffer *to)
{
    char message[LINE_SIZE], fix[FIX_SIZE], name[FINDING_NAME_SIZE];

    finding_name(finding, " on ", "", name);
    (void)text_set(message, sizeof(message), "%s: %s", name, finding->title);
    put(to, "MESSAGE", message);
    put_common(to, report, finding_id, severity_priorities[finding->severity]);
    put(to, "SSM_PREFLIGHT_CODE", finding->code);
    put(to, "SSM_PREFLIGHT_SEVERITY", severity_name(finding->severity));
    put(to, "SSM_PREFLIGHT_CONFIDENCE", confidence_name(finding->confidence));
    put_target(to, finding);
    put_checks(to, finding->explains);
    for (int32_t i = 0; i < finding->n_evidence; i++)
        put(to, "SSM_PREFLIGHT_EVIDENCE", finding->evidence[i]);
    for (int32_t i = 0; i < finding->n_alternatives; i++)
        put(to, "SSM_PREFLIGHT_ALTERNATIVE", finding->alternatives[i].code);
    finding_fix(finding, fix, sizeof(fix));
    put(to, "SSM_PREFLIGHT_REMEDY", fix);
    for (int32_t i = 0; i < finding->n_commands; i++)
        put(to, "SSM_PREFLIGHT_COMMAND", finding->commands[i]);
}

void journal_write(const struct report *report, int entry, struct buffer *to)
{
    if (entry == 0)
        write_verdict(report, to);
    else
        write_finding(report, &report->findings[entry - 1], to);
}

/* --- sending --- */

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (!text_set(address.sun_path, sizeof(address.sun_path), "%s", path))
        return -1;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

bool journal_send_to(const char *path, const struct report *report)
{
    LOCAL_FD fd = connect_to(path);
    bool all = fd >= 0;

    for (int i = 0; fd >= 0 && i <= report->n_findings; i++) {
        LOCAL_BUFFER entry = {.max_bytes = JOURNAL_MAX_BYTES};

        journal_write(report, i, &entry);
        if (entry.failed || send(fd, entry.bytes, entry.used, MSG_NOSIGNAL) != (ssize_t)entry.used)
            all = false;
    }
    return all;
}

void journal_send(const struct report *report)
{
    (void)journal_send_to("/run/systemd/journal/socket", report);
}

/* --- the service manager --- */

/* sd_notify(3) would wait for ever for a manager that does not read. */
static void notify(const char *state)
{
    int64_t began_ms = clock_monotonic_ms(), left_ms;

    do
        left_ms = output_guard(began_ms, NOTIFY_MAX_MS);
    while (sd_notify(0, state) == -EINTR && left_ms > 0);
    output_unguard();
}

void notify_status(const struct report *report, bool ready)
{
    char state[SUMMARY_SIZE + 32];

    (void)text_set(state, sizeof(state), "%sSTATUS=%s", ready ? "READY=1\n" : "", report->summary);
    notify(state);
}

int64_t notify_watchdog_interval_ms(void)
{
    uint64_t usec = 0;

    (void)sd_watchdog_enabled(0, &usec); /* which writes it where there is a watchdog */
    return (int64_t)(usec / 3000);
}

void notify_watchdog(void)
{
    if (notify_watchdog_interval_ms() > 0)
        notify("WATCHDOG=1");
}

void notify_extend(int64_t more_ms)
{
    char state[64];

    (void)text_set(state, sizeof(state), "EXTEND_TIMEOUT_USEC=%lld", (long long)more_ms * 1000);
    notify(state);
}
