/* SPDX-License-Identifier: Apache-2.0
 *
 * Read anew for each name: six short files at most, and no state to keep.
 */
#include "observe/hosts.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "net/address.h"

static bool line_names(char *line, const char *name, char address[ADDRESS_SIZE])
{
    struct sockaddr_storage parsed;
    socklen_t length;
    char *rest = NULL;

    line[strcspn(line, "#\r")] = '\0';
    const char *first = strtok_r(line, " \t", &rest);
    if (!first || !address_parse(first, 0, &parsed, &length))
        return false;
    for (const char *word = strtok_r(NULL, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest))
        if (strcasecmp(word, name) == 0)
            return text_set(address, ADDRESS_SIZE, "%s", first);
    return false;
}

int hosts_look_up(const char *root, const char *name, char addresses[][ADDRESS_SIZE])
{
    struct buffer contents;
    char *rest = NULL;
    int n = 0;

    buffer_init(&contents, FILE_MAX_BYTES);
    if (file_read(root, "/etc/hosts", &contents) != 0)
        return 0;
    for (char *line = strtok_r(contents.bytes, "\n", &rest); line && n < MAX_ADDRESSES;
         line = strtok_r(NULL, "\n", &rest))
        n += line_names(line, name, addresses[n]);
    buffer_clear(&contents);
    return n;
}
