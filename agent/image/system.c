/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 20 to 22, 26 and 27: cloud-init, identities, file systems, the kernel's console and drivers.
 */
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "image/judge.h"

/* --- 20: cloud-init --- */

/* A value of /etc/cloud: cloud.cfg.d after cloud.cfg. */
struct cloud_value {
    const struct image *image;
    const char *key;
    char *to, *file;
};

static void take_cloud_value(void *arg, const char *name)
{
    struct cloud_value *asked = arg;
    char path[PATH_SIZE], value[LINE_SIZE];

    (void)text_set(path, sizeof(path), "/etc/cloud/cloud.cfg.d/%s", name);
    if (!value_read(asked->image, path, asked->key, value, sizeof(value)))
        return;
    (void)text_set(asked->to, LINE_SIZE, "%s", value);
    (void)text_set(asked->file, PATH_SIZE, "%s", path);
}

static bool cloud_value(const struct image *image, const char *key, char to[LINE_SIZE],
                        char file[PATH_SIZE])
{
    struct cloud_value asked = {image, key, to, file};

    (void)text_set(file, PATH_SIZE, "/etc/cloud/cloud.cfg");
    if (!value_read(image, file, key, to, LINE_SIZE))
        file[0] = to[0] = '\0';
    (void)file_list(image->root, "/etc/cloud/cloud.cfg.d", ".cfg", take_cloud_value, &asked);
    return file[0];
}

/* The kernel's command line, as the boot loader's files have it. */
static bool command_line_says(const struct image *image, const char *words, char file[PATH_SIZE])
{
    static const char *const paths[] = {"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg",
                                        "/etc/default/grub",   "/etc/kernel/cmdline",
                                        "/boot/grub2/grubenv", "/boot/grub/menu.lst"};
    static const char *const folders[] = {"/boot/loader/entries", "/efi/loader/entries",
                                          "/boot/efi/loader/entries", "/etc/default/grub.d"};
    static const char *const suffixes[] = {".conf", ".conf", ".conf", ".cfg"};

    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (folder_says(image, folders[i], suffixes[i], words, file))
            return true;
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        if (file_says(image, paths[i], words)) {
            (void)text_set(file, PATH_SIZE, "%s", paths[i]);
            return true;
        }
    return false;
}

void judge_cloud_init(struct image *image)
{
    static const char code[] = "image-cloud-init";
    char value[LINE_SIZE], file[PATH_SIZE];

    if (!image_has(image, "/usr/bin/cloud-init") && !image_has(image, "/etc/cloud/cloud.cfg")) {
        say(image, "no cloud-init in this image");
        return;
    }
    if (cloud_value(image, "disable_ec2_metadata", value, file) && says_yes(value))
        find(image, "image-metadata-disabled", file,
             "%s: disable_ec2_metadata adds a route that rejects 169.254.169.254", file);
    if (image_has(image, "/etc/cloud/cloud-init.disabled"))
        find(image, code, "", "/etc/cloud/cloud-init.disabled");
    if (command_line_says(image, "cloud-init=disabled", file))
        find(image, code, "", "%s: cloud-init=disabled", file);
    if (image_unit(image, "cloud-init.service") == UNIT_MASKED ||
        image_unit(image, "cloud-init-local.service") == UNIT_MASKED)
        find(image, code, "", "cloud-init's service is masked");
    if (cloud_value(image, "datasource_list", value, file) && value[0] == '[' &&
        !strstr(value, "Ec2"))
        find(image, code, file, "%s: datasource_list is without Ec2: %s", file, value);
    if (cloud_value(image, "manual_cache_clean", value, file) && says_yes(value) &&
        image_has(image, "/var/lib/cloud/instance"))
        find(image, code, file, "%s: manual_cache_clean, and the build instance's data is left",
             file);
}

/* --- 21: identity --- */

static void take_host_key(void *arg, const char *name)
{
    if (text_starts(name, "ssh_host_"))
        find(arg, "image-identity-baked", "", "/etc/ssh/%s", name);
}

static void take_cloud_instance(void *arg, const char *name)
{
    if (text_starts(name, "i-"))
        find(arg, "image-identity-baked", "", "/var/lib/cloud/instances/%s", name);
}

void judge_identity(struct image *image)
{
    char id[NAME_SIZE];

    if (file_read_line(image->root, "/etc/machine-id", id, sizeof(id)) && strlen(id) == 32 &&
        strspn(id, "0123456789abcdef") == 32)
        find(image, "image-identity-baked", "", "/etc/machine-id holds an identity");
    (void)file_list(image->root, "/etc/ssh", "_key", take_host_key, image);
    (void)file_list(image->root, "/var/lib/cloud/instances", "", take_cloud_instance, image);
}

/* --- 22: fstab --- */

struct mounts {
    struct image *image;
    bool root_is_read_only, has_var;
};

static bool has_option(const char *options, const char *option)
{
    size_t n = strlen(option);

    for (const char *at = options; (at = strstr(at, option)); at += n)
        if ((at == options || at[-1] == ',') && (!at[n] || at[n] == ','))
            return true;
    return false;
}

/* Disks that an instance has only when somebody attaches them: not sda, xvda, nvme0n1. */
static bool is_second_disk(const char *device)
{
    static const char *const kinds[] = {"/dev/xvd", "/dev/sd", "/dev/nvme"};

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (text_starts(device, kinds[i])) {
            char which = device[strlen(kinds[i])];
            return which != 'a' && which != '0';
        }
    return false;
}

/* By its UUID or label, to a place where an image's own partitions are not mounted: a volume of the builder's. */
static bool is_data_disk(const char *device, const char *at)
{
    static const char *const names[] = {"UUID=", "LABEL=", "PARTUUID=", "PARTLABEL="};
    static const char *const own[] = {"boot", "efi", "home", "opt", "tmp", "usr", "var"};
    bool named = false, is_own = at[0] != '/' || !at[1];

    for (size_t i = 0; i < COUNT_OF(names); i++)
        named |= text_starts(device, names[i]);
    for (size_t i = 0; i < COUNT_OF(own); i++)
        is_own |= strcspn(at + 1, "/") == strlen(own[i]) && text_starts(at + 1, own[i]);
    return named && !is_own;
}

static void take_mount(void *arg, const char *path, char *line)
{
    struct mounts *mounts = arg;
    char *rest = NULL;
    const char *device = strtok_r(line, " \t", &rest), *at = strtok_r(NULL, " \t", &rest);
    const char *type = strtok_r(NULL, " \t", &rest), *options = strtok_r(NULL, " \t", &rest);

    if (!device || !at || !type || !options)
        return;
    mounts->has_var |= strcmp(at, "/var") == 0 && !has_option(options, "ro");
    mounts->root_is_read_only |= strcmp(at, "/") == 0 && has_option(options, "ro");
    if ((strcmp(at, "/var") == 0 || strcmp(at, "/var/lib") == 0 ||
         strcmp(at, "/var/lib/amazon") == 0) &&
        has_option(options, "noexec"))
        find_warning(mounts->image, "image-mounts", at,
                     "%s: %s is noexec, and the agent runs documents below it", path, at);
    if (has_option(options, "nofail") || has_option(options, "noauto"))
        return;
    if (is_data_disk(device, at))
        find_warning(mounts->image, "image-mounts", at,
                     "%s: %s on %s without nofail: emergency mode where no disk has it", path,
                     device, at);
    if (is_second_disk(device) && strcmp(at, "/") != 0)
        find(mounts->image, "image-mounts", at,
             "%s: %s on %s without nofail: emergency mode without it", path, device, at);
}

void judge_mounts(struct image *image)
{
    struct mounts mounts = {.image = image};

    (void)lines_read(image, "/etc/fstab", take_mount, &mounts);
    if (mounts.root_is_read_only && !mounts.has_var)
        find(image, "image-mounts", "/",
             "/etc/fstab: / is read-only and /var has no file system of its own");
}

/* --- 26: console --- */

void judge_console(struct image *image)
{
    char file[PATH_SIZE];

    if (!command_line_says(image, "root=", file) && !command_line_says(image, "linux", file) &&
        !command_line_says(image, "GRUB_CMDLINE_LINUX", file)) {
        cannot_judge(image, "no boot loader's files in this image");
        return;
    }
    if (command_line_says(image, "console=null", file))
        find(image, "image-console", file, "%s: console=null", file);
    else if (!command_line_says(image, "console=ttyS0", file) &&
             !command_line_says(image, "console=ttyAMA0", file) &&
             !command_line_says(image, "console=hvc0", file))
        find(image, "image-console", "", "no console=ttyS0 in the kernel's command line");
    else
        say(image, "%s", file);
}

/* --- 27: drivers --- */

struct drivers {
    struct image *image;
    int n_kernels;
};

static bool kernel_has(const struct image *image, const char *kernel, const char *module)
{
    static const char *const lists[] = {"modules.dep", "modules.builtin"};

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        char path[PATH_SIZE];
        struct buffer text;
        bool has = false;

        (void)text_set(path, sizeof(path), "/lib/modules/%s/%s", kernel, lists[i]);
        if (image_reads(image, path, &text))
            has = strstr(text.bytes, module);
        buffer_clear(&text);
        if (has)
            return true;
    }
    return false;
}

static void take_kernel(void *arg, const char *name)
{
    static const char *const modules[] = {"/ena.ko", "/nvme.ko"};
    struct drivers *drivers = arg;
    char path[PATH_SIZE];

    if (!text_set(path, sizeof(path), "/lib/modules/%s/modules.dep", name) ||
        !image_has(drivers->image, path))
        return;
    drivers->n_kernels++;
    for (size_t i = 0; i < COUNT_OF(modules); i++)
        if (!kernel_has(drivers->image, name, modules[i]))
            find(drivers->image, "image-drivers", "", "/lib/modules/%s is without %.*s", name,
                 (int)strcspn(modules[i] + 1, "."), modules[i] + 1);
}

void judge_drivers(struct image *image)
{
    static const char *const bans[] = {"blacklist ena", "blacklist nvme", "install ena /bin/",
                                       "install nvme /bin/"};
    struct drivers drivers = {.image = image};
    char file[PATH_SIZE];

    for (size_t i = 0; i < COUNT_OF(bans); i++)
        if (folder_says(image, "/etc/modprobe.d", ".conf", bans[i], file))
            find(image, "image-drivers", file, "%s: %s", file, bans[i]);
    (void)file_list(image->root, "/lib/modules", "", take_kernel, &drivers);
    if (drivers.n_kernels == 0)
        cannot_judge(image, "no kernel's modules in this image");
}
