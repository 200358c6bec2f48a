/* SPDX-License-Identifier: Apache-2.0
 *
 * What the checks read: lines, key=value files, units by systemd.unit(5), programs by their ELF header.
 */
#ifndef IMAGE_READ_H
#define IMAGE_READ_H

#include "base/buffer.h"
#include "image/judge.h"

/* Calls `each` with the lines of a file, trimmed, joined where one ends in a backslash, without those
 * that are empty or a comment (# and ;). False when it cannot be read. */
bool lines_read(const struct image *image, const char *path,
                void (*each)(void *arg, const char *path, char *line), void *arg);

/* The same for the files of a folder that end in `suffix`. */
void folder_read(const struct image *image, const char *folder, const char *suffix,
                 void (*each)(void *arg, const char *path, char *line), void *arg);

/* Whether a line of the file, or of a file of the folder, holds these words, in this order. `file` is
 * where. */
bool file_says(const struct image *image, const char *path, const char *words);
bool folder_says(const struct image *image, const char *folder, const char *suffix,
                 const char *words, char file[PATH_SIZE]);

/* The value of the last KEY=VALUE (or "KEY: VALUE", or "KEY VALUE"), without quotes. */
bool value_read(const struct image *image, const char *path, const char *key, char *to,
                size_t size);

/* yes, true, on, 1 */
bool says_yes(const char *value);

bool image_has(const struct image *image, const char *path);
bool image_reads(const struct image *image, const char *path, struct buffer *to); /* to 16 MB */

/* e_machine of an ELF program; -1 when it is none, 0 when it is not there. */
int elf_machine(const struct image *image, const char *path);
const char *elf_machine_name(int machine);

/* Where default.target leads; and image->targets, all that a boot to the target `first` reaches. */
void default_target(const struct image *image, char to[NAME_SIZE]);
void targets_read(struct image *image, const char *first);

/* A unit as the next boot finds it: masked, absent, enabled below a target that is reached, or not. */
enum unit_state image_unit(const struct image *image, const char *unit);

/* True when one of the space-separated units is enabled; `which` is the first. */
bool any_enabled(const struct image *image, const char *units, char which[NAME_SIZE]);

/* The value of a key of a service (discover/unit.h): the last one, or the whole list; an empty assignment empties it. Drop-ins
 * count. `file` is where it was assigned last. False when no file assigns it. */
bool unit_value(const struct image *image, const char *unit, const char *key, bool is_list,
                char *to, size_t size, char file[PATH_SIZE]);

#endif
