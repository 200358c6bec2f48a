/* SPDX-License-Identifier: Apache-2.0
 *
 * IMDS closes every connection, so each request dials its own. For the first one we connect() and hand
 * libcurl the socket: the errno tells when something on this machine keeps IMDS away.
 */
#include "discover/imds.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/address.h"
#include "net/dial.h"
#include "net/http.h"

enum { TOKEN_SIZE = 1024, PATH_MAX_BYTES = 320, MAX_QUEUED = 48 };

struct request {
    struct imds *imds; /* NULL: the slot is free */
    char path[PATH_MAX_BYTES];
    imds_done *done;
    void *arg;
    bool started;
    bool again; /* the second try */
};

struct imds {
    struct loop *loop;
    struct imds_endpoint endpoint;
    struct imds_facts *facts;
    struct clock_facts *clock;
    void (*opened)(void *arg);
    void *arg;
    char token_header[TOKEN_SIZE + 32];
    struct request requests[MAX_QUEUED];
    int n_running;
    bool redialled, asked_again; /* connecting, the token: the second try is under way */
};

bool imds_parse_endpoint(const char *url, struct imds_endpoint *endpoint)
{
    struct sockaddr_storage parsed;
    socklen_t length;
    char address[ADDRESS_SIZE];
    uint64_t port = 80;

    if (!text_starts(url, "http://"))
        return false;
    const char *host = url + strlen("http://");
    bool bracketed = *host == '[';
    size_t n = bracketed ? strcspn(++host, "]") : strcspn(host, ":/");
    const char *rest = host + n;

    if (bracketed && *rest++ != ']')
        return false;
    if (!text_set(address, sizeof(address), "%.*s", (int)n, host))
        return false;
    if (*rest == ':') {
        char digits[8];
        size_t n_digits = strspn(++rest, "0123456789");
        if (!text_set(digits, sizeof(digits), "%.*s", (int)n_digits, rest) ||
            !text_number(digits, UINT16_MAX, &port) || port == 0)
            return false;
        rest += n_digits;
    }
    if (strcmp(rest, "") != 0 && strcmp(rest, "/") != 0)
        return false;
    if (!address_parse(address, (uint16_t)port, &parsed, &length))
        return false;

    (void)text_set(endpoint->address, sizeof(endpoint->address), "%s", address);
    endpoint->port = (uint16_t)port;
    return true;
}

enum failure imds_status_failure(int32_t status)
{
    static const struct {
        int32_t status;
        enum failure failure;
    } rows[] = {
        {400, FAILURE_BAD_REQUEST}, {401, FAILURE_UNAUTHORIZED}, {403, FAILURE_FORBIDDEN},
        {404, FAILURE_NOT_FOUND},   {405, FAILURE_HTTP_STATUS},  {407, FAILURE_PROXY},
        {429, FAILURE_THROTTLED},   {503, FAILURE_THROTTLED},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].status == status)
            return rows[i].failure;
    if (status >= 300 && status < 400)
        return FAILURE_REDIRECTED;
    return status >= 500 ? FAILURE_SERVER_ERROR : FAILURE_HTTP_STATUS;
}

static struct http_request http_to(const struct imds *imds, const char *method, const char *path,
                                   const char *const *headers, int fd)
{
    return (struct http_request){
        .method = method,
        .host = imds->endpoint.address,
        .address = imds->endpoint.address,
        .port = imds->endpoint.port,
        .fd = fd,
        .path = path,
        .headers = headers,
        .timeout_ms = IMDS_ANSWER_TIMEOUT_MS,
        .max_body_bytes = IMDS_MAX_BODY_BYTES,
    };
}

/* --- the token --- */

static void sample_clock(struct imds *imds, const struct http_reply *reply)
{
    struct clock_facts *clock = imds->clock;

    if (!reply->head.has_date || clock->n_samples >= MAX_SAMPLES)
        return;
    struct clock_sample *sample = &clock->samples[clock->n_samples++];
    (void)text_set(sample->source, sizeof(sample->source), "imds");
    (void)text_set(sample->address, sizeof(sample->address), "%s", imds->endpoint.address);
    sample->offset_ms = reply->head.clock_offset_ms;
    sample->error_ms = 1000 + reply->took_us / 2000;
}

/* The form of a session token is not documented. It must be a word that can stand in a header; the page
 * of a captive portal is none. */
static bool token_plausible(const char *body, size_t n)
{
    return n >= 8 && n < TOKEN_SIZE && strlen(body) == n && text_only(body, "-_=+/.");
}

/* Not of what may be a token, be it of an answer that is none. */
static void keep_start(struct imds *imds, const struct http_reply *reply)
{
    if (token_plausible(reply->body, reply->body_bytes))
        return;
    text_excerpt(imds->facts->body_start, sizeof(imds->facts->body_start), reply->body,
                 reply->body_bytes);
}

/* Connecting counts: the agent's second is for the whole request. */
static void note_time(struct imds_facts *facts, int32_t took_ms)
{
    if (facts->fastest_ms == 0 || took_ms < facts->fastest_ms)
        facts->fastest_ms = took_ms;
}

static bool dial_imds(struct imds *imds);

/* Where GET is answered, PUT gets its second try: packets are lost. */
static void second_opinion_arrived(void *arg, const struct http_reply *reply)
{
    struct imds *imds = arg;
    imds->facts->get_answers = reply->head.status > 0 ? ANSWER_YES : ANSWER_NO;
    imds->asked_again = true;
    if (imds->facts->get_answers == ANSWER_NO || !dial_imds(imds))
        imds->opened(imds->arg);
}

/* The response hop limit applies to the answer of PUT only. So when a GET is answered (with 401) and a
 * PUT is not, the hop limit is the likely reason. */
static void ask_second_opinion(struct imds *imds)
{
    struct http_request request = http_to(imds, "GET", "/latest/meta-data/", NULL, -1);

    request.timeout_ms = IMDS_CONNECT_TIMEOUT_MS;
    imds->facts->n_requests++;
    if (!http_start(imds->loop, &request, second_opinion_arrived, imds))
        imds->opened(imds->arg);
}

static void token_arrived(void *arg, const struct http_reply *reply)
{
    struct imds *imds = arg;
    struct imds_facts *facts = imds->facts;
    int32_t took_ms = reply->step.took_ms;

    facts->token_status = reply->head.status;
    (void)text_set(facts->server, sizeof(facts->server), "%s", reply->head.server);
    if (reply->step.outcome != OUTCOME_OK) {
        facts->token = reply->step;
        if (facts->token.failure == FAILURE_TIMEOUT && !imds->asked_again) {
            ask_second_opinion(imds);
            return;
        }
    } else if (reply->head.status != 200) {
        step_fail(&facts->token, imds_status_failure(reply->head.status), took_ms);
        keep_start(imds, reply);
    } else if (!token_plausible(reply->body, reply->body_bytes)) {
        step_fail(&facts->token, FAILURE_MALFORMED, took_ms);
        keep_start(imds, reply);
    } else {
        sample_clock(imds, reply);
        (void)text_set(imds->token_header, sizeof(imds->token_header),
                       "X-aws-ec2-metadata-token: %s", reply->body);
        step_ok(&facts->token, took_ms);
        note_time(facts, facts->connect.took_ms + took_ms);
    }
    imds->opened(imds->arg);
}

static void connected(void *arg, const struct dialled *dialled)
{
    static const char *const headers[] = {"X-aws-ec2-metadata-token-ttl-seconds: 300", NULL};
    struct imds *imds = arg;

    imds->facts->connect = dialled->step;
    if (dialled->step.failure == FAILURE_TIMEOUT && !imds->redialled) {
        imds->redialled = true;
        if (dial_imds(imds))
            return;
    }
    if (dialled->step.outcome != OUTCOME_OK) {
        step_skip(&imds->facts->token, FAILURE_BELOW);
        imds->opened(imds->arg);
        return;
    }
    struct http_request request = http_to(imds, "PUT", "/latest/api/token", headers, dialled->fd);
    imds->facts->n_requests++;
    if (!http_start(imds->loop, &request, token_arrived, imds)) {
        step_fail(&imds->facts->token, FAILURE_INTERNAL, 0);
        imds->opened(imds->arg);
    }
}

static bool dial_imds(struct imds *imds)
{
    const struct dial dial = {.address = imds->endpoint.address,
                              .port = imds->endpoint.port,
                              .timeout_ms = IMDS_CONNECT_TIMEOUT_MS};
    return dial_start(imds->loop, &dial, connected, imds);
}

struct imds *imds_open(struct loop *loop, const struct imds_endpoint *endpoint,
                       struct imds_facts *facts, struct clock_facts *clock,
                       void (*opened)(void *arg), void *arg)
{
    struct imds *imds = calloc(1, sizeof(*imds));

    *imds = (struct imds){.loop = loop,
                          .endpoint = *endpoint,
                          .facts = facts,
                          .clock = clock,
                          .opened = opened,
                          .arg = arg};
    (void)text_set(facts->address, sizeof(facts->address), "%s", endpoint->address);

    if (!dial_imds(imds)) {
        imds_free(imds);
        return NULL;
    }
    return imds;
}

void imds_free(struct imds *imds)
{
    if (!imds)
        return;
    explicit_bzero(imds->token_header, sizeof(imds->token_header));
    free(imds);
}

/* --- any path --- */

static void start_queued(struct imds *imds);

static void finish(struct request *request, const struct imds_answer *answer)
{
    struct request ended = *request;

    memset(request, 0, sizeof(*request)); /* free before the callback, which may ask more */
    if (ended.started)
        ended.imds->n_running--;
    ended.done(ended.arg, answer);
    start_queued(ended.imds);
}

static void start(struct request *request);

static void answered(void *arg, const struct http_reply *reply)
{
    struct request *request = arg;
    bool whole = reply->step.outcome == OUTCOME_OK;
    struct imds_answer answer = {
        .failure = whole ? FAILURE_NONE : reply->step.failure,
        .status = whole ? reply->head.status : 0,
        .took_ms = reply->step.took_ms,
        .body = reply->body,
        .body_bytes = reply->body_bytes,
    };
    if (whole)
        note_time(request->imds->facts, answer.took_ms);
    if (answer.failure == FAILURE_TIMEOUT && !request->again) {
        request->again = true;
        request->imds->n_running--;
        start(request);
        return;
    }
    finish(request, &answer);
}

static void start(struct request *request)
{
    struct imds *imds = request->imds;
    const char *const headers[] = {imds->token_header, NULL};
    struct http_request http = http_to(imds, "GET", request->path, headers, -1);

    request->started = true;
    imds->n_running++;
    imds->facts->n_requests++;
    if (!http_start(imds->loop, &http, answered, request))
        finish(request, &(struct imds_answer){.failure = FAILURE_INTERNAL, .body = ""});
}

static void start_queued(struct imds *imds)
{
    for (int i = 0; i < MAX_QUEUED && imds->n_running < IMDS_MAX_PARALLEL; i++)
        if (imds->requests[i].imds && !imds->requests[i].started)
            start(&imds->requests[i]);
}

void imds_get(struct imds *imds, const char *path, imds_done *done, void *arg)
{
    struct request *request = imds->requests;
    while (request < imds->requests + MAX_QUEUED && request->imds)
        request++;

    bool fits = request < imds->requests + MAX_QUEUED &&
                text_set(request->path, sizeof(request->path), "/latest/%s", path);
    if (!fits) {
        done(arg, &(struct imds_answer){.failure = FAILURE_INTERNAL, .body = ""});
        return;
    }
    request->imds = imds;
    request->done = done;
    request->arg = arg;
    start_queued(imds);
}
