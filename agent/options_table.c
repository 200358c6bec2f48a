/* SPDX-License-Identifier: Apache-2.0
 *
 * One row an option: its name, how its value is read, where it goes, its line of help.
 */
#include "options_table.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/checks.h"
#include "model/permissions.h"

static void *member(const struct setting *setting)
{
    return (char *)setting->options + setting->row->offset;
}

static bool refuse(struct setting *setting, const char *why)
{
    (void)text_set(setting->why, sizeof(setting->why), "%s", why);
    return false;
}

/* --- kinds of values --- */

static bool set_path(struct setting *setting, const char *root)
{
    if (!setting->value[0])
        return refuse(setting, "must not be empty");
    return text_set(member(setting), setting->row->size, "%s%s", root, setting->value) ||
           refuse(setting, "is too long");
}

static bool set_text(struct setting *setting)
{
    return set_path(setting, "");
}

static bool set_file(struct setting *setting)
{
    return set_path(setting, setting->file_root);
}

static bool set_flag(struct setting *setting)
{
    static const char *const words[2][4] = {{"no", "false", "off", "0"},
                                            {"yes", "true", "on", "1"}};

    for (int truth = 0; truth < 2; truth++)
        for (int i = 0; i < 4; i++)
            if (strcmp(setting->value, words[truth][i]) == 0) {
                *(bool *)member(setting) = truth == 1;
                return true;
            }
    return refuse(setting, "must be yes or no");
}

/* Which of the space-separated choices the value is; -1 with `why` set when it is none. */
static int choice_number(struct setting *setting, const char *choices)
{
    char choice[NAME_SIZE];
    int number = 0;

    for (const char *at = choices; text_word(&at, " ", choice, sizeof(choice)); number++)
        if (strcmp(choice, setting->value) == 0)
            return number;
    (void)text_set(setting->why, sizeof(setting->why), "must be one of: %s", choices);
    return -1;
}

static bool set_choice(struct setting *setting)
{
    int number = choice_number(setting, setting->row->choices);

    if (number >= 0)
        *(int *)member(setting) = number;
    return number >= 0;
}

static bool set_output(struct setting *setting)
{
    return choice_number(setting, setting->options->outputs) >= 0 && set_text(setting);
}

/* Checks the form only. discover knows addresses and reads it. */
static bool set_endpoint(struct setting *setting)
{
    static const char scheme[] = "http://";

    if (!text_starts(setting->value, scheme) ||
        !text_only(setting->value + strlen(scheme), ".:[]/"))
        return refuse(setting, "must be http://ADDRESS[:PORT], as http://169.254.169.254");
    return set_text(setting);
}

/* Not standard output, which has --output json. */
static bool set_save(struct setting *setting)
{
    if (strcmp(setting->value, "-") == 0)
        return refuse(setting, "needs a file; for standard output there is --output json");
    return set_text(setting);
}

static bool set_duration(struct setting *setting)
{
    int64_t ms;

    if (!clock_parse_duration(setting->value, &ms) || ms == 0)
        return refuse(setting, "must be a duration such as 500ms, 30s or 2m, at most a day");
    *(int64_t *)member(setting) = ms;
    return true;
}

/* The words of which AWS makes its regions' names: us-gov-west-1, ap-southeast-2. Directions first. */
enum { N_DIRECTIONS = 9 };
static const char *const region_words[] = {
    "east", "west", "north", "south", "central", "northeast", "northwest", "southeast", "southwest",
    "gov",  "iso",  "isob",  "isoe",  "isof",    "eusc",      "de",        "af",        "ap",
    "ca",   "cn",   "eu",    "il",    "me",      "mx",        "sa",        "us"};

/* A word that no region has is asked about, and taken: AWS opens regions. */
static void question_region(struct options *options, const char *region)
{
    const size_t n = COUNT_OF(region_words);
    char words[REGION_SIZE], hint[NAME_SIZE * 2], *rest = words;
    const char *last = region + strlen(region) - 1;

    (void)text_set(words, sizeof(words), "%s", region);
    for (char *word; (word = text_next(&rest, "-"));) {
        const bool one_digit = word[0] >= '0' && word[0] <= '9' && !word[1];
        if (one_digit || /* there are not ten, and 1a is a zone's */
            text_find(word, region_words, sizeof(char *), n) < n)
            continue;
        text_hint(hint, sizeof(hint), "", word, region_words, sizeof(char *), N_DIRECTIONS);
        (void)text_set(options->warning, sizeof(options->warning),
                       "--region %s: no region that is known here has '%s' in its name%s%.*s",
                       region, word, hint[0] ? ": " : "", (int)strcspn(hint, "?") + (hint[0] != 0),
                       hint);
        return;
    }
    if (*last < '0' || *last > '9')
        (void)text_set(options->warning, sizeof(options->warning),
                       "--region %s: the name of a region ends in a number", region);
}

static bool set_region(struct setting *setting)
{
    struct plan *plan = &setting->options->plan;

    if (!text_only(setting->value, "-") ||
        !text_set(plan->region, sizeof(plan->region), "%s", setting->value))
        return refuse(setting, "must be a region code such as eu-central-1");
    plan->region_source = SOURCE_OPTION;
    question_region(setting->options, plan->region);
    return true;
}

static bool set_list(struct setting *setting)
{
    char list[WORDS_SIZE], *rest = list;
    int n = 0;

    if (!text_set(list, sizeof(list), "%s", setting->value))
        return refuse(setting, "is too long");
    for (char *word; (word = text_next(&rest, ", \t"));) {
        if (!setting->row->take(setting, word))
            return false;
        n++;
    }
    return n > 0 || refuse(setting, "must not be empty");
}

/* The row's size is the need. */
static bool need_word(struct setting *setting, const char *word)
{
    struct plan *plan = &setting->options->plan;
    enum need need = (enum need)setting->row->size;
    bool optional = need == NEED_OPTIONAL;
    unsigned int target;

    if (!name_find(&target_names, word, &target)) {
        (void)text_set(setting->why, sizeof(setting->why),
                       "does not know a target '%.60s'; there are", word);
        for (enum target i = 0; i < N_TARGETS; i++)
            (void)text_add(setting->why, sizeof(setting->why), "%s %s", i ? "," : "",
                           target_name(i));
        return false;
    }
    if (target >= TARGET_SSM && target < TARGET_SSM + N_SERVICES) {
        plan->services[target - TARGET_SSM].need = need;
        plan->services[target - TARGET_SSM].need_given = true;
    } else if (target == TARGET_ROLE) {
        plan->role_optional = optional;
    } else if (target == TARGET_CLOCK) {
        plan->clock_optional = optional;
    } else if (target == TARGET_AGENT) {
        plan->agent_optional = optional;
    } else if (optional) {
        return refuse(setting, "cannot make imds optional: everything else is learnt from it");
    }
    return true;
}

static bool skip_word(struct setting *setting, const char *word)
{
    unsigned int check;

    if (!name_find(&check_names, word, &check)) {
        char hint[96];
        text_hint(hint, sizeof(hint), "", word, check_names.by_value, sizeof(char *), N_CHECKS);
        (void)text_set(setting->why, sizeof(setting->why),
                       "does not know a check '%.60s' (%ssee: ssm-preflight list checks)", word,
                       hint);
        return false;
    }
    setting->options->plan.skipped |= check_bit((enum check)check);
    return true;
}

/* A code of a finding; `image` looks whether there is such a one. */
static bool set_allow(struct setting *setting)
{
    char *allow = setting->options->allow;

    if (!text_only(setting->value, "-"))
        return refuse(setting, "must be the code of a finding");
    if (!text_add(allow, sizeof(setting->options->allow), "%s%s", allow[0] ? " " : "",
                  setting->value))
        return refuse(setting, "is given too often");
    return true;
}

static bool set_days(struct setting *setting)
{
    enum { MAX_DAYS = 36500 };
    char number[NAME_SIZE];
    uint64_t days;
    size_t n = strlen(setting->value);

    (void)text_set(number, sizeof(number), "%.*s",
                   (int)(n > 1 && setting->value[n - 1] == 'd' ? n - 1 : n), setting->value);
    if (!text_number(number, MAX_DAYS, &days) || days == 0)
        return refuse(setting, "must be a number of days such as 90d");
    setting->options->max_age_days = (int64_t)days;
    return true;
}

static bool for_word(struct setting *setting, const char *word)
{
    struct plan *plan = &setting->options->plan;

    if (capabilities_in(word) == 0) {
        (void)text_set(setting->why, sizeof(setting->why), "must be one of: core");
        for (size_t i = 0; i < N_CAPABILITIES; i++)
            (void)text_add(setting->why, sizeof(setting->why), " %s", capability_rows[i].name);
        return false;
    }
    return text_add(plan->needed_for, sizeof(plan->needed_for), "%s%s",
                    plan->needed_for[0] ? " " : "", word) ||
           refuse(setting, "is too long");
}

static bool set_for(struct setting *setting)
{
    setting->options->plan.needed_for[0] = '\0';
    return set_list(setting);
}

static bool set_permissions(struct setting *setting)
{
    setting->options->permissions_given = true;
    return set_choice(setting);
}

/* --- the table --- */

#define MEMBER(field) offsetof(struct options, field), sizeof(((struct options *)0)->field)

const struct option_row option_rows[] = {
    {"output", "FORMAT", "how to print it, see below (-o; --json, --commands)", set_output,
     MEMBER(output)},
    {"config", "FILE", "read this file in place of that one", set_text, MEMBER(config),
     .command_line_only = true},
    {"region", "REGION", "look for the endpoints of this region", set_region},
    {"for", "LIST", "tools that must work: sessions,patch,...; core: all", set_for,
     .take = for_word},
    {"require", "LIST", "targets that must pass: s3,kms,logs,...", set_list, .take = need_word,
     .size = NEED_REQUIRED},
    {"optional", "LIST", "targets that are looked at but may fail", set_list, .take = need_word,
     .size = NEED_OPTIONAL},
    {"skip", "CHECK", "do not judge this check (list checks); repeatable", set_list,
     .take = skip_word, .repeatable = true},
    {"private-dns", "MODE", "names must be private: warn (default), require, off", set_choice,
     MEMBER(plan.private_dns), .choices = "warn require off"},
    {"permissions", "MODE", "probe (wait: agent), deep (registers!), role-only, off",
     set_permissions, MEMBER(plan.permissions), .choices = "probe agent deep role-only off"},
    {"dhmc", NULL, "this account uses Default Host Management", set_flag, MEMBER(plan.dhmc)},
    {"deadline", "DURATION", "end after so long (ms, s, m; 30s)", set_duration,
     MEMBER(deadline_ms)},
    {"follow", NULL, "wait: go on until ready, in cheap rounds", set_flag, MEMBER(follow),
     .command_line_only = true},
    {"strict", NULL, "degraded, or a check left out, gives exit status 1", set_flag,
     MEMBER(plan.strict)},
    {"ca-file", "FILE", "trust these roots in place of Amazon's public ones", set_file,
     MEMBER(ca_file)},
    {"imds-endpoint", "URL", "the metadata service, http://ADDRESS[:PORT]", set_endpoint,
     MEMBER(imds_endpoint)},
    {"root", "DIR", "prefix of every file that is read", set_text, MEMBER(root),
     .command_line_only = true},
    {"allow", "CODE", "image: this finding does not count; repeatable", set_allow,
     .repeatable = true, .command_line_only = true},
    {"max-age", "DAYS", "image: warn when the agent's files are older", set_days,
     .command_line_only = true},
    {"save", "FILE", "also write the JSON report to this file", set_save, MEMBER(save)},
    {"output-file", "FILE", "write the output to this file; - is standard output", set_text,
     MEMBER(output_file)},
    {"anonymize", NULL, "replace ids, names and addresses", set_flag, MEMBER(anonymize)},
    {"color", "WHEN", "auto (default), always or never; NO_COLOR is honoured", set_choice,
     MEMBER(colour), .choices = "auto always never"},
    {"quiet", NULL, "print nothing: the exit status says it (-q)", set_flag, MEMBER(quiet)},
    {"verbose", NULL, "show passed checks and what was observed (-v)", set_flag, MEMBER(verbose)},
    {"help", NULL, "this text (-h)", set_flag, MEMBER(help), .command_line_only = true},
    {"version", NULL, "as the command version (-V)", set_flag, MEMBER(version),
     .command_line_only = true},
};
const size_t n_option_rows = COUNT_OF(option_rows);
_Static_assert(COUNT_OF(option_rows) <= MAX_OPTION_ROWS, "a place in `seen` for each option");

const struct option_row *option_find(const char *name, size_t n)
{
    for (size_t i = 0; i < n_option_rows; i++)
        if (strlen(option_rows[i].name) == n && strncmp(option_rows[i].name, name, n) == 0)
            return &option_rows[i];
    return NULL;
}

/* The heading names the options that are for the command line only. */
void options_help(struct buffer *to)
{
    bool first = true;

    (void)buffer_add_text(to, "options (each is a key of " CONFIG_FILE " too, but\n");
    for (size_t i = 0; i < n_option_rows; i++) {
        if (!option_rows[i].command_line_only)
            continue;
        (void)buffer_addf(to, "%s--%s", first ? "" : ", ", option_rows[i].name);
        first = false;
    }
    (void)buffer_add_text(to, "):\n");
    for (size_t i = 0; i < n_option_rows; i++) {
        char left[40];
        (void)text_set(left, sizeof(left), "--%s%s%s", option_rows[i].name,
                       option_rows[i].argument ? " " : "",
                       option_rows[i].argument ? option_rows[i].argument : "");
        (void)buffer_addf(to, "  %-22s %s\n", left, option_rows[i].help);
    }
}

bool option_apply(struct setting *setting, bool seen[MAX_OPTION_ROWS])
{
    ptrdiff_t index = setting->row - option_rows;

    if (seen[index] && !setting->row->repeatable)
        return refuse(setting, "is given twice");
    seen[index] = true;
    return setting->row->set(setting);
}
