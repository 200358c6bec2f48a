/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing but the wiping, the hiding and what a header has: credentials are read in discover/, and used in http.c and tunnel.c.
 */
#include "net/credentials.h"

#include <ctype.h>
#include <string.h>

#include "base/base64.h"
#include "base/text.h"

enum {
    PIECE = 12,     /* characters of a secret that are one */
    SIGNATURE = 32, /* hexadecimal digits in a row: a signature has 64, and may be cut */
};

static unsigned char hex(char digit)
{
    return (unsigned char)(isdigit((unsigned char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

bool proxy_login_set(struct proxy_login *login, const char *userinfo, size_t n)
{
    unsigned char plain[(sizeof(login->basic) - 1) / 4 * 3];
    size_t used = 0, n_digits;

    if (n + 3 > sizeof(plain)) /* a colon, and two zeros up to a group of three */
        return false;
    for (size_t i = 0; i < n; i++, used++) {
        plain[used] = (unsigned char)userinfo[i];
        if (userinfo[i] == '%') {
            plain[used] = (unsigned char)(hex(userinfo[i + 1]) << 4 | hex(userinfo[i + 2]));
            i += 2;
        }
    }
    login->user_alone = !memchr(userinfo, ':', n);
    if (login->user_alone)
        plain[used++] = ':';
    memset(plain + used, 0, 2);
    base64_encode(plain, (used + 2) / 3 * 3, login->basic);
    n_digits = (used * 4 + 2) / 3;
    (void)text_set(login->basic + n_digits, 4, "%.*s", (int)(-n_digits & 3), "==");
    explicit_bzero(plain, sizeof(plain));
    return true;
}

bool credentials_usable(const struct credentials *credentials)
{
    return credentials->access_key_id[0] && credentials->secret_access_key[0];
}

static size_t n_in_common(const char *text, const char *secret)
{
    size_t n = strlen(secret), longest = 0;

    if (strlen(text) < PIECE)
        return 0;
    for (const char *at = secret; (at = memmem(at, n - (size_t)(at - secret), text, PIECE)); at++) {
        size_t same = PIECE;
        while (at[same] && at[same] == text[same])
            same++;
        longest = same > longest ? same : longest;
    }
    return longest;
}

void credentials_hide(const struct credentials *credentials, char *text)
{
    while (credentials && *text) {
        size_t n = strspn(text, "0123456789abcdef");
        size_t key = n_in_common(text, credentials->secret_access_key);
        size_t token = n_in_common(text, credentials->session_token);

        n = n >= SIGNATURE ? n : 0;
        n = key > n ? key : n;
        n = token > n ? token : n;
        memset(text, '*', n);
        text += n > 0 ? n : 1;
    }
}

void credentials_clear(struct credentials *credentials)
{
    explicit_bzero(credentials, sizeof(*credentials));
}
