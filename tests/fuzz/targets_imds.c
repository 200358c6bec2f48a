/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents of IMDS, through what reads them: linked with --wrap=imds_get, so that each question
 * is answered at once with the next part of the input. Parts end with the byte 0x1e; the first
 * byte of a part is the status: 2 (200), 1 (401), 3 (301), 4 (404), 5 (503), 6 (403), 0 (no answer).
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "discover/instance.h"
#include "targets.h"

enum { END_OF_PART = 0x1e };

static struct facts facts;
static const uint8_t *rest;
static size_t n_rest;
static int n_known;

/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier): the linker wants this name */
void __wrap_imds_get(struct imds *imds, const char *path, imds_done *done, void *arg);

/* Weak: a unit test that answers by itself has its own. */
__attribute__((weak)) void __wrap_imds_get(struct imds *imds, const char *path, imds_done *done,
                                           void *arg)
{
    const uint8_t *end = n_rest ? memchr(rest, END_OF_PART, n_rest) : NULL;
    size_t n = end ? (size_t)(end - rest) : n_rest;
    uint8_t kind = n > 0 ? rest[0] : '4';
    char *body = fuzz_text(n > 0 ? rest + 1 : rest, n > 0 ? n - 1 : 0);
    static const int32_t statuses[] = {0, 401, 200, 301, 404, 503, 403};
    struct imds_answer answer = {.status = kind >= '0' && kind <= '6' ? statuses[kind - '0'] : 200,
                                 .took_ms = 1,
                                 .body = body,
                                 .body_bytes = strlen(body)};

    (void)imds;
    fuzz_require(strlen(path) < 4096, "a path is bounded");
    for (const char *at = path; *at; at++)
        fuzz_require(*at > ' ' && *at <= '~', "a path is printable");
    if (kind == '0')
        answer.failure = FAILURE_TIMEOUT;
    n_rest -= end ? n + 1 : n;
    rest += end ? n + 1 : n;
    done(arg, &answer);
    free(body);
}

static void known(void *arg)
{
    (void)arg;
    n_known++;
}

static void start(const uint8_t *bytes, size_t n)
{
    fuzz_clear(&facts);
    rest = bytes;
    n_rest = n;
    n_known = 0;
}

/* Of a machine whose subnet is known, and whose second interface is another's, or that knows nothing yet; what failed makes it
 * ask for the rest. */
void fuzz_imds_instance(const uint8_t *bytes, size_t n)
{
    const struct instance_events events = {.identified = known, .placed = known};

    start(bytes, n);
    facts.endpoints[0].n_addresses = facts.endpoints[0].n_answers = 1;
    facts.endpoints[0].addresses[0].steps[RUNG_CONNECT].outcome = OUTCOME_FAILED;
    facts.endpoints[0].answers[0].family = FAMILY_IPV6;
    facts.endpoints[0].answers[0].n_addresses = 1;
    if (n % 2) {
        facts.network.n_interfaces = 2;
        facts.instance.n_subnet_cidrs = 1;
    }
    struct instance_reader *reader = instance_read(NULL, n % 2 ? "02:ab:cd:ef:01:23" : "", &facts,
                                                   &events);
    fuzz_require(n_known == 2, "each event comes once");
    (void)instance_read_rest(reader);
    instance_reader_free(reader);
    fuzz_require_clean(&facts_fields, &facts);
}

void fuzz_imds_role(const uint8_t *bytes, size_t n)
{
    static struct credentials credentials;

    start(bytes, n);
    credentials_clear(&credentials);
    struct role_reader *reader = role_read(NULL, "/nonexistent", &facts, &credentials, false, known,
                                           NULL);
    role_read_rest(reader);
    role_reader_free(reader);
    fuzz_require(n_known == 1, "the role is known once");
    fuzz_require(!credentials_usable(&credentials) || facts.role.from != CREDENTIALS_NONE,
                 "credentials come from somewhere");
    fuzz_require_clean(&facts_fields, &facts);
    credentials_clear(&credentials);
}
