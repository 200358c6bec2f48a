/* SPDX-License-Identifier: Apache-2.0
 *
 * connect() to one address. It is tried several times at once, by turns from each half of the source ports, since a
 * network ACL may let answers in to one half only. All go on until each half has connected or time is
 * over.
 *
 * How many packets must be lost before an address that answers is called silent: SYNs go out at 0, 0.4, 0.8 s, and, by
 * the kernel (RFC 6298), at 1.0, 1.4 and 1.8 s, so six of six, each there or its answer back, within 2.2 s.
 * That is 5 in 100,000 at 10 % loss each way, and a service fails only when all its addresses do. A next
 * hop has then not answered three ARP requests, as many as the kernel waits for.
 *
 * A public address where a private one is wanted is not what the agent was meant to use. When it leads anywhere, it
 * is by a NAT gateway, which takes milliseconds: six SYNs as well, within 0.24 s. A way out that takes longer
 * than that is found by a later round of `wait`, which has all patience, and with --private-dns off.
 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "net/route.h"
#include "observe/climb.h"

struct dial connect_dial(const struct lane *lane)
{
    return (struct dial){.address = lane->facts->address,
                         .port = lane->climb->plan->port,
                         .timeout_ms = LONE_CONNECT_TIMEOUT_MS,
                         .owner = lane};
}

/* --- a refusal: was it this machine? --- */

static void find_out_who_refused(struct lane *lane, const struct dialled *result)
{
    static const enum answer here[] = {[REFUSER_UNKNOWN] = ANSWER_UNKNOWN,
                                       [REFUSER_ELSEWHERE] = ANSWER_NO,
                                       [REFUSER_HERE] = ANSWER_YES};
    struct address_facts *facts = lane->facts;

    if (strcmp(facts->address, result->local_address) == 0) {
        facts->refused_here = ANSWER_YES; /* it is this machine's own */
    } else if (result->offender[0]) {
        bool own = strcmp(result->offender, result->local_address) == 0;
        (void)text_set(facts->offender, sizeof(facts->offender), "%s", result->offender);
        facts->refused_here = own ? ANSWER_YES : result->expired ? ANSWER_UNKNOWN : ANSWER_NO;
    } else if (result->step.failure == FAILURE_REFUSED) {
        facts->refused_here = here[dial_refuser(facts->address, lane->climb->plan->port)];
    }
}

static const struct schedule {
    int n_dials;
    int32_t gap_ms, rest_ms; /* between them, and after the last */
} patiently = {3, 400, CONNECT_TIMEOUT_MS - 800 + DEADLINE_MARGIN_MS}, hastily = {6, 40, 40};

static const struct schedule *schedule_of(const struct lane *lane)
{
    const struct climb *climb = lane->climb;
    enum private_dns wanted = plan_private_dns(&climb->observe->facts->plan, climb->service);

    return lane->facts->place == PLACE_PUBLIC && wanted != PRIVATE_DNS_OFF &&
                   !climb->observe->patient
               ? &hastily
               : &patiently;
}

static bool is_silence(enum failure failure)
{
    return failure == FAILURE_TIMEOUT || failure == FAILURE_NOT_SENT;
}

static int32_t took_ms(const struct lane *lane)
{
    return (int32_t)(loop_now_ms(lane->climb->observe->loop) - lane->started_ms);
}

static void connected(struct lane *lane, const struct dialled *result)
{
    if (lane->connected) {
        (void)close(result->fd);
        return;
    }
    lane->connected = true;
    if (lane->n_turns > 0 && lane->facts->refused_here != ANSWER_YES &&
        (lane->silent.failure == FAILURE_REFUSED || lane->silent.failure == FAILURE_TIMEOUT))
        lane->facts->cut = lane->silent.failure;
    lane->facts->refused_here = ANSWER_UNKNOWN; /* what was refused before it was one too many */
    lane->facts->offender[0] = '\0';
    lane->facts->steps[RUNG_CONNECT] = result->step;
    lane->facts->port = result->local_port;
    ladder_connected(lane, result->fd);
}

static void gave_up(struct lane *lane)
{
    struct network_facts *network = &lane->climb->observe->facts->network;
    struct step *step = &lane->facts->steps[RUNG_CONNECT];
    uint16_t port = lane->climb->plan->port;

    *step = lane->silent;
    bool given_time = step->took_ms >= CONNECT_TIMEOUT_MS;
    lane->facts->next_hop_silent = (step->failure == FAILURE_HOST_UNREACHABLE ||
                                    (step->failure == FAILURE_TIMEOUT && given_time)) &&
                                   route_ends_at_next_hop(lane->facts->address, port);
    if (lane->facts->next_hop_silent)
        step_fail(step, FAILURE_HOST_UNREACHABLE, step->took_ms);
    routes_doubt(network->routes, &network->n_routes, MAX_ROUTES, lane->facts->address, port, step);
    step_skip(&lane->facts->steps[RUNG_TLS], FAILURE_BELOW);
    step_skip(&lane->facts->steps[RUNG_HTTP], FAILURE_BELOW);
    names_doubt(lane->climb);
}

/* --- who lets so many connections a second through refuses some of ours, which begin at once: a firewall of this machine
 * (xt_limit), or one on the way. The agent's, one after the other, pass. And of several devices on the way one may refuse. So one
 * that was refused is dialled again: after a pause, which others need to connect, in its turn. What this machine refuses then too
 * it refuses always.
 *
 * Who drops them instead is met where a connection passed late. Then one that stayed silent has a turn too, once the others have
 * ended, for two SYNs. --- */

enum {
    PAUSE_MS = 100,
    TURN_MS = 250,
    LAST_TURN_MS = 2000,
    SILENT_TURN_MS = 1500,
    SILENT_LIMIT_MS = 1400,
    LAST_SILENT_TURN_MS = 8000,
};

static bool may_have_turn(const struct lane *lane, enum failure failure)
{
    const bool here = lane->silent.failure == FAILURE_NOT_PERMITTED ||
                      lane->facts->refused_here == ANSWER_YES;

    if (is_silence(failure))
        return lane->climb->observe->unsteady && lane->n_dialling == 0 && lane->n_turns == 0 &&
               schedule_of(lane) == &patiently;
    return (here || failure == FAILURE_REFUSED) && lane->n_turns < (here ? 1 : MAX_TRIES);
}

/* How it goes with those of its kind: of the same place and family. */
struct others {
    bool connect, in_turn, had_turn;
};

static struct others look_at_others(const struct lane *lane)
{
    const struct observe *observe = lane->climb->observe;
    const struct address_facts *facts = lane->facts;
    struct others others = {0};

    for (size_t i = 0; i < N_SERVICES; i++)
        for (size_t j = 0; j < MAX_ADDRESSES; j++) {
            const struct lane *other = &observe->climbs[i].lanes[j];
            if (!other->facts || other == lane || other->facts->place != facts->place ||
                !strchr(other->facts->address, ':') != !strchr(facts->address, ':'))
                continue;
            others.connect |= other->connected;
            others.in_turn |= other->n_turns > 0 && other->dialling;
            others.had_turn |= other->n_turns > 0;
        }
    return others;
}

/* How long until it is this one's turn, or is asked again whether it has one; 0: it has none. Where none of its kind connects
 * one of them is dialled again for all. */
static int32_t wait_for_turn_ms(struct lane *lane)
{
    struct observe *observe = lane->climb->observe;
    const struct others others = look_at_others(lane);
    int64_t now_ms = loop_now_ms(observe->loop);
    const bool silent = is_silence(lane->silent.failure);
    int64_t last_ms = lane->started_ms + (silent ? LAST_SILENT_TURN_MS : LAST_TURN_MS);
    int64_t turn_ms = observe->turn_ms > now_ms ? observe->turn_ms : now_ms + TURN_MS;

    if (!others.connect && others.in_turn && lane->n_turns == 0)
        return PAUSE_MS;
    lane->turn = TURN_NONE;
    if ((!others.connect && others.had_turn && lane->n_turns == 0) || turn_ms > last_ms ||
        (silent && turn_ms > observe->deadline_ms - SILENT_TURN_MS))
        return 0;
    lane->turn = TURN_TAKEN;
    lane->n_turns++;
    observe->turn_ms = turn_ms + (silent ? SILENT_TURN_MS : TURN_MS);
    return (int32_t)(turn_ms - now_ms);
}

/* Nothing more is waited for: every connect() has ended, or its time is over. */
static void end_dialling(struct lane *lane)
{
    const struct half *other = &lane->halves[lane->half == &lane->halves[0]];

    loop_cancel(lane->dialling);
    lane->dialling = NULL;
    if (!other->answers)
        lane->facts->silent_port = other->silent_port;
    if (!lane->connected)
        gave_up(lane);
}

static void dial_on(void *arg);

static bool is_dialled_out(const struct lane *lane)
{
    return lane->no_more || lane->n_dials >= schedule_of(lane)->n_dials;
}

static void dial_after(struct lane *lane, int32_t ms)
{
    loop_cancel(lane->dialling);
    lane->dialling = loop_after(lane->climb->observe->loop, ms, dial_on, lane);
}

/* One end is enough to know what more of it would tell; only the other half is still waited for. */
static void dial_no_more(struct lane *lane)
{
    const struct schedule *schedule = schedule_of(lane);
    int32_t rest_ms = schedule == &hastily
                          ? schedule->rest_ms
                          : CONNECT_TIMEOUT_MS + DEADLINE_MARGIN_MS - took_ms(lane);

    lane->no_more = true;
    if (lane->dialling)
        dial_after(lane, rest_ms);
}

static void dialled(void *arg, const struct dialled *result)
{
    struct half *half = arg;
    struct lane *lane = half->lane;
    struct observe *observe = lane->climb->observe;
    bool ok = result->step.outcome == OUTCOME_OK;

    lane->n_dialling--;
    half->answers |= ok;
    observe->unsteady |= ok && took_ms(lane) > LATE_CONNECT_MS;
    if (result->step.failure == FAILURE_TIMEOUT)
        half->silent_port = result->local_port;
    if (ok ? !lane->connected : lane->silent.outcome == OUTCOME_UNTRIED && !lane->connected)
        lane->half = half;
    if (ok) {
        connected(lane, result);
    } else if (lane->silent.outcome == OUTCOME_UNTRIED) {
        lane->silent = result->step;
        if (is_silence(result->step.failure))
            lane->silent.took_ms = took_ms(lane);
        if (!lane->connected) {
            lane->facts->port = result->local_port;
            find_out_who_refused(lane, result);
        }
    }
    if (!ok && !lane->connected && may_have_turn(lane, result->step.failure)) {
        lane->turn = TURN_DOUBTED;
        dial_after(lane, PAUSE_MS);
        return;
    }
    if (ok || !is_silence(result->step.failure))
        dial_no_more(lane);
    if (lane->n_dialling == 0 && is_dialled_out(lane))
        end_dialling(lane);
}

/* Each service begins in its own half, so that in each subnet both are tried. */
void connect_dial_half(const struct lane *lane, bool other_half, int32_t timeout_ms,
                       dial_done *done, void *arg)
{
    bool high = (lane->climb->service & 1) != other_half;
    struct dial dial = connect_dial(lane);

    dial.timeout_ms = timeout_ms;
    dial.ports = high ? PORTS_HIGH : PORTS_LOW;
    dial.owner = lane->climb->observe;
    dial.quiet = true; /* lane->dialling is what keeps the loop waiting */
    dial_start(lane->climb->observe->loop, &dial, done, arg);
}

static void dial_on(void *arg)
{
    struct lane *lane = arg;
    const struct schedule *schedule = schedule_of(lane);
    int i = lane->n_dials;

    bool in_turn = lane->turn == TURN_TAKEN;
    lane->dialling = NULL;
    if (lane->turn == TURN_DOUBTED) {
        int32_t wait_ms = wait_for_turn_ms(lane);
        lane->no_more = wait_ms == 0;
        if (wait_ms > 0 || lane->n_dialling > 0) {
            dial_after(lane, wait_ms > 0 ? wait_ms : CONNECT_TIMEOUT_MS - took_ms(lane));
            return;
        }
    }
    lane->turn = TURN_NONE;
    if (!in_turn && is_dialled_out(lane)) {
        if (lane->silent.outcome == OUTCOME_UNTRIED)
            step_fail(&lane->silent, FAILURE_TIMEOUT, took_ms(lane));
        end_dialling(lane);
        return;
    }
    lane->n_dials++;
    lane->n_dialling++;
    connect_dial_half(lane, i % 2,
                      in_turn && is_silence(lane->silent.failure)
                          ? SILENT_LIMIT_MS
                          : CONNECT_TIMEOUT_MS - took_ms(lane),
                      dialled, &lane->halves[i % 2]);
    dial_after(lane, lane->n_dials < schedule->n_dials ? schedule->gap_ms : schedule->rest_ms);
}

void connect_start(struct lane *lane)
{
    lane->halves[0].lane = lane->halves[1].lane = lane;
    lane->half = &lane->halves[0];
    lane->started_ms = loop_now_ms(lane->climb->observe->loop);
    dial_on(lane);
}

void connect_placed(struct lane *lane)
{
    if (lane->dialling && schedule_of(lane) == &hastily)
        dial_after(lane, hastily.gap_ms);
}
