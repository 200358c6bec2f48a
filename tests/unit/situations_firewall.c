/* SPDX-License-Identifier: Apache-2.0
 *
 * A firewall on the machine itself that drops in silence, as far as the socket and the kernel's
 * counters tell of it.
 */
#include "facts_builder.h"
#include "situations.h"

enum { REQUIRED = SERVICE_EC2MESSAGES + 1 };

static void connect_all(struct facts *facts, enum failure failure)
{
    for (int i = 0; i < REQUIRED; i++)
        break_connect(facts, (enum service)i, ALL_ADDRESSES, failure, 3504);
}

static void counted(struct facts *facts, int64_t undelivered)
{
    facts->network.delivery_read = true;
    facts->network.undelivered = undelivered;
}

static void never_sent(struct facts *facts)
{
    connect_all(facts, FAILURE_NOT_SENT);
    counted(facts, 0);
}

static void answers_dropped(struct facts *facts)
{
    connect_all(facts, FAILURE_TIMEOUT);
    counted(facts, 30);
}

/* One service is dropped here, the others are silent further away. */
static void one_dropped_all_silent(struct facts *facts)
{
    connect_all(facts, FAILURE_TIMEOUT);
    break_connect(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_NOT_SENT, 3504);
    counted(facts, 0);
}

/* One address of each: dropped here, and silent further away. */
static void one_address_each(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, 0, FAILURE_NOT_SENT, 3504);
    break_connect(facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 3504);
    counted(facts, 0);
}

/* Fewer packets than there would be answers: some other traffic was dropped. */
static void silent_and_lost(struct facts *facts)
{
    connect_all(facts, FAILURE_TIMEOUT);
    counted(facts, 3);
}

static void silent_beyond(struct facts *facts)
{
    connect_all(facts, FAILURE_TIMEOUT);
    counted(facts, 0);
}

static void one_service_silent_and_lost(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 3504);
    counted(facts, 10);
}

static void imds_never_sent(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_NOT_SENT, 1204);
}

static void imds_answers_dropped(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT, 1204);
    counted(facts, 5);
}

static void imds_silent_beyond(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT, 1204);
    counted(facts, 0);
}

const struct situation firewall_situations[] = {
    {"local-firewall--dropped", never_sent},
    {"local-firewall--answers", answers_dropped},
    {"several--dropped-and-silent", one_dropped_all_silent},
    {"several--dropped-and-group", one_address_each},
    {"egress-blocked--lost-here", silent_and_lost},
    {"egress-blocked--beyond", silent_beyond},
    {"endpoint-blocks-443--lost-here", one_service_silent_and_lost},
    {"imds-blocked-locally--dropped", imds_never_sent},
    {"imds-blocked-locally--answers", imds_answers_dropped},
    {"imds-unreachable--beyond", imds_silent_beyond},
    {NULL, NULL},
};
