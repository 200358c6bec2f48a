/* SPDX-License-Identifier: Apache-2.0
 *
 * Words: of a command line, of whoever asks for a page, and of servers that may show what they were sent.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "discover/imds.h"
#include "model/report.h"
#include "net/credentials.h"
#include "options.h"
#include "report/report.h"
#include "targets.h"

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
bool __wrap_buffer_add_inflated(struct buffer *to, const char *dictionary, size_t n_dictionary,
                                const unsigned char *bytes, size_t n);
bool __real_buffer_add_inflated(struct buffer *to, const char *dictionary, size_t n_dictionary,
                                const unsigned char *bytes, size_t n) __attribute__((weak));

/* All pages are inflated once: nobody else wrote them, and they would take more time than what is tried. */
bool __wrap_buffer_add_inflated(struct buffer *to, const char *dictionary, size_t n_dictionary,
                                const unsigned char *bytes, size_t n)
{
    static struct buffer all = {.max_bytes = REPORT_MAX_BYTES};

    if (bytes != page_texts)
        return __real_buffer_add_inflated(to, dictionary, n_dictionary, bytes, n);
    return (all.used > 0 || __real_buffer_add_inflated(&all, "", 0, bytes, n)) &&
           buffer_add(to, all.bytes, all.used);
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

/* A line is an argument. Below the root there is no configuration. */
void fuzz_arguments(const uint8_t *bytes, size_t n)
{
    enum { MAX_ARGUMENTS = 32 };
    static struct options options;
    char *lines = fuzz_text(bytes, n), *rest = lines, name[] = "ssm-preflight";
    char root[] = "--root=/nonexistent";
    char *argv[MAX_ARGUMENTS + 1] = {name, root};
    int argc = 2;

    while (argc < MAX_ARGUMENTS && (argv[argc] = strsep(&rest, "\n")))
        argc++;
    argv[argc] = NULL;
    bool taken = options_read(argc, argv, "terminal json", &options);
    fuzz_require(taken || options.error[0], "an error says something");
    fuzz_require(memchr(options.error, '\0', sizeof(options.error)), "an error ends");
    fuzz_require(options.n_words >= 0 && options.n_words < argc, "no more words than arguments");
    free(lines);
}

void fuzz_endpoint(const uint8_t *bytes, size_t n)
{
    struct imds_endpoint endpoint = {.port = 0};
    char *text = fuzz_text(bytes, n);

    if (imds_parse_endpoint(text, &endpoint)) {
        fuzz_require(endpoint.port > 0 && endpoint.address[0], "there is an address and a port");
        fuzz_require_text(endpoint.address, sizeof(endpoint.address));
    }
    free(text);
}

/* What is left has no dozen characters of a secret in a row. */
void fuzz_hide(const uint8_t *bytes, size_t n)
{
    static const struct credentials credentials = {
        .access_key_id = "ASIAEXAMPLE",
        .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        .session_token = "IQoJb3JpZ2luX2VjEXAMPLE//////////EXAMPLEEXAMPLEabcabcabcabcabcabc"};
    const char *const secrets[] = {credentials.secret_access_key, credentials.session_token};
    enum { PIECE = 12 };
    char *text = fuzz_text(bytes, n);
    size_t length = strlen(text);

    credentials_hide(&credentials, text);
    fuzz_require(strlen(text) == length, "a text stays as long as it was");
    for (size_t i = 0; i < COUNT_OF(secrets); i++)
        for (size_t at = 0; at + PIECE <= strlen(secrets[i]); at++)
            fuzz_require(!memmem(text, length, secrets[i] + at, PIECE), "a secret is hidden");
    credentials_hide(NULL, text);
    free(text);
}

void fuzz_explain(const uint8_t *bytes, size_t n)
{
    char *name = fuzz_text(bytes, n);
    const struct style style = {.json = n % 2};
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};

    (void)explain_write(name, &style, &text);
    fuzz_require(text.used > 0 && !text.failed, "there is a page, or a reason why not");
    free(name);
}
