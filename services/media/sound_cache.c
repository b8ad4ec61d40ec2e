#include "media/sound_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 1024
#define NAME_SIZE 96

static enum td_err read_all(int fd, size_t count_max, int16_t **samples, size_t *count)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return td_err_from_errno(errno);
    size_t size = (size_t)status.st_size;
    if (size % sizeof(int16_t) != 0 || size / sizeof(int16_t) > count_max)
        return TD_ERR_SYNTAX;
    int16_t *memory = malloc(size + 1);
    if (memory == NULL)
        return TD_ERR_NO_MEMORY;
    if (read(fd, memory, size) != (ssize_t)size) {
        free(memory);
        return TD_ERR_INTERNAL;
    }
    (void)futimens(fd, NULL); // Used now: the last to be removed.
    *samples = memory;
    *count = size / sizeof(int16_t);
    return TD_OK;
}

enum td_err sound_cache_read(const char *path, size_t count_max, int16_t **samples, size_t *count)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return td_err_from_errno(errno);
    enum td_err err = read_all(fd, count_max, samples, count);
    (void)close(fd);
    return err;
}

enum td_err sound_cache_write(const char *path, const int16_t *samples, size_t count)
{
    char beside[PATH_SIZE];
    ssize_t size = (ssize_t)(count * sizeof(*samples));

    if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
        return TD_ERR_LIMIT;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return td_err_from_errno(errno);
    bool whole = write(fd, samples, (size_t)size) == size;
    if (close(fd) == 0 && whole && rename(beside, path) == 0)
        return TD_OK;
    (void)unlink(beside);
    return TD_ERR_INTERNAL;
}

struct entry {
    char name[NAME_SIZE];
    uint64_t size;
    time_t used_at;
};

static int by_use(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;

    return (left->used_at > right->used_at) - (left->used_at < right->used_at);
}

/* The folder's files, and their size in all. */
static size_t list_files(DIR *folder, struct entry **entries, uint64_t *bytes)
{
    size_t count = 0;
    size_t capacity = 0;
    const struct dirent *found;

    while ((found = readdir(folder)) != NULL) {
        struct stat status;

        if (strlen(found->d_name) >= NAME_SIZE ||
            fstatat(dirfd(folder), found->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        if (count == capacity) {
            capacity = capacity == 0 ? 256 : capacity * 2;
            struct entry *grown = realloc(*entries, capacity * sizeof(*grown));
            if (grown == NULL)
                return count;
            *entries = grown;
        }
        struct entry *entry = &(*entries)[count++];
        memcpy(entry->name, found->d_name, strlen(found->d_name) + 1);
        entry->size = (uint64_t)status.st_size;
        entry->used_at = status.st_mtime;
        *bytes += entry->size;
    }
    return count;
}

void sound_cache_trim(const char *folder, uint64_t bytes_max)
{
    DIR *open_folder = opendir(folder);
    struct entry *entries = NULL;
    uint64_t bytes = 0;

    if (open_folder == NULL)
        return;
    size_t count = list_files(open_folder, &entries, &bytes);
    if (bytes > bytes_max)
        qsort(entries, count, sizeof(*entries), by_use);
    for (size_t i = 0; i < count && bytes > bytes_max; i++) {
        if (unlinkat(dirfd(open_folder), entries[i].name, 0) == 0)
            bytes -= entries[i].size;
    }
    free(entries);
    (void)closedir(open_folder);
}
