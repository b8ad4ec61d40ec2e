#include "tandem/client_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

static void print_line(FILE *out, const char *name, const char *value)
{
    if (value[0] != '\0')
        (void)fprintf(out, "%s %s\n", name, value);
    else
        (void)fprintf(out, "# %s is not known here\n", name);
}

void client_file_print(const struct client_file *file, FILE *out)
{
    if (file->secret_key[0] != '\0')
        (void)fprintf(out, "# Whoever has this is client \"%s\" of tenant %u: keep it secret.\n",
                      file->name, file->tenant);
    print_line(out, "endpoint", file->endpoint);
    print_line(out, "server_key", file->server_key);
    print_line(out, "public_key", file->public_key);
    print_line(out, "secret_key", file->secret_key);
}

enum td_err client_file_write(const struct client_file *file, const char *path)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (descriptor < 0)
        return td_err_from_errno(errno);
    FILE *out = fdopen(descriptor, "w");
    if (out == NULL) {
        (void)close(descriptor);
        return TD_ERR_NO_MEMORY;
    }
    client_file_print(file, out);
    bool is_whole = fflush(out) == 0 && fsync(descriptor) == 0;
    if (fclose(out) == 0 && is_whole)
        return TD_OK;
    (void)unlink(path);
    return TD_ERR_INTERNAL;
}
