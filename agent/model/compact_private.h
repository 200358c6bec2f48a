/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the compact form share: the coder, its estimates and what it remembers.
 */
#ifndef MODEL_COMPACT_PRIVATE_H
#define MODEL_COMPACT_PRIVATE_H

#include "model/facts.h"
#include "model/fields.h"
#include "model/generations.h"
#include "model/range.h"

enum { ESTIMATES = 1 << 15, MAX_ECHOES = 256, N_ROWS = 256 };

struct coder {
    struct range range;
    struct generation generation;
    bool failed; /* reading: what was read makes no sense */
    /* What is coded so far, in both directions: guesses look at nothing else. */
    struct facts *facts;
    const struct facts *source;     /* writing: all of it; reading: `facts` */
    const char *echoes[MAX_ECHOES]; /* texts coded so far, in `facts` */
    size_t n_echoes;
    const char *beginning; /* the guess that a text is not: it may begin like it */
    uint8_t octets[4];     /* of the last IPv4 address */
    uint8_t words[N_ROWS]; /* the word that comes behind the last one used, for each row */
    struct estimate estimates[ESTIMATES];
};

/* Which estimate: a question, asked of one row of the table, in one situation. */
enum question {
    ASK_AS_GUESSED,
    ASK_AS_GUESSED_ELSE,
    ASK_ZERO,
    ASK_SIGN,
    ASK_LENGTH,
    ASK_BITS,
    ASK_ENUM,
    ASK_BOOL,
    ASK_TOKEN,
    ASK_WORD,
    ASK_ECHO,
    ASK_OCTET_SAME,
    ASK_OCTET,
    ASK_HEX_LENGTH,
    ASK_CHARACTER,
};

/* compact_walk.c: all fields of the struct at `at`, in coder->facts. `like` is one of the same kind
 * that is coded already, or NULL; service -1 is none. */
void code_fields(struct coder *coder, const struct fields *fields, char *at, const char *like,
                 int service);

/* A number of any kind, and whether it is one that the field may hold. */
int64_t number_at(const struct field *field, const char *at);
bool number_fits(const struct field *field, int64_t value);

bool code_bit(struct coder *coder, enum question question, uint32_t row, uint32_t situation,
              uint16_t no_at_first, bool bit);

/* A number of n_bits, each bit with an estimate of its own. */
uint32_t code_tree(struct coder *coder, enum question question, uint32_t row, uint32_t value,
                   int n_bits);

/* compact_text.c: a text that is not as guessed, into `at`, which holds size bytes. `text` is what
 * is written. */
void code_text(struct coder *coder, uint32_t row, const char *text, char *at, size_t size);
void code_text_init(struct coder *coder);

/* The list of words, for generations.c and the test that wants none of it changed. */
unsigned int n_words(void);
const char *word_at(unsigned int i);

/* compact_guess.c: what this row holds on a healthy instance of this kind, as the coder's generation
 * has it. False: no idea. */
bool guess_text(const struct coder *coder, const struct fields *fields, const struct field *field,
                int service, char *to, size_t size);
bool guess_number(const struct coder *coder, const struct fields *fields, const struct field *field,
                  int64_t *value);

#endif
