/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads files below a root directory (`--root`), whole and with a hard maximum. Nothing outside of the
 * root is opened, wherever its links lead. Writes a file so that a reader sees the old or the new
 * one, never half of it.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buffer.h"

enum { FILE_MAX_BYTES = 4 * 1024 * 1024 };

/* Hears of each file and folder that is opened to be read; where that fails, of -1, and errno says why. NULL: nobody hears. */
extern void (*file_opened)(const char *path, bool is_folder, int fd);

/* open(2) of a path as the programs of the root see it; an empty root is none. Trouble is noted. */
int root_open(const char *root, const char *path, int flags);

/* Closes it where it is one, errno stays; and a descriptor of the block that declares it, which closes it at its end. */
void file_close(const int *fd);
#define LOCAL_FD __attribute__((cleanup(file_close))) int

/* A regular file, to be read; anything else is not opened below a root. -1 with errno set: EISDIR, ENODATA for a device like
 * /dev/null, EINVAL for what is neither. */
int file_open(const char *root, const char *path);

/* Of this process and its machine, not of the file: no descriptors, no memory, a disk that fails. */
bool file_is_trouble(int os_error);

/* What could not be looked at for such a reason, the first since the last call: "/etc/hosts: Input/output error".
 * False when nothing was. */
bool file_take_trouble(char *to, size_t size);

/* Notes that `what` could not be looked at; if it was for such a reason, which returns the error. */
void file_keep_trouble(const char *what, int os_error);
int file_note_trouble(const char *what, int os_error);

/* Reads root + path whole into `contents`, an initialised buffer whose max_bytes is the limit.
 * Returns 0, or an errno value (EFBIG when it is longer); on failure contents stays empty. */
int file_read(const char *root, const char *path, struct buffer *contents);

/* The same, as Go's net package reads its files (net/parse.go): up to a line of 64 KB. A zero byte ends no text:
 * it is replaced by a byte that is no blank either. */
int file_read_as_go(const char *root, const char *path, struct buffer *contents);

/* Reads the first line, without its end. False when there is none. */
bool file_read_line(const char *root, const char *path, char *line, size_t size);

/* The first bytes, as many as there are; 0 also when it cannot be read. */
size_t file_read_start(const char *root, const char *path, char *bytes, size_t n);

bool file_exists(const char *root, const char *path);

/* What it is: stat(2), or lstat(2) without `follow`. False when it is not there. */
bool file_look(const char *root, const char *path, bool follow, struct stat *status);

/* The target of a symbolic link; false when it is none. */
bool file_read_link(const char *root, const char *path, char *target, size_t size);

/* The names in a directory that end in `suffix`, sorted by byte value: at most 1024, among the first 65,536 entries.
 * LOCAL_NAMES: of the block that declares them, which frees them at its end. */
struct file_names {
    char **names;
    size_t n;
    int error; /* errno, where the directory cannot be read; 0: it can */
};
struct file_names file_list(const char *root, const char *path, const char *suffix);
void file_names_free(struct file_names *names);
#define LOCAL_NAMES __attribute__((cleanup(file_names_free))) struct file_names

/* Writes through a temporary file in the same directory and a rename. A device or a pipe at `path` is
 * not replaced, but written to, for 3 s at most. A symbolic link to a file is refused (ELOOP). Returns
 * 0 or errno. */
int file_write_atomically(const char *path, const char *bytes, size_t n, mode_t mode);

#endif
