/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to observe/: one service on its way up its ladder. names.c finds the addresses, ladder.c
 * climbs each, permissions.c sends the signed requests over the connections that ladder.c leaves
 * open.
 */
#ifndef OBSERVE_CLIMB_H
#define OBSERVE_CLIMB_H

#include "model/facts.h"
#include "model/proxy.h"
#include "net/credentials.h"
#include "net/dial.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/trust.h"

enum {
    DNS_LATE_MS = 2000,        /* for what comes too late for the agent */
    DNS_DOUBT_MS = 1000,       /* silence for so long is worth a second opinion */
    DNS_PATIENCE_MS = 2000,    /* for a server that is silent while the next one answers */
    DNS_OPINION_MS = 280,      /* for Amazon's resolver, where another one has answered */
    DNS_KNOCK_MS = 50,         /* then its port 53 is dialled: is it there at all? */
    DNS_DEAD_MS = 200,         /* for the answer to that */
    DNS_ALONE_MS = 1200,       /* the same after DNS_DOUBT_MS, when no server answers: two SYNs */
    CONNECT_TIMEOUT_MS = 2200, /* see ladder.c: six SYNs, and ARP's three tries of a second */
    LONE_CONNECT_TIMEOUT_MS = 3500, /* of one connect() alone: three SYNs */
    LATE_CONNECT_MS = 800,          /* where not the first SYN got through */
    TLS_TIMEOUT_MS = 10000, /* Go's and the SDK's, aws-sdk-go aws/session/custom_transport.go */
    TLS_AGAIN_TIMEOUT_MS = 9000, /* of a second one, which begins after a second */
    TLS_EXTRA_TIMEOUT_MS = 3000,
    TLS_UNHEARD_MS = 5000, /* nobody acknowledges the first one, and the second for less */
    TLS_UNHEARD_TICKS = 9,
    TLS_SILENT_MS =
        3000, /* so long the first one is silent, and the second for a second less, ... */
    TLS_SILENT_TICKS = 5,       /* ... where one in small segments is answered */
    PROXY_TIMEOUT_MS = 14000,   /* the agent gives CreateControlChannel 15 s, the way to it too */
    OPTIONAL_TIMEOUT_MS = 5000, /* for an answer that the agent does not wait for */
    MAX_TRIES = 10, /* of what is cut or refused: half by chance, one in 1,000 has no luck */
    MAX_ASKED = 4,  /* of what is answered with an error (aws-sdk-go, default_retryer.go) */
    TRY_AGAIN_MS = 100,
    ASK_ANEW_MS = 20000,   /* a request is silent for so long: is a new one answered? */
    FIRST_DOUBT_MS = 1000, /* a first request that is signed, and silent for so long, is doubted */
    DEADLINE_MARGIN_MS = 100,
    SMALL_SEGMENT_BYTES = 536, /* the IPv4 default, RFC 9293 section 3.7.1: passes any path */
};

struct climb;

extern const char *const upgrade_headers[]; /* of what would become a websocket */

/* A connection that carries one request at a time. Each address has one that climbs; more of them only
 * carry signed requests, so that these go side by side. */
struct lane {
    struct climb *climb;
    struct address_facts *facts;
    bool extra; /* one of the more */
    struct timer
        *dialling;      /* keeps the loop waiting: then connect() is tried once more, or given up */
    int64_t started_ms; /* the first connect() */
    int n_dials, n_dialling; /* connect() so far; under way */
    struct half {            /* of the source ports */
        struct lane *lane;
        bool answers;
        uint16_t silent_port;
    } halves[2], *half;      /* of the first connect() and the other one; of what the facts have */
    bool connected, no_more; /* no other connect() is begun */
    enum { TURN_NONE, TURN_DOUBTED, TURN_TAKEN } turn; /* of one that was refused */
    int n_turns;
    struct step silent;           /* how connect() ended first */
    bool again;                   /* the handshake is silent or was cut, and tried once more */
    int n_tries;                  /* of handshakes that were cut */
    int n_handshakes;             /* under way, in full segments */
    int n_silent, n_unheard;      /* seconds of silence, of each of them */
    int32_t anew_ms;              /* when it was last asked anew, since started_ms; 0: not yet */
    int action;                   /* index of the action under way, or -1 */
    int n_sent;                   /* signed requests */
    bool open;                    /* AWS answered the first request */
    bool first;                   /* the action under way is the first request of this connection */
    bool asked_unsigned, settled; /* RUNG_HTTP: an unsigned request was sent; it is decided */
    struct timer *unsigned_too;   /* when it fires, an unsigned request is sent beside the first */
};

/* One question to one resolver. */
struct asking {
    struct climb *climb;
    struct dns_query *query; /* NULL: not under way */
    int index;               /* in endpoint_facts.answers */
    bool again;              /* it failed, and is asked once more */
};

struct climb {
    struct observe *observe;
    enum service service;
    const struct service_plan *plan;
    struct endpoint_facts *facts;
    struct lane lanes[MAX_ADDRESSES]; /* as facts->addresses */
    struct lane extras[MAX_ACTIONS];
    int n_extras;
    struct asking askings[MAX_ANSWERS];
    int search_server; /* the one that is asked for names of the search list */
    bool decided[2];   /* by family: the addresses that the agent would use are known */
    bool pinned;       /* /etc/hosts names the addresses */
    bool late;         /* DNS_DOUBT_MS are over */
    bool asked_amazon, asked_proxy_again;
    int proxy_at;         /* index of the address at which the proxy is asked */
    int n_proxy_upgrades; /* websockets asked for through it */
    int n_upgrades;
    uint32_t repeated;       /* actions, by their index */
    uint32_t strange;        /* of these, what was answered first by no AWS service */
    int n_repeated;          /* because the service had trouble */
    int64_t asked_ms;        /* of the loop */
    struct timer *timers[3]; /* of silence: of dead servers, doubt, the end of patience */
};

/* One of resolv.conf: does it answer anything at all? One that is slow is waited for, since the agent waits. */
struct nameserver {
    int64_t knocked_ms;   /* when it was dialled, 0: not yet */
    int64_t plain_ms;     /* when it first answered what was asked without EDNS0 */
    bool speaks, answers; /* anything; what was asked as the agent asks it */
    bool listens;         /* by TCP */
};

enum { MAX_CONNECTIONS = 256 };

/* The TCP connections that root holds to one port. */
struct connections {
    bool known; /* the kernel's tables could be read, and everything fitted here */
    int n;
    char addresses[MAX_CONNECTIONS][ADDRESS_SIZE]; /* of the other side */
};

struct observe {
    struct loop *loop;
    int64_t deadline_ms; /* monotonic, INT64_MAX: none */
    const char *root;    /* prefix of every file */
    struct trust *trust;
    bool left_alone[N_SERVICES]; /* not climbed again */
    bool patient;                /* not the first round: see connect.c */
    struct facts *facts;
    const struct credentials *credentials; /* NULL until known, or there are none */
    bool role_known;
    bool placed;
    int64_t turn_ms; /* the next one is free then */
    bool unsteady;   /* some connections pass, and others to the same address do not */
    struct connections connections; /* that stood before ours */
    struct proxy proxy;             /* the agent's */
    const struct proxy_login *proxy_login;
    char proxy_addresses[MAX_ADDRESSES][ADDRESS_SIZE];
    int n_proxy_addresses;
    int proxy_resolver; /* index of the nameserver that is asked for its name, */
    int proxy_name;     /* and which of its names, with the search list */
    struct nameserver nameservers[AGENT_NAMESERVERS];
    struct climb climbs[N_SERVICES];
};

/* names.c */
void names_start(struct climb *climb);
void names_doubt(struct climb *climb); /* asks Amazon's resolver, once and if it may tell more */

/* names.c: of how many servers in resolv.conf the agent asks. */
int names_n_servers(const struct observe *observe);

/* names.c: the names that the agent's resolver asks for, one after the other, until one has an address: of a host with fewer
 * dots than `options ndots:` one in each domain of the search list, then the host itself (Go's net package, nameList()).
 * False: there is none of this number. */
bool names_search(const struct observe *observe, const char *host, int number, char to[HOST_SIZE]);

/* Such a name, asked of the server of this number in resolv.conf, for an address of the family that this machine uses. */
struct dns_question names_question(struct observe *observe, const char *name, int server,
                                   int32_t timeout_ms);

/* names.c: /etc/hosts as the agent's resolver reads it (Go's net package: "files" before "dns"). The
 * first field is an address, the others are names, in upper or lower case. hosts(5). Returns how many
 * addresses `name` has there, at most MAX_ADDRESSES. */
int hosts_look_up(const char *root, const char *name, char addresses[][ADDRESS_SIZE]);

/* connect.c: climbs to TCP. Calls ladder_connected() once, or fails the rung and skips those above it. */
void connect_start(struct lane *lane);
void connect_placed(struct lane *lane); /* it is known now where the address is */

/* connect.c: one more connection to the lane's address, from any port; or from one half of them, begun at once. */
struct dial connect_dial(const struct lane *lane);
void connect_dial_half(const struct lane *lane, bool other_half, int32_t timeout_ms,
                       dial_done *done, void *arg);

/* ladder.c: goes on with this connection, which is its own now. */
void ladder_connected(struct lane *lane, int fd);

/* ladder.c: climbs one more address. Does nothing when the address is there already or the list is
 * full. */
void ladder_add(struct climb *climb, const char *address, bool from_hosts_file);
void ladder_placed(struct climb *climb);

/* ladder.c: once all addresses of an answer are added: as many connections as signed requests. */
void ladder_widen(struct climb *climb);

/* An unsigned request to the service at this address. */
struct http_request climb_request(const struct climb *climb, const char *address, int fd);

/* How long an answer is waited for. */
int32_t ladder_patience_ms(const struct climb *climb);

/* permissions.c */
void actions_plan(struct climb *climb);
void actions_pump(struct climb *climb); /* sends what can be sent now */
int actions_left(const struct climb *climb);

/* Sends the next action as the first request of a new connection. Its socket is -1 afterwards when it was
 * used or closed. False: nothing was sent, since there is nothing to send or it may not be sent now. */
bool actions_send_first(struct lane *lane, int *fd, int32_t timeout_ms, http_done *done,
                        void (*silent)(void *lane, enum silence silence));

/* Keeps what the answer says of the lane's action. */
void actions_take(struct lane *lane, const struct http_reply *reply);

/* Fills in {instance}, {version} (the SSM agent's) and {uuid} (a new one each). False when the result
 * does not fit. */
bool permission_fill(const char *pattern, const struct facts *facts, char *to, size_t size);

/* service_answer.c: what the answer to a signed request says about its action. Pure. Fills
 * permission, failure, denied_by, explicit_deny, status, code, message. `allowed` names the error
 * codes that only an authorized caller sees, space separated.
 * Error shapes: JSON 1.1 (`__type`, `Message`|`message`, header x-amzn-ErrorType) of ssm and
 * ec2messages, XML (root element or <Code>) of ssmmessages. Denial phrases: IAM User Guide,
 * "Troubleshoot access denied error messages". */
void service_answer_judge(const struct http_head *head, const char *body, size_t body_bytes,
                          const char *allowed, struct action_facts *action);

/* An address that does not answer as AWS does says nothing of actions. */
void actions_forget_unclear(struct climb *climb, const struct address_facts *address);

/* The one gate before every signed request, which carries the session token: true for a host of the
 * region's partition or of the agent's own configuration, at an address where the plan expects the
 * service, whose TLS nobody opens. Amazon may have a root that this program does not carry yet. As long as no
 * handshake with the address was judged, only a request that is withheld until its own one is (http.h). */
bool actions_may_sign(const struct plan *plan, enum service service,
                      const struct address_facts *address, bool withheld);

/* proxy.c: asks the proxy that the agent would use, if any */
void observe_proxy(struct observe *observe);

/* connections.c: reads /proc/self/net/tcp and tcp6 (Linux Documentation, networking/proc_net_tcp),
 * which a sandbox with ProcSubset=pid leaves. */
void connections_read(const char *root, uint16_t port, struct connections *connections);
bool connections_has(const struct connections *connections, const char *address);

/* connections.c: what stands before any connection of ours; and for an address of ssmmessages, whether
 * the agent is connected to it. */
void observe_agent(struct observe *observe);
void observe_agent_at(struct observe *observe, const char *address);

/* observe.c: of the session preferences, as GetDocument answers them: a service that they use and nobody asked for
 * is climbed too. */
void observe_preferences(struct observe *observe, const char *answer);

#endif
