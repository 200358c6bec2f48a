/* SPDX-License-Identifier: Apache-2.0
 *
 * What is fuzzed: one row a reader of bytes that somebody else wrote. A target returns, or stops
 * the program where something does not hold that always must. The same table runs under libFuzzer
 * (engine.c) and, with the inputs that once broke it, as a unit test.
 */
#ifndef TESTS_FUZZ_TARGETS_H
#define TESTS_FUZZ_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/facts.h"
#include "model/fields.h"

typedef void fuzz_run(const uint8_t *bytes, size_t n);

struct fuzz_target {
    const char *name;
    fuzz_run *run;
};

/* Ends with a row without a name. */
extern const struct fuzz_target fuzz_targets[];
const struct fuzz_target *fuzz_find(const char *name);

/* Stops the program unless it holds; NDEBUG or not. */
void fuzz_require(bool holds, const char *what);

/* It ends within its field and is printable ASCII. */
void fuzz_require_text(const char *text, size_t size);

/* Makes facts empty, all but what the services' endpoints say: those are 0.7 MB, and few readers come there. */
void fuzz_clear(struct facts *facts);

/* Every string of the facts ends within its field and is printable ASCII, every count fits. */
void fuzz_require_clean(const struct fields *fields, const void *base);

/* A zero-terminated copy without the zero bytes in it; the caller frees it. */
char *fuzz_text(const uint8_t *bytes, size_t n);

/* The folder below which targets put files, what another target put there removed: true. */
bool fuzz_root_of(const char *target);
const char *fuzz_root(void);

/* Sockets that stay open, since the kernel takes longer to make one than a reader to read: of netlink and systemd (-1: none yet); and
 * whether this is one of a resolver or a service. */
extern int fuzz_socket;
bool fuzz_keeps(int fd);

/* False: certainly nothing is at this path. Readers look for hundreds of files, and the kernel is slow to say no. */
bool fuzz_may_be_there(const char *path);

/* From now on every folder below the root holds these names (lines; in place), and what has one of them is the
 * file `every`, and a link to the next name. NULL: no more. */
void fuzz_name(char *lines, const char *every);

fuzz_run fuzz_recorded, fuzz_told, fuzz_facts_json, fuzz_packed, fuzz_service_answer,
    fuzz_dns_answer, fuzz_times, fuzz_escape, fuzz_anonymize, fuzz_config, fuzz_agent_config,
    fuzz_unit, fuzz_machine_files, fuzz_agent_files, fuzz_dhmc, fuzz_imds_instance, fuzz_imds_role,
    fuzz_http_head, fuzz_connect_status, fuzz_routes, fuzz_certificate, fuzz_bundle,
    fuzz_connections, fuzz_hints, fuzz_agent_state, fuzz_image, fuzz_audit, fuzz_bus, fuzz_names,
    fuzz_root_links, fuzz_fleet, fuzz_changes, fuzz_icmp, fuzz_dns_wire, fuzz_arguments,
    fuzz_endpoint, fuzz_hide, fuzz_explain;

#endif
