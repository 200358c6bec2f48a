/* SPDX-License-Identifier: Apache-2.0
 *
 * One function a check. It reads files, and says what it found: a finding by its code, what was seen, or
 * that no file tells. A check without a finding passes.
 */
#ifndef IMAGE_JUDGE_H
#define IMAGE_JUDGE_H

#include "image/image.h"
#include "model/facts.h"

enum { MAX_TARGETS = 48 };

struct image {
    const char *root;
    const struct image_request *request;
    struct image_report *report;
    int number;                /* of the check under way */
    struct agent_facts *agent; /* package, version, unit, environment: discover/agent.h */
    char program[PATH_SIZE];   /* the agent's; empty: none, or inside the snap */
    char snap[PATH_SIZE];      /* the snap's file, of snapd's own folders */
    int machine;               /* e_machine of /sbin/init, 0: not known */
    int systemd;               /* its version, 0: not known */
    int n_targets;             /* that are reached at boot */
    char targets[MAX_TARGETS][NAME_SIZE];
};

/* A finding of the check under way. The same code again adds evidence. `path` is the file, of the image,
 * that the fix is about, or "". */
void find(struct image *image, const char *code, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, as a warning: the instance registers all the same. */
void find_warning(struct image *image, const char *code, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What was seen, in a word; and that it cannot be judged, with the reason. */
void say(struct image *image, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cannot_judge(struct image *image, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True, and the check is skipped, where there is no agent to ask about. */
bool skip_without_agent(struct image *image);

/* fix.c: the commands of the finding's page, for this image. */
void fix_fill(const struct image *image, struct image_finding *finding);

/* agent.c */
void judge_installed(struct image *image);
void judge_whole(struct image *image);
void judge_one_agent(struct image *image);
void judge_version(struct image *image);
void judge_registration(struct image *image);
void judge_agent_state(struct image *image);
void judge_config(struct image *image);
void judge_log_config(struct image *image);
void judge_age(struct image *image);

/* boot.c */
void judge_starts(struct image *image);
void judge_drop_ins(struct image *image);
void judge_snapd(struct image *image);
void judge_preflight(struct image *image);

/* system.c */
void judge_cloud_init(struct image *image);
void judge_identity(struct image *image);
void judge_mounts(struct image *image);
void judge_console(struct image *image);
void judge_drivers(struct image *image);

/* network.c */
void judge_proxy(struct image *image);
void judge_network(struct image *image);
void judge_resolver(struct image *image);
void judge_hosts(struct image *image);
void judge_firewall(struct image *image);
void judge_routes(struct image *image);

/* trust.c */
void judge_ca_bundle(struct image *image);
void judge_time(struct image *image);
void judge_credentials(struct image *image);
void judge_access_control(struct image *image);
void judge_sessions(struct image *image);
void judge_pins(struct image *image);

#endif
