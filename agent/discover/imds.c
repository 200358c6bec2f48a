/* SPDX-License-Identifier: Apache-2.0
 *
 * IMDS closes every connection, so each request takes one of its own. We connect() ahead, while an answer
 * that is needed first is still under way, and hand libcurl the socket: so a request costs one round trip. Of the
 * first socket the errno tells when something on this machine keeps IMDS away.
 */
#include "discover/imds.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "net/address.h"
#include "net/dial.h"
#include "net/http.h"
#include "net/route.h"

enum { TOKEN_SIZE = 1024, PATH_MAX_BYTES = 320, MAX_QUEUED = 48 };

struct request {
    struct imds *imds; /* NULL: the slot is free */
    char path[PATH_MAX_BYTES];
    imds_done *done;
    void *arg;
    bool started;
    int n_tries;
    int32_t best_ms;    /* of the tries that were answered; 0: none */
    int32_t connect_ms; /* of its connection */
};

/* A connection ahead of its request, or the request ahead of its connection. */
struct socket {
    struct imds *imds; /* NULL: the slot is free */
    int fd;            /* -1: connect() is under way */
    int32_t connect_ms;
    struct request *request; /* that waits for it */
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
    struct socket sockets[IMDS_MAX_PARALLEL];
    int n_running; /* requests that were sent */
    int n_first;
    int n_dials;    /* connecting: how often it was tried */
    int n_dialling; /* under way */
    bool again;     /* imds.h: no second opinion */
    bool dialled;   /* connecting: one try has ended */
    bool connected;
    struct timer *doubt;
    int n_puts;   /* token requests under way */
    bool getting; /* the second opinion is under way */
    bool told;    /* that it is open, or will not be */
    char local_address[ADDRESS_SIZE];
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

const char *imds_local_address(const struct imds *imds)
{
    return imds->local_address;
}

enum failure imds_status_failure(int32_t status)
{
    return status == 503 ? FAILURE_THROTTLED : failure_of_status(status);
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
        .alone = true, /* what comes late, a token, must not be the answer to the next request */
        .path = path,
        .headers = headers,
        .timeout_ms = IMDS_ANSWER_TIMEOUT_MS,
        .max_body_bytes = IMDS_MAX_BODY_BYTES,
    };
}

/* --- the token --- */

/* The form of a session token is not documented. It must be a word that can stand in a header; the page
 * of a captive portal is none. */
static bool token_plausible(const char *body, size_t n)
{
    return n >= 8 && n < TOKEN_SIZE && strlen(body) == n && text_only(body, "-_=+/.");
}

/* Without it the agent takes no token: aws-sdk-go, aws/ec2metadata/service.go, unmarshalTokenHandler. */
static bool has_lifetime(const struct http_reply *reply)
{
    uint64_t seconds;

    return text_number(reply->token_ttl, INT64_MAX, &seconds);
}

/* A word as long as no page's, where EC2's token has 56 characters. */
enum { SECRET_CHARACTERS = 32 };

static bool holds_a_secret(const char *body, size_t n)
{
    size_t n_word = 0;

    for (size_t i = 0; i < n && n_word < SECRET_CHARACTERS; i++) {
        const char character[] = {body[i], '\0'};
        n_word = text_only(character, "-_=+/") ? n_word + 1 : 0;
    }
    return n_word >= SECRET_CHARACTERS;
}

/* Not of what may be a token, be it of an answer that is none. */
static void keep_start(struct imds *imds, const struct http_reply *reply)
{
    if (token_plausible(reply->body, reply->body_bytes) ||
        holds_a_secret(reply->body, reply->body_bytes))
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

static void note_slow(struct imds_facts *facts, int32_t took_ms, const char *path)
{
    if (took_ms < IMDS_SLOW_MS || took_ms <= facts->slowest_ms)
        return;
    facts->slowest_ms = took_ms;
    (void)text_quote(facts->slowest, sizeof(facts->slowest), "%s", path);
}

static void tell_opened(struct imds *imds)
{
    loop_cancel(imds->doubt);
    imds->doubt = NULL;
    imds->told = true;
    imds->opened(imds->arg);
}

static void second_opinion_arrived(void *arg, const struct http_reply *reply)
{
    struct imds *imds = arg;

    imds->getting = false;
    if (imds->told)
        return;
    imds->facts->get_answers = reply->head.status > 0 &&
                                       reply->head.status != imds->facts->token_status
                                   ? ANSWER_YES
                                   : ANSWER_NO;
    if (imds->n_puts == 0)
        tell_opened(imds);
}

/* Beside a PUT that says nothing, or no. */
static bool get_too(struct imds *imds)
{
    struct http_request request = http_to(imds, "GET", "/latest/meta-data/", NULL, -1);

    loop_cancel(imds->doubt);
    imds->doubt = NULL;
    request.timeout_ms = IMDS_CONNECT_TIMEOUT_MS;
    imds->facts->n_requests++;
    imds->getting = http_start(imds->loop, &request, second_opinion_arrived, imds);
    return imds->getting;
}

static void token_arrived(void *arg, const struct http_reply *reply)
{
    struct imds *imds = arg;
    struct imds_facts *facts = imds->facts;
    int32_t took_ms = reply->step.took_ms;

    imds->n_puts--;
    if (imds->told)
        return;
    facts->token_status = reply->head.status;
    (void)text_set(facts->server, sizeof(facts->server), "%s", reply->head.server);
    if (reply->step.outcome != OUTCOME_OK) {
        if (facts->token.outcome == OUTCOME_UNTRIED || reply->step.failure != FAILURE_TIMEOUT)
            facts->token = reply->step;
        if (reply->step.failure == FAILURE_TIMEOUT && (imds->n_puts > 0 || imds->getting))
            return;
    } else if (reply->head.status != 200) {
        step_fail(&facts->token, imds_status_failure(reply->head.status), took_ms);
        keep_start(imds, reply);
        if (facts->token.failure == FAILURE_FORBIDDEN && (imds->getting || get_too(imds)))
            return;
    } else if (!token_plausible(reply->body, reply->body_bytes)) {
        step_fail(&facts->token, FAILURE_MALFORMED, took_ms);
        keep_start(imds, reply);
    } else if (!has_lifetime(reply)) {
        step_fail(&facts->token, FAILURE_MALFORMED, took_ms);
        (void)text_set(facts->token.detail, sizeof(facts->token.detail),
                       "a token without the header X-aws-ec2-metadata-token-ttl-seconds");
    } else {
        clock_add(imds->clock, "imds", imds->endpoint.address, &reply->head, reply->took_us);
        (void)text_set(imds->token_header, sizeof(imds->token_header),
                       "X-aws-ec2-metadata-token: %s", reply->body);
        step_ok(&facts->token, took_ms);
        note_time(facts, facts->connect.took_ms + took_ms);
        note_slow(facts, took_ms,
                  "api/token");              /* a second one was sent beside it: doubt_silence() */
        facts->get_answers = ANSWER_UNKNOWN; /* nobody asks any more */
    }
    tell_opened(imds);
}

static bool put_token(struct imds *imds, int fd, int32_t timeout_ms)
{
    static const char *const headers[] = {"X-aws-ec2-metadata-token-ttl-seconds: 300", NULL};
    struct http_request request = http_to(imds, "PUT", "/latest/api/token", headers, fd);

    request.timeout_ms = timeout_ms;
    imds->facts->n_requests++;
    if (!http_start(imds->loop, &request, token_arrived, imds))
        return false;
    imds->n_puts++;
    return true;
}

/* The response hop limit applies to the answer of PUT only. So when a GET is answered (with 401) and a
 * PUT is not, the hop limit is the likely reason. PUT gets its second try beside it: packets are lost. */
static void doubt_silence(void *arg)
{
    struct imds *imds = arg;

    imds->doubt = NULL;
    (void)get_too(imds);
    (void)put_token(imds, -1, IMDS_ANSWER_TIMEOUT_MS - IMDS_DOUBT_MS);
}

static void dial_imds(struct imds *imds);

static void connected(void *arg, const struct dialled *dialled)
{
    struct imds *imds = arg;
    bool ok = dialled->step.outcome == OUTCOME_OK;

    imds->n_dialling--;
    if (imds->told || imds->connected) { /* the other one was there first */
        if (ok)
            (void)close(dialled->fd);
        return;
    }
    if (!imds->dialled || dialled->step.failure != FAILURE_TIMEOUT)
        imds->facts->connect = dialled->step; /* of silence the first, which was longer */
    imds->dialled = true;
    imds->connected = ok;
    (void)text_set(imds->local_address, ADDRESS_SIZE, "%s", dialled->local_address);
    if (dialled->step.failure == FAILURE_TIMEOUT && imds->n_dialling > 0)
        return;
    loop_cancel(imds->doubt);
    imds->doubt = NULL;
    if (imds->facts->connect.failure == FAILURE_TIMEOUT &&
        route_ends_at_next_hop(imds->endpoint.address, imds->endpoint.port))
        step_fail(&imds->facts->connect, FAILURE_HOST_UNREACHABLE, imds->facts->connect.took_ms);
    if (!ok) {
        step_skip(&imds->facts->token, FAILURE_BELOW);
        tell_opened(imds);
    } else if (put_token(imds, dialled->fd, IMDS_ANSWER_TIMEOUT_MS)) {
        if (!imds->again)
            imds->doubt = loop_after_quietly(imds->loop, (int64_t)IMDS_DOUBT_MS * 1000,
                                             doubt_silence, imds);
        imds_connect_ahead(imds, imds->n_first);
    } else {
        step_fail(&imds->facts->token, FAILURE_INTERNAL, 0);
        tell_opened(imds);
    }
}

static struct dial dial_to(const struct imds *imds)
{
    return (struct dial){.address = imds->endpoint.address,
                         .port = imds->endpoint.port,
                         .timeout_ms = IMDS_CONNECT_TIMEOUT_MS};
}

static void dial_again(void *arg)
{
    struct imds *imds = arg;

    imds->doubt = NULL;
    dial_imds(imds);
}

/* Twice side by side, since packets get lost: four SYNs. */
static void dial_imds(struct imds *imds)
{
    struct dial dial = dial_to(imds);

    if (imds->n_dials++ == 0) {
        dial.timeout_ms += IMDS_AGAIN_MS;
        imds->doubt = loop_after_quietly(imds->loop, (int64_t)IMDS_AGAIN_MS * 1000, dial_again,
                                         imds);
    }
    imds->n_dialling++;
    dial_start(imds->loop, &dial, connected, imds);
}

struct imds *imds_open(struct loop *loop, const struct imds_open *open)
{
    struct imds *imds = calloc(1, sizeof(*imds));

    *imds = (struct imds){.loop = loop,
                          .endpoint = open->endpoint,
                          .facts = open->facts,
                          .clock = open->clock,
                          .n_first = open->n_first,
                          .again = open->again,
                          .opened = open->opened,
                          .arg = open->arg};
    (void)text_set(imds->facts->address, ADDRESS_SIZE, "%s", imds->endpoint.address);
    imds->facts->fastest_ms = imds->facts->slowest_ms = 0; /* of the round before */
    imds->facts->slowest[0] = '\0';
    dial_imds(imds);
    return imds;
}

void imds_free(struct imds *imds)
{
    if (!imds)
        return;
    for (int i = 0; i < IMDS_MAX_PARALLEL; i++)
        if (imds->sockets[i].imds && imds->sockets[i].fd >= 0)
            (void)close(imds->sockets[i].fd);
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

/* Without it the agent has no identity, or no credentials. */
static bool is_needed(const char *path)
{
    return text_ends(path, "/instance-identity/document") || text_ends(path, IMDS_ID_PATH) ||
           strstr(path, "/iam/security-credentials/");
}

/* What is silent is asked a second time, and what is slow a third, since packets get lost; where everything is
 * slow that is known already. */
static bool is_worth_a_try(const struct request *request, const struct imds_answer *answer)
{
    if (answer->failure == FAILURE_TIMEOUT)
        return request->n_tries < 2;
    return answer->failure == FAILURE_NONE && is_needed(request->path) &&
           request->best_ms >= IMDS_SLOW_MS && request->n_tries < AGENT_IMDS_TRIES &&
           request->imds->facts->fastest_ms < IMDS_SLOW_MS;
}

static void answered(void *arg, const struct http_reply *reply)
{
    struct request *request = arg;
    bool whole = reply->step.outcome == OUTCOME_OK;
    struct imds_answer answer = {
        .failure = whole ? FAILURE_NONE : reply->step.failure,
        .status = whole ? reply->head.status : 0,
        .took_ms = request->connect_ms + reply->step.took_ms,
        .body = reply->body,
        .body_bytes = reply->body_bytes,
    };
    if (whole) {
        note_time(request->imds->facts, answer.took_ms);
        if (request->best_ms == 0 || answer.took_ms < request->best_ms)
            request->best_ms = answer.took_ms;
    }
    if (is_worth_a_try(request, &answer)) {
        request->imds->n_running--;
        start(request);
        return;
    }
    if (is_needed(request->path))
        note_slow(request->imds->facts, request->best_ms, request->path + strlen("/latest/"));
    finish(request, &answer);
}

static void send_by(struct request *request, int fd, int32_t connect_ms)
{
    struct imds *imds = request->imds;
    const char *const headers[] = {imds->token_header, NULL};
    struct http_request http = http_to(imds, "GET", request->path, headers, fd);

    request->connect_ms = connect_ms;
    imds->facts->n_requests++;
    if (!http_start(imds->loop, &http, answered, request))
        finish(request, &(struct imds_answer){.failure = FAILURE_INTERNAL, .body = ""});
}

static void socket_dialled(void *arg, const struct dialled *dialled)
{
    struct socket *socket = arg;
    struct request *request = socket->request;

    socket->fd = dialled->fd;
    socket->connect_ms = dialled->step.took_ms;
    if (request || socket->fd < 0)
        memset(socket, 0, sizeof(*socket));
    if (request) /* by libcurl's own connect() where ours failed: its answer says why */
        send_by(request, dialled->fd, dialled->fd < 0 ? 0 : dialled->step.took_ms);
}

void imds_connect_ahead(struct imds *imds, int n)
{
    const struct dial dial = dial_to(imds);

    for (int i = 0; i < IMDS_MAX_PARALLEL && n > 0; i++) {
        struct socket *socket = &imds->sockets[i];
        if (socket->imds)
            continue;
        *socket = (struct socket){.imds = imds, .fd = -1};
        dial_start(imds->loop, &dial, socket_dialled, socket);
        n--;
    }
}

/* The one that connected first, or else will. NULL: there is none. */
static struct socket *find_socket(struct imds *imds)
{
    struct socket *found = NULL;

    for (int i = 0; i < IMDS_MAX_PARALLEL; i++) {
        struct socket *socket = &imds->sockets[i];
        if (socket->imds && !socket->request && (!found || (found->fd < 0 && socket->fd >= 0)))
            found = socket;
    }
    return found;
}

static void start(struct request *request)
{
    struct imds *imds = request->imds;
    struct socket *socket = request->n_tries++ ? NULL : find_socket(imds);

    request->started = true;
    imds->n_running++;
    if (socket && socket->fd < 0) {
        socket->request = request;
        return;
    }
    int fd = socket ? socket->fd : -1;
    int32_t connect_ms = socket ? socket->connect_ms : 0;
    if (socket)
        memset(socket, 0, sizeof(*socket));
    send_by(request, fd, connect_ms);
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
