#include "io/zoneinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/usr/share/zoneinfo/"
#define NAME_MAX_BYTES 63
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_+-"

/* Nothing that leads out of the folder: there is no dot among the characters. */
static bool is_zone_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= NAME_MAX_BYTES && name[0] != '/' &&
           strspn(name, NAME_CHARACTERS) == length;
}

static enum td_err read_all(int fd, uint8_t *buffer, size_t size, struct td_bytes *bytes)
{
    size_t have = 0;

    for (;;) {
        ssize_t count = read(fd, buffer + have, size - have);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return td_err_from_errno(errno);
        if (count == 0)
            break;
        have += (size_t)count;
        if (have == size)
            return TD_ERR_LIMIT; // One byte of room is the proof that it ended.
    }
    *bytes = td_bytes(buffer, have);
    return TD_OK;
}

enum td_err td_zoneinfo_read(const char *name, uint8_t *buffer, size_t size, struct td_bytes *bytes)
{
    char path[sizeof(FOLDER) + NAME_MAX_BYTES];
    struct stat info;
    if (!is_zone_name(name))
        return TD_ERR_SYNTAX;

    (void)snprintf(path, sizeof(path), FOLDER "%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? TD_ERR_NOT_FOUND : td_err_from_errno(errno);
    enum td_err err = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? TD_OK : TD_ERR_NOT_FOUND;
    if (err == TD_OK)
        err = read_all(fd, buffer, size, bytes);
    (void)close(fd);
    return err;
}
