/* SPDX-License-Identifier: Apache-2.0
 *
 * Members are compared along runs of equal values, so ten thousand cost no more than a few sorts.
 */
#include "model/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char *common_name(enum common common)
{
    static const char *const names[N_COMMON] = {
        [COMMON_SUBNET] = "subnet", [COMMON_ZONE] = "zone", [COMMON_ROLE] = "role",
        [COMMON_IMAGE] = "image",   [COMMON_VPC] = "VPC",   [COMMON_GROUP] = "security group",
    };
    return names[common];
}

/* --- members --- */

static struct member *add(struct fleet *fleet, const char *file)
{
    if (fleet->n_members == fleet->n_allocated) {
        fleet->n_allocated = fleet->n_allocated ? 2 * fleet->n_allocated : 64;
        fleet->members = reallocarray(fleet->members, (size_t)fleet->n_allocated,
                                      sizeof(*fleet->members));
    }
    struct member *member = &fleet->members[fleet->n_members++];
    *member = (struct member){.file = strdup(file), .target = N_TARGETS};
    const char *name = basename(file);
    if (text_starts(name, "i-")) /* i-0123456789abcdef0.log, as docs/fleet.md fetches them */
        (void)text_set(member->id, NAME_SIZE, "%.*s", (int)strcspn(name, "."), name);
    return member;
}

void fleet_add(struct fleet *fleet, const char *file, const struct report *report)
{
    const struct instance_facts *instance = &report->facts->instance;
    const struct finding *root = report_root(report);
    struct member *member = add(fleet, file);

    member->read = true;
    member->verdict = report->verdict;
    member->exit_status = report_exit_status(report, report->facts->plan.strict);
    member->started_unix_ms = report->facts->started_unix_ms;
    if (instance->id[0])
        (void)text_set(member->id, NAME_SIZE, "%s", instance->id);
    (void)text_set(member->has[COMMON_SUBNET], NAME_SIZE, "%s", instance->subnet);
    (void)text_set(member->has[COMMON_ZONE], NAME_SIZE, "%s", instance->availability_zone);
    (void)text_set(member->has[COMMON_ROLE], NAME_SIZE, "%s", report->facts->role.role);
    (void)text_set(member->has[COMMON_IMAGE], NAME_SIZE, "%s", instance->image);
    (void)text_set(member->has[COMMON_VPC], NAME_SIZE, "%s", instance->vpc);
    (void)text_set(member->has[COMMON_GROUP], NAME_SIZE, "%s", instance->security_groups[0]);
    (void)text_set(member->title, TITLE_SIZE, "%s", root ? root->title : report->summary);
    if (!root)
        return;
    member->n_causes = report_n_causes(report);
    member->target = root->target;
    member->confidence = root->confidence;
    (void)text_set(member->code, NAME_SIZE, "%s", root->code);
    finding_fix_line(root, member->fix, LINE_SIZE);
}

void fleet_add_unread(struct fleet *fleet, const char *file, const char *why)
{
    struct member *member = add(fleet, file);

    member->exit_status = verdict_row(VERDICT_UNKNOWN)->exit_status;
    (void)text_set(member->title, TITLE_SIZE, "%s", why);
}

void fleet_clear(struct fleet *fleet)
{
    for (int32_t i = 0; i < fleet->n_members; i++) {
        free(fleet->members[i].file);
        free(fleet->members[i].commands);
        free(fleet->members[i].way);
    }
    free(fleet->members);
    free(fleet->groups);
    *fleet = (struct fleet){.n_members = 0};
}

/* --- runs of members that have the same --- */

static int by_text(const void *a, const void *b, void *offset)
{
    const struct member *const *one = a, *const *other = b;
    const size_t at = *(const size_t *)offset;
    return strcmp((const char *)*one + at, (const char *)*other + at);
}

static size_t run_length(struct member *const *sorted, size_t n, size_t offset)
{
    size_t length = 1;

    while (length < n &&
           strcmp((const char *)sorted[0] + offset, (const char *)sorted[length] + offset) == 0)
        length++;
    return length;
}

/* Calls `each` with the members that have the same text at `offset`, where it is not empty. */
static void each_run(struct fleet *fleet, size_t offset,
                     void (*each)(struct member **run, size_t n, void *arg), void *arg)
{
    const size_t n = (size_t)fleet->n_members;
    struct member **sorted = calloc(n, sizeof(struct member *));

    for (size_t i = 0; i < n; i++)
        sorted[i] = &fleet->members[i];
    qsort_r(sorted, n, sizeof(struct member *), by_text, &offset);
    for (size_t i = 0; i < n;) {
        size_t length = run_length(sorted + i, n - i, offset);
        if (((const char *)sorted[i])[offset])
            each(sorted + i, length, arg);
        i += length;
    }
    free(sorted);
}

/* The newest record of an instance counts; of those at one time the last that was given. */
static void drop_older(struct member **run, size_t n, void *arg)
{
    struct member *newest = run[0];

    (void)arg;
    for (size_t i = 1; i < n; i++)
        if (run[i]->started_unix_ms > newest->started_unix_ms ||
            (run[i]->started_unix_ms == newest->started_unix_ms && run[i] > newest))
            newest = run[i];
    for (size_t i = 0; i < n; i++)
        if (run[i] != newest)
            run[i]->group = -1;
}

struct counting {
    enum common common;
    int32_t *n_alike; /* by group, all 0 between two runs */
};

static void count_peers(struct member **run, size_t n, void *arg)
{
    const struct counting *counting = arg;
    int32_t n_all = 0, n_ready = 0;

    for (size_t i = 0; i < n; i++) {
        if (run[i]->group < 0)
            continue;
        n_all++;
        n_ready += run[i]->verdict == VERDICT_READY || run[i]->verdict == VERDICT_DEGRADED;
        counting->n_alike[run[i]->group]++;
    }
    for (size_t i = 0; i < n; i++)
        if (run[i]->group >= 0)
            run[i]->peers[counting->common] = (struct peers){n_all, n_ready,
                                                             counting->n_alike[run[i]->group]};
    for (size_t i = 0; i < n; i++)
        if (run[i]->group >= 0)
            counting->n_alike[run[i]->group] = 0;
}

/* --- groups --- */

/* The worst first; what could not be read last. */
static int rank(const struct member *member)
{
    static const int ranks[N_VERDICTS] = {
        [VERDICT_NOT_READY] = 0,
        [VERDICT_UNKNOWN] = 1,
        [VERDICT_DEGRADED] = 2,
        [VERDICT_READY] = 3,
    };
    return member->read ? ranks[member->verdict] : 4;
}

static bool is_alike(const struct member *a, const struct member *b)
{
    return rank(a) == rank(b) && a->target == b->target && strcmp(a->code, b->code) == 0 &&
           (a->read || strcmp(a->title, b->title) == 0);
}

/* The newest first, for the same cause comes in rows. With commands there are few: one of each kind. */
bool fleet_has_new_cause(const struct fleet *fleet)
{
    const struct member *last = &fleet->members[fleet->n_members - 1];

    if (!last->code[0])
        return false;
    for (const struct member *other = fleet->members; other < last; other++)
        if (other->way && is_alike(other, last))
            return false;
    return true;
}

const struct member *fleet_example(const struct fleet *fleet, const struct group *group)
{
    for (int32_t i = 0; i < fleet->n_members; i++)
        if (fleet->members[i].way && is_alike(&fleet->members[i], &fleet->members[group->first]))
            return &fleet->members[i];
    return NULL;
}

static void group_members(struct fleet *fleet)
{
    for (int32_t i = 0; i < fleet->n_members; i++) {
        struct member *member = &fleet->members[i];
        int32_t at = 0;

        if (member->group < 0)
            continue;
        while (at < fleet->n_groups && !is_alike(&fleet->members[fleet->groups[at].first], member))
            at++;
        if (at == fleet->n_groups) {
            fleet->groups = reallocarray(fleet->groups, (size_t)at + 1, sizeof(*fleet->groups));
            fleet->groups[fleet->n_groups++] = (struct group){.first = i};
        }
        fleet->groups[at].n++;
        member->group = at;
    }
}

static int by_weight(const void *a, const void *b, void *members)
{
    const struct group *one = a, *other = b;
    const struct member *all = members;
    const int ranks = rank(&all[one->first]) - rank(&all[other->first]);

    if (ranks != 0)
        return ranks;
    return one->n != other->n ? other->n - one->n : one->first - other->first;
}

static void sort_groups(struct fleet *fleet)
{
    int32_t *now = calloc((size_t)fleet->n_groups + 1, sizeof(int32_t));

    qsort_r(fleet->groups, (size_t)fleet->n_groups, sizeof(*fleet->groups), by_weight,
            fleet->members);
    for (int32_t i = 0; i < fleet->n_groups; i++)
        now[fleet->members[fleet->groups[i].first].group] = i;
    for (int32_t i = 0; i < fleet->n_members; i++)
        if (fleet->members[i].group >= 0)
            fleet->members[i].group = now[fleet->members[i].group];
    free(now);
}

void fleet_judge(struct fleet *fleet)
{
    if (fleet->n_members == 0)
        return;
    each_run(fleet, offsetof(struct member, id), drop_older, NULL);
    group_members(fleet);
    sort_groups(fleet);
    int32_t *n_alike = calloc((size_t)fleet->n_groups, sizeof(int32_t));
    for (enum common i = 0; i < N_COMMON; i++) {
        struct counting counting = {i, n_alike};
        each_run(fleet, offsetof(struct member, has) + i * NAME_SIZE, count_peers, &counting);
    }
    free(n_alike);
}

/* --- what they show together --- */

/* In what a cause lies, by the beginning of its code; of several the first counts. */
static const struct {
    const char *begins;
    enum common lies_in;
} places[] = {
    {"role- policy- denied credentials-", COMMON_ROLE},
    {"egress- endpoint-blocks-", COMMON_GROUP},
    {"network-acl no-route public-path address-family- path-mtu gateway-silent refused-on- "
     "no-address-of- tls-",
     COMMON_SUBNET},
    {"dns-hosts- dns-local dns-wrong-name local-firewall imds- agent- ca-bundle-", COMMON_IMAGE},
    {"endpoint- private-dns- vpc-dns- dns-", COMMON_VPC},
};

enum confidence fleet_confidence(const struct member *member, char evidence[LINE_SIZE])
{
    evidence[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        const enum common lies_in = places[i].lies_in;
        const struct peers *peers = &member->peers[lies_in];
        const char *name = common_name(lies_in);

        if (!text_starts_any(member->code, places[i].begins))
            continue;
        if (peers->n_ready > 0 && member->verdict != VERDICT_DEGRADED) {
            (void)text_set(evidence, LINE_SIZE, "%d with the same %s (%s) %s up: first look at %s",
                           (int)peers->n_ready, name, member->has[lies_in],
                           peers->n_ready == 1 ? "comes" : "come",
                           peers->n_alike == 1 ? "this instance" : "what differs on these");
            return member->confidence == CONFIDENCE_CERTAIN ? CONFIDENCE_CERTAIN
                                                            : CONFIDENCE_POSSIBLE;
        }
        if (peers->n_alike > 1 && peers->n_alike == peers->n) {
            (void)text_set(evidence, LINE_SIZE, "all %d with the same %s (%s) fail alike",
                           (int)peers->n, name, member->has[lies_in]);
            return member->confidence == CONFIDENCE_POSSIBLE ? CONFIDENCE_LIKELY
                                                             : member->confidence;
        }
        break;
    }
    return member->confidence;
}

const char *fleet_only(const struct fleet *fleet, const struct group *group, enum common common)
{
    const struct member *first = &fleet->members[group->first];
    const struct peers *peers = &first->peers[common];

    return group->n > 1 && fleet->n_groups > 1 && peers->n == group->n && peers->n_alike == group->n
               ? first->has[common]
               : NULL;
}

int fleet_exit_status(const struct fleet *fleet)
{
    int worst = 0;

    for (int32_t i = 0; i < fleet->n_members; i++) {
        const struct member *member = &fleet->members[i];
        if (member->group >= 0 && (worst == 0 || member->exit_status == 1))
            worst = member->exit_status;
    }
    return worst;
}
