/* SPDX-License-Identifier: Apache-2.0
 *
 * Dumps, one after the other over one socket, each ended by NLMSG_DONE or an error.
 */
#include "net/nftables.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/nft_private.h"

enum { MAX_READS = 4096, PIECE_BYTES = 32768 };

struct request {
    struct nlmsghdr head;
    struct nfgenmsg family;
    unsigned char attributes[2 * (NLA_HDRLEN + 256)]; /* NFT_NAME_MAXLEN */
};

/* 0, EAGAIN when there is more to come, or what the kernel says. */
static int take_piece(struct nft_dump *dump, const unsigned char *piece, size_t n)
{
    struct nlmsghdr head;
    int32_t error = 0;

    for (size_t at = 0; n - at >= sizeof(head);) {
        memcpy(&head, piece + at, sizeof(head));
        if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > n - at)
            return EBADMSG;
        if (head.nlmsg_type == NLMSG_ERROR || head.nlmsg_type == NLMSG_DONE) {
            if (head.nlmsg_len >= sizeof(head) + sizeof(error))
                memcpy(&error, piece + at + sizeof(head), sizeof(error));
            return -error;
        }
        if (head.nlmsg_flags & NLM_F_DUMP_INTR) /* somebody changes the rules right now */
            dump->cut = true;
        static const char padding[NLMSG_ALIGNTO];
        size_t rest = NLMSG_ALIGN(head.nlmsg_len) - head.nlmsg_len;
        if (!buffer_add(&dump->messages, (const char *)piece + at, head.nlmsg_len) ||
            !buffer_add(&dump->messages, padding, rest))
            dump->cut = true;
        if (n - at <= NLMSG_ALIGN(head.nlmsg_len))
            break;
        at += NLMSG_ALIGN(head.nlmsg_len);
    }
    return EAGAIN;
}

static void add_attribute(struct request *request, unsigned short type, struct piece value)
{
    struct nlattr head = {.nla_len = (unsigned short)(NLA_HDRLEN + value.n), .nla_type = type};
    unsigned char *at = (unsigned char *)request + request->head.nlmsg_len;

    if (!value.bytes || value.n > 256)
        return;
    memcpy(at, &head, sizeof(head));
    memcpy(at + NLA_HDRLEN, value.bytes, value.n);
    request->head.nlmsg_len += (uint32_t)NLA_ALIGN(head.nla_len);
}

/* The kernel answers while it is asked, unless somebody changes the rules: then it may take its time. */
static ssize_t receive(int fd, unsigned char *piece, size_t size, int64_t until_ms)
{
    int64_t left_ms = until_ms - clock_monotonic_ms();
    const struct timeval patience = {left_ms / 1000, left_ms % 1000 * 1000};

    errno = EAGAIN;
    if (left_ms <= 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
        return -1;
    return recv(fd, piece, size, 0);
}

struct question {
    unsigned type;
    unsigned char family;
    struct piece table, set;
};

static int ask(int fd, struct nft_dump *dump, const struct question *question, int64_t until_ms)
{
    unsigned char piece[PIECE_BYTES];
    struct request request = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg)),
                 .nlmsg_type = (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | question->type),
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .family = {.nfgen_family = question->family, .version = NFNETLINK_V0},
    };
    int state = EAGAIN;

    add_attribute(&request, NFTA_SET_ELEM_LIST_TABLE, question->table);
    add_attribute(&request, NFTA_SET_ELEM_LIST_SET, question->set);
    if (send(fd, &request, request.head.nlmsg_len, 0) < 0)
        return errno;
    for (int i = 0; state == EAGAIN && i < MAX_READS; i++) {
        ssize_t n = receive(fd, piece, sizeof(piece), until_ms);
        if (n <= 0)
            return n < 0 ? errno : EBADMSG;
        state = take_piece(dump, piece, (size_t)n);
    }
    return state;
}

/* The elements of every set that a rule can look into; maps decide by what this does not read. */
static void ask_elements(int fd, struct nft_dump *dump, int64_t until_ms)
{
    struct question question = {.type = NFT_MSG_GETSETELEM};
    struct piece in[NFT_MAX_ATTRIBUTES];
    size_t at = 0;

    /* What `in` points to moves when answers come in, but then it has been copied into the question. */
    for (int n = 0; nft_message(dump, &at, NFT_MSG_NEWSET, &question.family, in); n++) {
        if (nft_number(in[NFTA_SET_FLAGS]) & (NFT_SET_MAP | NFT_SET_OBJECT | NFT_SET_CONCAT))
            continue;
        question.table = in[NFTA_SET_TABLE];
        question.set = in[NFTA_SET_NAME];
        if (n >= NFT_MAX_SETS || dump->cut || ask(fd, dump, &question, until_ms) != 0) {
            dump->cut = true;
            return;
        }
    }
}

int nft_dump_read(struct nft_dump *dump, int64_t until_ms)
{
    static const struct question questions[] = {{.type = NFT_MSG_GETTABLE},
                                                {.type = NFT_MSG_GETCHAIN},
                                                {.type = NFT_MSG_GETRULE},
                                                {.type = NFT_MSG_GETSET}};
    int error = 0;

    *dump = (struct nft_dump){0};
    buffer_init(&dump->messages, NFT_MAX_DUMP_BYTES);
    if (geteuid() != 0)
        return EPERM; /* not even the socket is asked for, which would load a module */
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (fd < 0)
        return errno;
    for (size_t i = 0; error == 0 && i < sizeof(questions) / sizeof(questions[0]); i++)
        error = ask(fd, dump, &questions[i], until_ms);
    if (error == 0)
        ask_elements(fd, dump, until_ms);
    (void)close(fd);
    return error;
}

void nft_dump_clear(struct nft_dump *dump)
{
    buffer_clear(&dump->messages);
}
