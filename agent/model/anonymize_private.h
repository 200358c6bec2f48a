/* SPDX-License-Identifier: Apache-2.0
 *
 * What the four files of the anonymizer share: what is known so far, and what it became.
 */
#ifndef MODEL_ANONYMIZE_PRIVATE_H
#define MODEL_ANONYMIZE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "model/facts.h"

/* What a new name must look like. */
enum kind {
    KIND_NAME, /* name-1 */
    KIND_ROLE,
    KIND_PROFILE,
    KIND_TOKEN,
    KIND_ID,      /* i-00000000000000001: the prefix and the length stay */
    KIND_KEY,     /* AROA00000000000000001 */
    KIND_ACCOUNT, /* 000000000001 */
    KIND_MAC,
    KIND_UUID,
    N_KINDS
};

enum { KNOWN_SIZE = 64, MAX_PHRASES = 256, MAX_REWRITTEN = 1024 };

struct known {
    char *from; /* owned */
    char to[KNOWN_SIZE];
    bool said; /* replaced also where it stands bare among other words */
};

struct bits {
    unsigned char byte[16];
    unsigned int n; /* 32 or 128 */
};

struct moved {
    struct bits from, to;
};

struct block {
    struct bits base; /* host bits are zero */
    unsigned int n_prefix;
};

struct anonymizer {
    struct known *known;
    size_t n_known, max_known;
    size_t *index; /* open addressing, n_index places; 0: free, else known + 1 */
    size_t n_index;
    size_t phrases[MAX_PHRASES]; /* known names with blanks and the like in them */
    size_t n_phrases;
    unsigned int counts[N_KINDS];
    struct moved *moved;
    size_t n_moved, max_moved;
    struct block blocks[2 * MAX_CIDRS]; /* of the VPC and the subnet */
    size_t n_blocks;
    bool failed; /* out of memory: nothing of it counts */
};

/* anonymize_known.c */

void anonymizer_clear(struct anonymizer *anonymizer);

/* What n bytes became, or NULL. */
const struct known *known_find(const struct anonymizer *anonymizer, const char *from, size_t n);

/* What n bytes become, made up when they are new. Never NULL. */
const char *known_add(struct anonymizer *anonymizer, enum kind kind, const char *from, size_t n);

/* A word of AWS, of a protocol or of DNS that names nobody: "ssm", "amazonaws", "role". */
bool is_common_word(const char *text, size_t n);

/* "eu-central-1", "us-gov-west-1a", "us-west-2-lax-1a", "euc1-az2". */
bool is_region_or_zone(const char *text, size_t n);

/* anonymize_address.c */

/* Blocks whose first addresses keep their place; before the first address is moved. */
void addresses_init(struct anonymizer *anonymizer, const struct instance_facts *instance);

/* Moves an address of n characters; n_prefix >= 0 when "/n_prefix" follows it. False: it is none.
 */
bool address_move(struct anonymizer *anonymizer, const char *text, size_t n, int n_prefix,
                  char to[ADDRESS_SIZE]);

/* anonymize_text.c */

enum style {
    STYLE_WORDS, /* words that anybody may have written */
    STYLE_HOSTS, /* addresses and host names: a bare word is a host too */
};
void rewrite_text(struct anonymizer *anonymizer, enum style style, const char *from, char *to,
                  size_t size);

/* A value that is one identifier, or else a name of this kind, whole. */
void rewrite_whole(struct anonymizer *anonymizer, enum kind kind, const char *from, char *to,
                   size_t size);
void rewrite_path(struct anonymizer *anonymizer, const char *from, char *to, size_t size);

/* "C=US, O=Amazon, CN=…" */
void rewrite_subject(struct anonymizer *anonymizer, const char *from, char *to, size_t size);

/* anonymize_word.c: one word of n characters [A-Za-z0-9._@-], appended to `to`. */
void rewrite_word(struct anonymizer *anonymizer, enum style style, const char *word, size_t n,
                  char *to, size_t size);

/* The identifier that a whole word is, appended; false: it is none. */
bool rewrite_identifier(struct anonymizer *anonymizer, const char *word, size_t n, char *to,
                        size_t size);
void rewrite_file_name(struct anonymizer *anonymizer, const char *name, size_t n, char *to,
                       size_t size);

#endif
