/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 20 to 22, 26 and 27: cloud-init, identities, file systems, the kernel's console and drivers.
 */
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "image/judge.h"

/* --- 20: cloud-init --- */

#define CLOUD "/etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg"

/* "datasource_list: [ Ec2, None ]" may go on in the next lines, or be lines of "- Ec2". The last file's counts. */
struct sources {
    bool goes_on;
    char list[LINE_SIZE], file[PATH_SIZE];
};

static void take_sources(void *arg, const char *path, char *line)
{
    struct sources *sources = arg;
    bool begins = text_starts(line, "datasource_list:");

    if (begins) {
        sources->list[0] = '\0';
        (void)text_escape(sources->file, sizeof(sources->file), path, strlen(path));
        line = text_trim(line + strlen("datasource_list:"));
    } else if (!sources->goes_on || (sources->list[0] != '[' && !text_starts(line, "- "))) {
        sources->goes_on = false;
        return;
    }
    text_list(sources->list, sizeof(sources->list), " ", line);
    sources->goes_on = !strchr(line, ']') && (!begins || !line[0] || line[0] == '[');
}

void judge_cloud_init(struct image *image)
{
    static const char *const units[] = {"cloud-init.service",      "cloud-init-local.service",
                                        "cloud-init-main.service", "cloud-init-network.service",
                                        "cloud-config.service",    "cloud-final.service",
                                        "cloud-init.target"};
    struct sources sources = {.goes_on = false};
    static const char code[] = "image-cloud-init";
    static const char *const seeds[] = {"/var/lib/cloud/seed/nocloud/meta-data",
                                        "/var/lib/cloud/seed/nocloud-net/meta-data"};
    char value[LINE_SIZE], file[PATH_SIZE];

    if (!image_has(image, "/usr/bin/cloud-init") && !image_has(image, "/etc/cloud/cloud.cfg")) {
        say(image, "no cloud-init in this image");
        return;
    }
    if (value_read(image, CLOUD, "disable_ec2_metadata", value, file) && says_yes(value))
        find(image, "image-metadata-disabled", file,
             "%s: disable_ec2_metadata adds a route that rejects 169.254.169.254", file);
    if (image_has(image, "/etc/cloud/cloud-init.disabled"))
        find(image, code, "", "/etc/cloud/cloud-init.disabled");
    if (says(image, COMMAND_LINE, "cloud-init=disabled", file))
        find(image, code, "", "%s: cloud-init=disabled", file);
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (image_unit(image, units[i]) == UNIT_MASKED)
            find(image, code, "", "%s is masked", units[i]);
    if (value_read(image, CLOUD, "manual_cache_clean", value, file) && says_yes(value) &&
        image_has(image, "/var/lib/cloud/instance"))
        find(image, code, file, "%s: manual_cache_clean, and the build instance's data is left",
             file);
    (void)lines_read(image, CLOUD, take_sources, &sources);
    bool listed = sources.list[strspn(sources.list, "[] ")];
    if (listed && !strstr(sources.list, "Ec2"))
        find(image, code, sources.file, "%s: datasource_list is without Ec2: %s", sources.file,
             sources.list);
    for (size_t i = 0; i < COUNT_OF(seeds); i++)
        if (image_has(image, seeds[i]) && (!listed || strstr(sources.list, "NoCloud")))
            find(image, code, "", "%s comes before EC2's user data", seeds[i]);
}

/* --- 21: identity --- */

/* Each file of the folder with such a name. */
static void look_for_identity(struct image *image, const char *folder, const char *begins,
                              const char *ends)
{
    LOCAL_NAMES files = file_list(image->root, folder, ends);

    for (size_t i = 0; i < files.n; i++)
        if (text_starts(files.names[i], begins))
            find(image, "image-identity-baked", "", "%s/%s", folder, files.names[i]);
}

void judge_identity(struct image *image)
{
    /* systemd-machine-id-setup(1): without /etc/machine-id, that of D-Bus is taken */
    static const char *const places[] = {"/etc/machine-id", "/var/lib/dbus/machine-id"};
    char id[NAME_SIZE];

    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (file_read_line(image->root, places[i], id, sizeof(id)) && strlen(id) == 32 &&
            strspn(id, "0123456789abcdef") == 32)
            find(image, "image-identity-baked", "", "%s holds an identity", places[i]);
    look_for_identity(image, "/etc/ssh", "ssh_host_", "_key");
    look_for_identity(image, "/var/lib/cloud/instances", "i-", "");
}

/* --- 22: fstab --- */

struct mounts {
    struct image *image;
    bool root_is_read_only, has_state,
        has_config; /* what the agent writes can be written all the same */
    char root_device[LINE_SIZE];
};

/* Disks that an instance has only when somebody attaches them: not sda, xvda, nvme0n1. */
static bool is_second_disk(const char *device)
{
    static const char *const kinds[] = {"/dev/xvd", "/dev/sd", "/dev/nvme"};

    if (text_starts(device, "/dev/vd")) /* virtio: no instance of EC2 has any */
        return true;
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
    static const char *const own[] = {"boot", "efi", "home", "opt", "tmp", "usr", "var"};
    bool is_own = at[0] != '/' || !at[1];

    for (size_t i = 0; i < COUNT_OF(own); i++)
        is_own |= strcspn(at + 1, "/") == strlen(own[i]) && text_starts(at + 1, own[i]);
    return text_starts_any(device, "UUID= LABEL= PARTUUID= PARTLABEL=") && !is_own;
}

/* CIS wants /tmp and /var/tmp so: a note. */
static const struct {
    const char *at, *means;
    enum severity severity;
} noexec[] = {
    {"/usr", "and the agent is there", SEVERITY_FATAL},
    {"/var", "and the agent runs documents below it", SEVERITY_WARNING},
    {"/var/lib", "and the agent runs documents below it", SEVERITY_WARNING},
    {"/var/lib/amazon", "and the agent runs documents below it", SEVERITY_WARNING},
    {"/var/lib/amazon/ssm", "and the agent runs documents below it", SEVERITY_WARNING},
    {"/opt", "where packages of Distributor go", SEVERITY_NOTE},
    {"/tmp", "where AWS-JoinDirectoryServiceDomain unpacks its program", SEVERITY_NOTE},
    {"/var/tmp", "where documents unpack programs", SEVERITY_NOTE},
};

static void take_mount(void *arg, const char *path, char *line)
{
    struct mounts *mounts = arg;
    const char *device = text_next(&line, " \t"), *at = text_next(&line, " \t");
    const char *type = text_next(&line, " \t"), *options = text_next(&line, " \t");

    if (!device || !at || !type || !options)
        return;
    if (!text_has(options, ',', "ro")) {
        mounts->has_state |= text_has("/var /var/lib /var/lib/amazon /var/lib/amazon/ssm", ' ', at);
        mounts->has_config |= text_has("/etc /etc/amazon /etc/amazon/ssm", ' ', at);
    }
    mounts->root_is_read_only |= strcmp(at, "/") == 0 && text_has(options, ',', "ro");
    for (size_t i = 0; i < COUNT_OF(noexec); i++)
        if (strcmp(at, noexec[i].at) == 0 && text_has(options, ',', "noexec"))
            find_as(mounts->image, noexec[i].severity, "image-mounts", at, "%s: %s is noexec, %s",
                    path, at, noexec[i].means);
    if (text_has(options, ',', "nofail") || text_has(options, ',', "noauto") ||
        text_has(options, ',', "x-systemd.automount"))
        return;
    if (strcmp(at, "/") == 0)
        (void)text_escape(mounts->root_device, LINE_SIZE, device, strlen(device));
    if (is_data_disk(device, at) && strcmp(device, mounts->root_device) != 0) /* a subvolume */
        find_warning(mounts->image, "image-mounts", at,
                     "%s: %s on %s without nofail: emergency mode where no disk has it", path,
                     device, at);
    if (is_second_disk(device) && strcmp(type, "swap") == 0)
        find_warning(mounts->image, "image-mounts", at,
                     "%s: %s as swap without nofail: the boot waits 90 s for it", path, device);
    else if (is_second_disk(device) && strcmp(at, "/") != 0)
        find(mounts->image, "image-mounts", at,
             "%s: %s on %s without nofail: emergency mode without it", path, device, at);
}

void judge_mounts(struct image *image)
{
    struct mounts mounts = {.image = image};

    (void)lines_read(image, "/etc/fstab", take_mount, &mounts);
    if (mounts.root_is_read_only && !(mounts.has_state && mounts.has_config))
        find(image, "image-mounts", "/",
             "/etc/fstab: / is read-only, and nothing makes%s%s writable",
             mounts.has_state ? "" : " /var/lib/amazon", mounts.has_config ? "" : " /etc/amazon");
}

/* --- 26: console --- */

void judge_console(struct image *image)
{
    char file[PATH_SIZE];

    if (!says(image, COMMAND_LINE, "root=", file) && !says(image, COMMAND_LINE, "linux", file) &&
        !says(image, COMMAND_LINE, "GRUB_CMDLINE_LINUX", file)) {
        cannot_judge(image, "no boot loader's files in this image");
        return;
    }
    if (says(image, COMMAND_LINE, "console=null", file))
        find(image, "image-console", file, "%s: console=null", file);
    else if (!says(image, COMMAND_LINE, "console=ttyS0", file) &&
             !says(image, COMMAND_LINE, "console=ttyAMA0", file) &&
             !says(image, COMMAND_LINE, "console=hvc0", file))
        find(image, "image-console", "", "no console=ttyS0 in the kernel's command line");
    else
        say(image, "%s", file);
}

/* --- 27: drivers --- */

static bool kernel_has(const struct image *image, const char *kernel, const char *list,
                       const char *module)
{
    LOCAL_BUFFER text = {.max_bytes = IMAGE_FILE_BYTES};
    char path[PATH_SIZE];

    (void)text_set(path, sizeof(path), "/lib/modules/%s/%s", kernel, list);
    return image_reads(image, path, &text) && strstr(text.bytes, module);
}

/* A kernel without nvme of its own needs an initramfs to find its root: Debian's and dracut's name of it. */
static void judge_initramfs(struct image *image, const char *kernel)
{
    static const char *const names[] = {"/boot/vmlinuz-%s", "/boot/initrd.img-%s",
                                        "/boot/initramfs-%s.img", "/boot/initrd-%s"};
    bool has[COUNT_OF(names)];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[PATH_SIZE];
        const char *behind = strchr(names[i], '%') + strlen("%s");
        has[i] = text_set(path, sizeof(path), "%.*s%s%s", (int)(strchr(names[i], '%') - names[i]),
                          names[i], kernel, behind) &&
                 image_has(image, path);
    }
    if (has[0] && !has[1] && !has[2] && !has[3])
        find(image, "image-drivers", "", "/boot has no initramfs for %s, which needs one for nvme",
             kernel);
}

/* False: it is none, or what a removed one left. */
static bool judge_kernel(struct image *image, const char *name, bool any_in_boot)
{
    static const char *const modules[] = {"/ena.ko", "/nvme.ko"};
    char path[PATH_SIZE];

    if (!text_set(path, sizeof(path), "/lib/modules/%s/modules.dep", name) ||
        !image_has(image, path))
        return false;
    (void)text_set(path, sizeof(path), "/boot/vmlinuz-%s", name);
    if (any_in_boot && !image_has(image, path))
        return false;
    for (size_t i = 0; i < COUNT_OF(modules); i++)
        if (!kernel_has(image, name, "modules.dep", modules[i]) &&
            !kernel_has(image, name, "modules.builtin", modules[i]))
            find(image, "image-drivers", "", "/lib/modules/%s is without %.*s", name,
                 (int)strcspn(modules[i] + 1, "."), modules[i] + 1);
    if (!kernel_has(image, name, "modules.builtin", "/nvme.ko"))
        judge_initramfs(image, name);
    return true;
}

#define INITRAMFS "/etc/initramfs-tools/initramfs.conf /etc/initramfs-tools/conf.d/*"

void judge_drivers(struct image *image)
{
    static const char code[] = "image-drivers";
    static const char *const needed[] = {"ena", "nvme", "nvme_core"};
    LOCAL_NAMES in_boot = file_list(image->root, "/boot", "");
    LOCAL_NAMES kernels = file_list(image->root, "/lib/modules", "");
    bool any_in_boot = false;
    int n_kernels = 0;
    char kind[LINE_SIZE], file[PATH_SIZE];

    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (module_forbidden(image, MODPROBE, needed[i], file))
            find(image, code, file, "%s forbids %s", file, needed[i]);
    if (module_forbidden(image, DRACUT, "nvme", file))
        find(image, code, file, "%s omits nvme: the initramfs finds no disk", file);
    /* initramfs.conf(5): "dep" takes what the build's machine needs, "list" what a file names */
    if (value_read(image, INITRAMFS, "MODULES", kind, file) &&
        (strcmp(kind, "dep") == 0 || strcmp(kind, "list") == 0) &&
        !says(image, "/etc/initramfs-tools/modules", "nvme", NULL))
        find_warning(image, code, file,
                     "%s: MODULES=%s, and /etc/initramfs-tools/modules does not name nvme", file,
                     kind);
    for (size_t i = 0; i < in_boot.n; i++)
        any_in_boot |= text_starts(in_boot.names[i], "vmlinuz-");
    for (size_t i = 0; i < kernels.n; i++)
        n_kernels += judge_kernel(image, kernels.names[i], any_in_boot);
    if (n_kernels == 0)
        cannot_judge(image, "no kernel's modules in this image");
}
