/* SPDX-License-Identifier: Apache-2.0
 *
 * Many instances: what each of them came to, small enough for thousands, and what they show together. What
 * every instance of a group has and no other has, is where to look; what a ready neighbour has too, is not.
 */
#ifndef MODEL_FLEET_H
#define MODEL_FLEET_H

#include <stddef.h>

#include "model/report.h"

/* What instances may have in common. */
enum common {
    COMMON_SUBNET,
    COMMON_ZONE,
    COMMON_ROLE,
    COMMON_IMAGE,
    COMMON_VPC,
    COMMON_GROUP, /* the first security group */
    N_COMMON
};
const char *common_name(enum common common); /* "subnet" */

/* Of the members that have the same as this one, itself included. */
struct peers {
    int32_t n, n_ready, n_alike; /* alike: in the same group */
};

struct member {
    char *file; /* where it was read; owned */
    bool read;  /* false: no block, or none that is whole; `title` says why */
    enum verdict verdict;
    int exit_status;
    int64_t started_unix_ms;
    char id[NAME_SIZE];
    char has[N_COMMON][NAME_SIZE];
    int32_t n_causes;
    char code[NAME_SIZE]; /* of the root cause; empty: there is none */
    enum target target;
    enum confidence confidence; /* of this instance alone; fleet_confidence() is the fleet's */
    char title[TITLE_SIZE];
    char fix[LINE_SIZE];
    char *commands,
        *way; /* to paste; the way drawn, with the evidence: of the first of each kind, else NULL; owned */
    int32_t group; /* -1: a newer record of the same instance counts */
    struct peers peers[N_COMMON];
};

/* Members of one verdict and root cause; or those that could not be read. */
struct group {
    int32_t first, n; /* the first member, and how many */
};

struct fleet {
    struct member *members;
    int32_t n_members, n_allocated;
    struct group *groups; /* the worst verdict first, then the largest */
    int32_t n_groups;
};

/* The report of a file. fleet_add_unread: what is wrong with a file. */
void fleet_add(struct fleet *fleet, const char *file, const struct report *report);
void fleet_add_unread(struct fleet *fleet, const char *file, const char *why);

/* Whether the last one that was added is the first with its root cause: then its commands and its way are worth
 * keeping. */
bool fleet_has_new_cause(const struct fleet *fleet);

/* The member whose commands and way stand for a group; NULL: it has no root cause. */
const struct member *fleet_example(const struct fleet *fleet, const struct group *group);

/* Once all are there. */
void fleet_judge(struct fleet *fleet);
void fleet_clear(struct fleet *fleet);

/* What the other instances say of a member's root cause: a sentence, or nothing; and how sure it is then. A
 * cause that lies in what a ready instance has too (its subnet, its role) is at most possible. */
enum confidence fleet_confidence(const struct member *member, char evidence[LINE_SIZE]);

/* What all of a group have and nobody else; NULL: nothing, or it differs. */
const char *fleet_only(const struct fleet *fleet, const struct group *group, enum common common);

/* Not ready (1) before undecided (3) before ready (0). */
int fleet_exit_status(const struct fleet *fleet);

#endif
