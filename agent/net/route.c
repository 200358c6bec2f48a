/* SPDX-License-Identifier: Apache-2.0
 *
 * A look-up that ends at a prohibit, blackhole or unreachable entry is answered with an errno alone,
 * so the entry is then searched in a dump of the tables, and among the rules of policy routing.
 */
#include "net/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "net/address.h"

enum { MAX_READS = 256, MAX_ERRNO = 4095 /* the kernel's, linux/err.h */ };

struct search {
    int family;
    unsigned char address[16];
    int bits;                 /* of the address */
    unsigned char source[16]; /* that packets would get */
    bool from_source;         /* ask with it */
    uint16_t port;
    struct route *route;
    int os_error; /* of the look-up */
    int longest;  /* prefix length of the best entry so far, -1: none */
    bool silent;  /* as a neighbour */
};

struct request {
    struct nlmsghdr head;
    struct rtmsg route; /* struct fib_rule_hdr and ndmsg have the same size and family */
    unsigned char attributes[64];
};

static const struct {
    int os_error;
    unsigned char type; /* of a route */
    unsigned char action;
    enum route_kind kind;
} refusals[] = {
    {EACCES, RTN_PROHIBIT, FR_ACT_PROHIBIT, ROUTE_PROHIBIT},
    {EINVAL, RTN_BLACKHOLE, FR_ACT_BLACKHOLE, ROUTE_BLACKHOLE},
    {EHOSTUNREACH, RTN_UNREACHABLE, 0, ROUTE_UNREACHABLE},
    {ENETUNREACH, RTN_THROW, 0, ROUTE_THROW},
    {ENETUNREACH, 0, FR_ACT_UNREACHABLE, ROUTE_UNREACHABLE},
    {EAGAIN, RTN_THROW, 0, ROUTE_THROW}, /* IPv6 */
};
enum { N_REFUSALS = COUNT_OF(refusals) };

static bool within(const struct search *search, const unsigned char *prefix, int bits)
{
    int whole = bits / 8, rest = bits % 8;

    if (bits > search->bits || memcmp(prefix, search->address, (size_t)whole) != 0)
        return false;
    return rest == 0 || ((prefix[whole] ^ search->address[whole]) >> (8 - rest)) == 0;
}

static void format(const struct search *search, const unsigned char *bytes, char to[ADDRESS_SIZE])
{
    (void)inet_ntop(search->family, bytes, to, ADDRESS_SIZE);
}

/* The attributes that a route and a rule have in common: RTA_DST is FRA_DST. */
struct attributes {
    const unsigned char *to;
    const unsigned char *via;
    const unsigned char *source;
    uint32_t interface;
    uint32_t table;
    uint32_t priority;
};

static void read_attributes(const struct search *search, const struct nlmsghdr *message,
                            struct attributes *found)
{
    const struct rtmsg *head = NLMSG_DATA(message);
    const struct rtattr *at = RTM_RTA(head);
    int left = (int)RTM_PAYLOAD(message); /* signed: RTA_NEXT takes the padding off too */

    *found = (struct attributes){.table = head->rtm_table};
    for (; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        bool address = RTA_PAYLOAD(at) == (size_t)search->bits / 8;
        bool number = RTA_PAYLOAD(at) == sizeof(uint32_t);
        if (at->rta_type == RTA_DST && address)
            found->to = RTA_DATA(at);
        else if (at->rta_type == RTA_GATEWAY && address)
            found->via = RTA_DATA(at);
        else if ((at->rta_type == RTA_PREFSRC || at->rta_type == RTA_SRC) && address)
            found->source = RTA_DATA(at);
        else if (at->rta_type == RTA_OIF && number)
            memcpy(&found->interface, RTA_DATA(at), sizeof(uint32_t));
        else if (at->rta_type == RTA_PRIORITY && number) /* FRA_PRIORITY too */
            memcpy(&found->priority, RTA_DATA(at), sizeof(uint32_t));
        else if (at->rta_type == RTA_TABLE && number)
            memcpy(&found->table, RTA_DATA(at), sizeof(uint32_t));
    }
}

static const unsigned char any[16]; /* address */

static void take_found(struct search *search, const struct nlmsghdr *message)
{
    const struct rtmsg *head = NLMSG_DATA(message);
    struct route *route = search->route;
    struct attributes found;
    char name[IF_NAMESIZE] = "";

    read_attributes(search, message, &found);
    route->kind = head->rtm_type == RTN_LOCAL ? ROUTE_LOCAL : ROUTE_FORWARD;
    route->table = route->kind == ROUTE_FORWARD ? found.table : 0;
    if (found.via)
        format(search, found.via, route->via);
    if (found.source)
        format(search, found.source, route->source);
    if (found.interface && address_interface(found.interface, name))
        (void)text_escape(route->interface, sizeof(route->interface), name, strlen(name));
}

static void take_entry(struct search *search, const struct nlmsghdr *message, bool rule)
{
    const struct rtmsg *head = NLMSG_DATA(message);
    struct attributes found;
    struct route *route = search->route;

    read_attributes(search, message, &found);
    for (int i = 0; i < N_REFUSALS; i++) {
        unsigned char wanted = rule ? refusals[i].action : refusals[i].type;
        if (refusals[i].os_error != search->os_error || wanted == 0 || head->rtm_type != wanted ||
            head->rtm_dst_len <= search->longest ||
            !within(search, found.to ? found.to : any, head->rtm_dst_len))
            continue;
        char address[ADDRESS_SIZE];
        format(search, found.to ? found.to : any, address);
        search->longest = head->rtm_dst_len;
        route->kind = refusals[i].kind;
        route->by_rule = rule;
        route->priority = rule ? found.priority : 0;
        route->table = rule ? 0 : found.table;
        (void)text_set(route->entry, sizeof(route->entry), "%.50s/%d", address, head->rtm_dst_len);
    }
}

/* The rule that leads to the way's table: the first of those that fit the address. */
static void take_rule(const struct search *search, const struct nlmsghdr *message)
{
    const struct rtmsg *head = NLMSG_DATA(message);
    struct attributes found;
    struct route *route = search->route;

    read_attributes(search, message, &found);
    if (route->by_rule || head->rtm_type != FR_ACT_TO_TBL || found.table != route->table ||
        !within(search, found.to ? found.to : any, head->rtm_dst_len))
        return;
    route->by_rule = true;
    route->priority = found.priority;
}

static void take_neighbour(struct search *search, const struct nlmsghdr *message)
{
    const struct ndmsg *head = NLMSG_DATA(message);
    struct attributes found; /* NDA_DST is RTA_DST */

    read_attributes(search, message, &found);
    if (found.to && within(search, found.to, search->bits) &&
        head->ndm_ifindex == (int)if_nametoindex(search->route->interface))
        search->silent = head->ndm_state & (NUD_INCOMPLETE | NUD_FAILED);
}

/* False when that was the last message. */
static bool take_message(struct search *search, const struct nlmsghdr *message)
{
    const bool long_enough = message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct rtmsg));
    const bool part = message->nlmsg_flags & NLM_F_MULTI;
    const struct nlmsgerr *error = NLMSG_DATA(message);

    switch (message->nlmsg_type) {
    case NLMSG_ERROR:
        if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(*error)) && error->error <= 0 &&
            error->error >= -MAX_ERRNO)
            search->os_error = -error->error;
        return false;
    case RTM_NEWROUTE:
        if (long_enough && part)
            take_entry(search, message, false);
        else if (long_enough)
            take_found(search, message);
        return part;
    case RTM_NEWRULE:
        if (long_enough && search->route->kind == ROUTE_FORWARD)
            take_rule(search, message);
        else if (long_enough)
            take_entry(search, message, true);
        return true;
    case RTM_NEWNEIGH:
        if (long_enough)
            take_neighbour(search, message);
        return true;
    default:
        return false; /* NLMSG_DONE */
    }
}

static void add_attribute(struct request *request, unsigned short type, const void *value, size_t n)
{
    const struct rtattr head = {.rta_type = type, .rta_len = (unsigned short)RTA_LENGTH(n)};
    unsigned char *to = (unsigned char *)request + request->head.nlmsg_len;

    memcpy(to, &head, sizeof(head));
    memcpy(to + RTA_LENGTH(0), value, n);
    request->head.nlmsg_len += (unsigned)RTA_SPACE(n);
}

static void ask(int fd, struct search *search, unsigned short type, bool dump)
{
    _Alignas(struct nlmsghdr) char piece[16384];
    struct request request = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
                 .nlmsg_type = type,
                 .nlmsg_flags = dump ? NLM_F_REQUEST | NLM_F_DUMP : NLM_F_REQUEST},
        .route = {.rtm_family = (unsigned char)search->family},
    };

    if (!dump) {
        const uint8_t protocol = search->port == DNS_PORT ? IPPROTO_UDP : IPPROTO_TCP;
        const uint16_t port = htons(search->port);
        request.route.rtm_flags = RTM_F_LOOKUP_TABLE;
        request.route.rtm_dst_len = (unsigned char)search->bits;
        add_attribute(&request, RTA_DST, search->address, (size_t)search->bits / 8);
        add_attribute(&request, RTA_IP_PROTO, &protocol, sizeof(protocol));
        add_attribute(&request, RTA_DPORT, &port, sizeof(port));
        if (search->from_source) {
            request.route.rtm_src_len = (unsigned char)search->bits;
            add_attribute(&request, RTA_SRC, search->source, (size_t)search->bits / 8);
        }
    }
    ssize_t n = send(fd, &request, request.head.nlmsg_len, 0);
    for (int i = 0; n > 0 && i < MAX_READS; i++) {
        do /* a stopped process is told EINTR, signal(7) */
            n = recv(fd, piece, sizeof(piece), 0);
        while (n < 0 && errno == EINTR);
        size_t left = n > 0 ? (size_t)n : 0;
        for (const struct nlmsghdr *at = (const void *)piece; NLMSG_OK(at, left);
             at = NLMSG_NEXT(at, left))
            if (!take_message(search, at) || NLMSG_ALIGN(at->nlmsg_len) > left)
                return;
    }
    if (n < 0)
        (void)file_note_trouble("the routes", errno);
}

static bool parse(const char *address, struct search *search)
{
    struct sockaddr_storage to;
    socklen_t length;

    if (!address_parse(address, 0, &to, &length))
        return false;
    search->family = to.ss_family;
    search->bits = to.ss_family == AF_INET6 ? 128 : 32;
    if (to.ss_family == AF_INET6)
        memcpy(search->address, &((const struct sockaddr_in6 *)(const void *)&to)->sin6_addr, 16);
    else
        memcpy(search->address, &((const struct sockaddr_in *)(const void *)&to)->sin_addr, 4);
    return true;
}

static int open_netlink(void)
{
    const struct timeval patience = {.tv_usec = 200000};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0 && errno != EAFNOSUPPORT) /* that is a kernel without it */
        file_keep_trouble("the routes", errno);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

static void begin(struct route *route, const char *address)
{
    memset(route, 0, sizeof(*route));
    (void)text_set(route->to, sizeof(route->to), "%s", address);
}

void route_look_up(const char *address, uint16_t port, struct route *route)
{
    struct search search = {.route = route, .port = port, .longest = -1};

    begin(route, address);
    if (!parse(address, &search))
        return;
    LOCAL_FD fd = open_netlink();
    if (fd < 0)
        return;
    ask(fd, &search, RTM_GETROUTE, false);
    /* connect() then asks again, from the source that it got: ip_route_connect() in include/net/route.h. */
    search.from_source = inet_pton(search.family, route->source, search.source) == 1;
    if (search.from_source) {
        begin(route, address);
        ask(fd, &search, RTM_GETROUTE, false);
    }
    int os_error = search.os_error;
    for (int i = 0; route->kind == ROUTE_UNKNOWN && i < N_REFUSALS; i++)
        if (refusals[i].os_error == os_error)
            route->kind = os_error == ENETUNREACH ? ROUTE_NONE : refusals[i].kind;
    if (route->kind != ROUTE_UNKNOWN && os_error != 0) {
        ask(fd, &search, RTM_GETROUTE, true);
        search.os_error = os_error;
        if (search.longest < 0)
            ask(fd, &search, RTM_GETRULE, true);
    } else if (route->kind == ROUTE_FORWARD && route->table != RT_TABLE_MAIN) {
        ask(fd, &search, RTM_GETRULE, true);
    }
}

bool route_ends_at_next_hop(const char *address, uint16_t port)
{
    struct route route;
    struct search search = {.route = &route};

    route_look_up(address, port, &route);
    if (route.kind != ROUTE_FORWARD || !parse(route.via[0] ? route.via : address, &search))
        return false;
    LOCAL_FD fd = open_netlink();
    if (fd < 0)
        return false;
    ask(fd, &search, RTM_GETNEIGH, true);
    return search.silent;
}

void routes_doubt(struct route *routes, int32_t *n, int32_t max, const char *address, uint16_t port,
                  const struct step *step)
{
    static const enum failure explicable[] = {
        FAILURE_TIMEOUT,   FAILURE_NO_ROUTE,      FAILURE_HOST_UNREACHABLE, FAILURE_PROHIBITED,
        FAILURE_BLACKHOLE, FAILURE_NOT_PERMITTED, FAILURE_REFUSED,          FAILURE_NOT_SENT};
    bool doubtful = false;

    for (size_t i = 0; i < COUNT_OF(explicable); i++)
        doubtful |= step->failure == explicable[i];
    if (step->outcome != OUTCOME_FAILED || !doubtful || *n >= max)
        return;
    for (int32_t i = 0; i < *n; i++)
        if (strcmp(routes[i].to, address) == 0)
            return;
    route_look_up(address, port, &routes[(*n)++]);
}
