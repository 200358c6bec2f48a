/* SPDX-License-Identifier: Apache-2.0
 *
 * The reasons of OpenSSL in our vocabulary. libcurl empties OpenSSL's error queue, but writes the
 * first error's number into its message, from where it is read back.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/dial.h"
#include "net/tls.h"

static const struct {
    int reason;
    enum failure failure;
} reasons[] = {
    {SSL_R_WRONG_VERSION_NUMBER, FAILURE_NOT_TLS}, /* the first bytes are no TLS record */
    {SSL_R_HTTP_REQUEST, FAILURE_NOT_TLS},
    {SSL_R_HTTPS_PROXY_REQUEST, FAILURE_NOT_TLS},
    {SSL_R_UNKNOWN_PROTOCOL, FAILURE_NOT_TLS},
    {SSL_R_BAD_RECORD_TYPE, FAILURE_NOT_TLS},
    {SSL_R_RECORD_LAYER_FAILURE, FAILURE_NOT_TLS},
    {SSL_R_PACKET_LENGTH_TOO_LONG, FAILURE_NOT_TLS},
    {SSL_R_DATA_LENGTH_TOO_LONG, FAILURE_NOT_TLS},
    {SSL_R_ENCRYPTED_LENGTH_TOO_LONG, FAILURE_NOT_TLS},
    {SSL_R_UNSUPPORTED_PROTOCOL, FAILURE_TLS_VERSION},
    {SSL_R_UNSUPPORTED_SSL_VERSION, FAILURE_TLS_VERSION},
    {SSL_R_WRONG_SSL_VERSION, FAILURE_TLS_VERSION},
    {SSL_R_VERSION_TOO_LOW, FAILURE_TLS_VERSION},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, FAILURE_CLOSED},
    {SSL_R_EE_KEY_TOO_SMALL, FAILURE_UNTRUSTED},
    {SSL_R_CA_KEY_TOO_SMALL, FAILURE_UNTRUSTED},
    {SSL_R_CA_MD_TOO_WEAK, FAILURE_UNTRUSTED},
};

/* The number behind the last "error:", 0 when there is none. */
static unsigned long error_number(const char *text)
{
    static const char mark[] = "error:";
    unsigned long number = 0;

    for (const char *found = strstr(text, mark); found != NULL; found = strstr(found, mark)) {
        found += strlen(mark);
        number = strtoul(found, NULL, 16);
    }
    return number;
}

static enum failure reason_failure(int reason)
{
    if (reason == SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION)
        return FAILURE_TLS_VERSION;
    if (reason > SSL_AD_REASON_OFFSET)
        return FAILURE_TLS_ALERT; /* the peer's; 1000 and the number of the alert */
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].reason == reason)
            return reasons[i].failure;
    return FAILURE_MALFORMED;
}

enum failure tls_failure(struct tls_peer *peer, const char *error, int os_error)
{
    unsigned long number = error_number(error);

    if (peer->shown && peer->failure != FAILURE_NONE)
        return peer->failure;
    if (os_error != 0) {
        dial_words(os_error, peer->detail, sizeof(peer->detail));
        return dial_failure(os_error);
    }
    if (number == 0)
        return FAILURE_NONE;
    const char *words = ERR_reason_error_string(number);
    text_set(peer->detail, sizeof(peer->detail), "%s", words != NULL ? words : "");
    return ERR_GET_LIB(number) == ERR_LIB_SSL ? reason_failure(ERR_GET_REASON(number))
                                              : FAILURE_MALFORMED;
}
