#include "media/recording_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* Makes every folder on the way to the file. */
static void make_folders(const char *path)
{
    char folder[RECORDING_PATH_SIZE];

    if (td_str_copy(folder, sizeof(folder), path) != TD_OK)
        return; // Opening the file will tell.
    for (char *c = folder + 1; *c != '\0'; c++) {
        if (*c != '/')
            continue;
        *c = '\0';
        (void)mkdir(folder, 0750); // It is there already, or opening the file will tell why not.
        *c = '/';
    }
}

static bool write_at(struct recording_file *file, const void *data, size_t size, off_t place)
{
    const char *at = data;

    while (size > 0) {
        ssize_t written = pwrite(file->fd, at, size, place);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            file->err = td_err_from_errno(written == 0 ? ENOSPC : errno);
            return false;
        }
        at += written;
        place += written;
        size -= (size_t)written;
    }
    return true;
}

void recording_file_open(struct recording_file *file, const char *path)
{
    *file = (struct recording_file){.fd = -1};
    make_folders(path);
    file->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (file->fd < 0)
        file->err = td_err_from_errno(errno);
    else
        recording_file_append(file, NULL, 0);
}

void recording_file_append(struct recording_file *file, const struct media_tape_frame *frames,
                           size_t count)
{
    uint8_t header[MEDIA_WAV_HEADER_SIZE];
    off_t place = MEDIA_WAV_HEADER_SIZE + (off_t)(file->frame_count * sizeof(*frames));

    if (file->err != TD_OK || !write_at(file, frames, count * sizeof(*frames), place))
        return;
    // Only now: a header that promises more than there is makes a file no player takes.
    media_wav_header(file->frame_count + count, header);
    if (write_at(file, header, sizeof(header), 0))
        file->frame_count += count;
}

void recording_file_close(struct recording_file *file)
{
    if (file->fd < 0)
        return;
    if (fdatasync(file->fd) != 0 && file->err == TD_OK)
        file->err = td_err_from_errno(errno);
    if (close(file->fd) != 0 && file->err == TD_OK)
        file->err = td_err_from_errno(errno);
    file->fd = -1;
}
