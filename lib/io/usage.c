#include "io/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

static uint64_t micros(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

/* All of a small file of /proc, terminated; "" when it cannot be read. */
static void read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, size - 1) : 0;

    text[length > 0 ? length : 0] = '\0';
    if (fd >= 0)
        (void)close(fd);
}

/* The number behind `skip` words; 0 when there is none. */
static uint64_t number_after(const char *text, unsigned skip)
{
    for (; skip > 0; skip--) {
        text += strspn(text, " ");
        text += strcspn(text, " ");
    }
    return strtoull(text, NULL, 10);
}

/* num_threads, the 20th word. The second one, the name, may hold spaces and parentheses. */
static uint64_t read_threads(void)
{
    char line[1024];

    read_file("/proc/self/stat", line, sizeof(line));
    const char *rest = strrchr(line, ')');
    return rest != NULL ? number_after(rest + 1, 17) : 0;
}

static void read_memory(struct td_usage *usage)
{
    char line[256];
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    read_file("/proc/self/statm", line, sizeof(line));
    usage->virtual_bytes = number_after(line, 0) * page;
    usage->resident_bytes = number_after(line, 1) * page;
}

static uint64_t count_fds(void)
{
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 0;

    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count > 3 ? count - 3 : 0; // ".", ".." and the folder itself
}

struct td_usage td_usage_read(void)
{
    struct td_usage usage = {.open_fds = count_fds(), .threads = read_threads()};
    struct rusage self;
    struct rlimit files;

    read_memory(&usage);
    if (getrusage(RUSAGE_SELF, &self) == 0)
        usage.cpu_us = micros(self.ru_utime) + micros(self.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        usage.max_fds = files.rlim_cur;
    return usage;
}

uint32_t td_usage_disk_free_permille(const char *folder)
{
    struct statvfs disk;

    if (statvfs(folder, &disk) != 0 || disk.f_blocks == 0)
        return 1000;
    return (uint32_t)((uint64_t)disk.f_bavail * 1000 / disk.f_blocks);
}
