/* SPDX-License-Identifier: Apache-2.0
 *
 * What one diagnosis says: a verdict, the checks, the findings. Plain structs, and the only thing
 * that the output side sees. Everything in it is printable ASCII.
 */
#ifndef MODEL_REPORT_H
#define MODEL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "model/checks.h"
#include "model/facts.h"
#include "model/permissions.h"

enum verdict { VERDICT_UNKNOWN, VERDICT_READY, VERDICT_DEGRADED, VERDICT_NOT_READY, N_VERDICTS };
enum status { STATUS_UNKNOWN, STATUS_PASS, STATUS_WARN, STATUS_FAIL, STATUS_SKIP };
enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_FATAL };
enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };

extern const struct names status_names;
extern const struct names severity_names;
extern const struct names confidence_names;

enum {
    SUMMARY_SIZE = 81, /* at most 80 columns: STATUS=, console */
    TITLE_SIZE = 160,
    LINE_SIZE = 320,
    REMEDY_SIZE = 640,
    COMMAND_SIZE = 640,
    MAX_EVIDENCE = 10,
    MAX_ALTERNATIVES = 6,
    FIX_SIZE = REMEDY_SIZE + LINE_SIZE,
    NOTE_SIZE = 64, /* with "# " a line of the console */
    MAX_COMMANDS = 24,
    MAX_FINDINGS = 32,
};

/* One row for each verdict: what every output and the exit status say of it. */
struct verdict_row {
    enum verdict verdict;
    const char *name;       /* "not-ready" */
    const char *words;      /* "NOT READY" */
    int exit_status;        /* of the contract */
    int exit_status_strict; /* with --strict */
    int journal_priority;   /* syslog(3) level */
};
const struct verdict_row *verdict_row(enum verdict verdict);

struct check_result {
    enum check check;
    bool required;
    bool planned;  /* false: the target is off, and the check is in no report */
    bool unneeded; /* skipped: it does not hold, and this agent does without */
    enum status status;
    enum failure reason; /* FAILURE_NONE when passed */
    char summary[LINE_SIZE];
    int32_t duration_ms;
};

struct alternative {
    char code[NAME_SIZE];       /* another finding that these observations do not exclude */
    char command[COMMAND_SIZE]; /* run outside, it tells them apart; may be empty */
};

struct finding {
    char code[NAME_SIZE];
    enum severity severity;
    enum confidence confidence;
    enum target target; /* N_TARGETS: of the whole instance */
    char title[TITLE_SIZE];
    check_set explains;
    check_set hides; /* not tried, and not to be seen before this is mended */
    int32_t n_evidence;
    char evidence[MAX_EVIDENCE][LINE_SIZE];
    int32_t n_alternatives;
    struct alternative alternatives[MAX_ALTERNATIVES];
    char remedy[REMEDY_SIZE];
    char afterwards[LINE_SIZE]; /* with what it ends: the restart of the agent; may be empty */
    int32_t n_commands;
    int32_t n_afterwards; /* so many of the commands, the last ones, are for that */
    char commands[MAX_COMMANDS][COMMAND_SIZE];
    bool inside
        [MAX_COMMANDS]; /* for a shell of the instance; others are the AWS CLI's, from anywhere */
    char notes[MAX_COMMANDS][NOTE_SIZE]; /* to read before commands[i] is run; mostly empty */
};

/* Does the role carry AmazonSSMManagedInstanceCore in effect? As far as it was proven. */
struct permissions_sum {
    int32_t n, allowed, denied; /* of the policy's actions; of the others nothing is known */
    int32_t denied_by[N_DENIED_BY];
    uint32_t
        unproven; /* the actions without which the agent does not come up: bit n is permissions[n] */
    struct {
        int32_t n, allowed, denied;
    } of[N_CAPABILITIES];
};

struct report {
    enum verdict verdict;
    char summary[SUMMARY_SIZE];
    struct check_result checks[N_CHECKS]; /* by enum check */
    int32_t n_findings;
    struct finding findings[MAX_FINDINGS]; /* [0] is the root cause */
    struct permissions_sum permissions;
    const struct facts *facts; /* not owned */
};

/* The exit status of the contract. With `strict` the verdict degraded gives 1, and so does a check that
 * was left out. */
int report_exit_status(const struct report *report, bool strict);

/* "endpoint-blocks-443 on ssm": the code, and behind it the target, if it has one, between two texts. */
enum { FINDING_NAME_SIZE = 2 * NAME_SIZE };
void finding_name(const struct finding *finding, const char *before, const char *behind,
                  char to[FINDING_NAME_SIZE]);

/* The remedy and what comes afterwards, as one text. */
void finding_fix(const struct finding *finding, char *to, size_t size);

/* The first sentence of the remedy: what to do, in a line. */
void finding_fix_line(const struct finding *finding, char *to, size_t size);

bool finding_has_command(const struct finding *finding, const char *command);

/* "denied-by-boundary, policy-missing: the commands tell which": the alternatives that the fix's own commands
 * tell apart. False: there are none. */
bool finding_told_by_fix(const struct finding *finding, char *to, size_t size);

/* Of the commands that fix, how many are for that place. */
int32_t finding_n_commands(const struct finding *finding, bool inside);

/* One of them after the other: for (int i = -1; finding_next(finding, inside, &i);) */
bool finding_next(const struct finding *finding, bool inside, int *i);

/* Of those for what comes afterwards, the ones for outside: the words have the others. */
bool finding_next_afterwards(const struct finding *finding, int *i);

/* How many of them a screen shows that has room for `most` more, which counts down: all, or none; with `in_part`
 * the first ones. After a block that is not whole there is no room for another. */
int32_t finding_fitting(const struct finding *finding, bool inside, bool in_part, int32_t *most);

/* A required check without an answer: not known, or not tried and not itself left out. Of the clock an
 * accepted signature tells enough. */
bool report_lacks(const struct check_result *check);
enum check report_first_lacking(const struct report *report); /* N_CHECKS: none */

/* The planned checks that an option left out: --skip, or --permissions off or role-only. */
check_set report_left_out(const struct report *report);

/* What the verdict is about: findings[0], and NULL where the verdict is ready, or unknown for want of
 * an answer: then no finding is its reason. */
const struct finding *report_root(const struct report *report);

/* The causes are the first findings, those of the root cause's weight; 0 where there is no root cause.
 * Warnings beside a fatal cause are no causes. */
int32_t report_n_causes(const struct report *report);

/* What stands behind the verdict's words: "(2 causes): this; that"; of an agent that comes up all the same "The SSM
 * agent comes up. This", with "if its role permits that" where the permissions could not be tried, and else what was
 * not proven; where an option says that what it cannot do without may fail, and that does, "Optional here: ssm. This".
 * The titles of two causes, of more the first one's and the codes of the others. Empty where there is no cause. */
enum { HEADLINE_SIZE = 2 * TITLE_SIZE + MAX_FINDINGS * NAME_SIZE };
void report_headline(const struct report *report, char to[HEADLINE_SIZE]);

/* Nothing signed is shown to whoever opens TLS on the way: what the role may do stays open. */
bool report_is_role_open(const struct report *report);

/* "UpdateInstanceInformation and 1 more not proven": that the agent comes up is said for want of a denial. At most
 * `most` names; without any the number, "2 actions not proven". Before them a command of its unit, "ExecStartPre=/bin/sh",
 * unless the unit was started in this boot; below 0 without its folder, and then without its name. False: all is proven,
 * or that is not said. */
enum { LEAST_UNPROVEN = -2 };
bool report_unproven(const struct report *report, int most, char *to, size_t size);

/* Does the role carry AmazonSSMManagedInstanceCore in effect? "1 of 25 actions of AmazonSSMManagedInstanceCore allowed; 8
 * denied: no policy allows it; 16 not proven"; in short "Role: 1/25 allowed; ...". False: nothing was tried, and a lower
 * rung tells why. */
bool report_policy_line(const struct report *report, bool in_short, char *to, size_t size);

/* A deadline that suffices for every answer: two of ssm, which may take a minute each, and all below them. */
enum { LONG_ENOUGH_MS = 180 * 1000 };

/* What a step that was tried for itself came to. */
enum status step_status(const struct step *step);

const char *status_name(enum status status);
/* What the binary carries as text: the pages of docs/findings and docs/checks (build/gen/pages.c, sorted by
 * name). Behind a page's text stands the fix of its finding for the audit of an image, a line each: "c" for a
 * command or "f" for words; what it is for ("deb", "rpm", "snap": what installs the agent; "/etc/x": the
 * finding names such a file); a tab; the text. In it {path} and {name} (its last part) stand for a file
 * that the finding names: the line is for each of them. {unit} is the agent's, {region} that of --region. */
struct page {
    const char *name; /* a finding's code, or a check's page ("endpoint.connect") */
    uint32_t at, n;   /* where its text lies in that of all pages, in bytes */
    uint32_t n_fixes;
};

extern const struct page pages[];
extern const size_t n_pages;
extern const unsigned char page_texts[]; /* of all pages, as buffer_add_inflated reads it */
extern const size_t n_page_texts;

const char *severity_name(enum severity severity);
const char *confidence_name(enum confidence confidence);

#endif
