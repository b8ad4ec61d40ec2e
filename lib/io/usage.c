#include "io/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

static uint64_t micros(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

/* stat's 20th field, num_threads; the second, the name, may hold spaces and parentheses. */
static uint64_t read_threads(void)
{
    char line[1024];
    unsigned long long threads = 0;
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;

    ssize_t size = read(fd, line, sizeof(line) - 1);
    (void)close(fd);
    line[size > 0 ? size : 0] = '\0';
    const char *rest = strrchr(line, ')');
    if (rest == NULL ||
        sscanf(rest + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %llu",
               &threads) != 1)
        return 0;
    return threads;
}

static void read_memory(struct td_usage *usage)
{
    unsigned long long total = 0;
    unsigned long long resident = 0;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return;

    if (fscanf(file, "%llu %llu", &total, &resident) == 2) {
        usage->virtual_bytes = total * page;
        usage->resident_bytes = resident * page;
    }
    (void)fclose(file);
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
