/* SPDX-License-Identifier: Apache-2.0
 *
 * The INI files of the AWS SDK for Go, as its own parser takes them, which refuses more than others and ends the agent then.
 */
#include <string.h>

#include "discover/agent.h"

/* Takes the next token of an INI file as the SDK cuts it (aws-sdk-go internal/ini): L a word, w white space, n the end of a line, o an
 * operator, c a comment, or itself; a quote that is not closed, by which the SDK takes the whole file for an empty one. Zero at the end. */
static char take_token(const char **at)
{
    const char *from = *at;
    bool ends = from[0] == '\r' && from[1] == '\n';

    if (!from[0])
        return '\0';
    *at += 1 + ends;
    if (ends || from[0] == '\n')
        return 'n';
    if (strchr(",[]", from[0]))
        return from[0];
    if (strchr("=:", from[0]))
        return 'o';
    if (strchr(" \t\v\f", from[0]))
        return 'w';
    if (strchr("#;", from[0])) {
        *at = from + strcspn(from, "\n");
        return 'c';
    }
    if (from[0] != '"') {
        while (**at && !strchr(":=[] \n", **at))
            (*at)++;
        return 'L';
    }
    while (**at && (**at != '"' || (*at)[-1] == '\\'))
        (*at)++;
    char token = **at ? 'L' : '"';
    *at += **at == '"';
    return token;
}

/* The SDK's parser (ini_parser.go, parseTable, and what its visitor refuses), a state each: what follows upon each token. Upper case
 * goes on, ! is refused. Where a line is skipped, the ones below it that are indented are skipped too. */
bool sdk_takes_ini(const char *text)
{
    enum { START, COMMENT, WORD, EQUALS, OPEN, NAME, VALUE, CLOSED, SKIP };
    static const char tokens[] = "L[]own,c", states[] = "SCWEONVDK";
    static const char *const next[] = {
        /*            L[]own,c and the end */
        [START] = "WO!!SS!C.",  [COMMENT] = "WO!!CC!C.", [WORD] = "W!!EWK!!!",
        [EQUALS] = "VVVVEK!!.", [OPEN] = "N!!!OO!!!",    [NAME] = "N!DNNN!!!",
        [VALUE] = "VVVVVSKC.",  [CLOSED] = "WO!!DD!C.",  [SKIP] = "WO!!KK!C."};
    char state = 'S', before = '\0', token;
    bool skips = false;

    while ((token = take_token(&text))) {
        if (token == '"')
            return true;
        skips = skips && !(before == 'n' && token != 'w');
        before = token;
        if (skips || state == '!')
            continue;
        char to = next[strchr(states, state) - states][strchr(tokens, token) - tokens];
        skips = to == 'K' && state != 'K';
        state = to;
    }
    return state != '!' && next[strchr(states, state) - states][strlen(tokens)] != '!';
}
