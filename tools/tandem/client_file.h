/**
 * @file client_file.h  What a client from outside needs to connect, as one small file.
 *
 * Lines of a name, a space and a value; # starts a comment. lib/client and the examples in Python
 * read it. With a secret in it, only its owner may read the file.
 */
#ifndef TANDEM_CLIENT_FILE_H
#define TANDEM_CLIENT_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct client_file {
    const char *name;
    uint32_t tenant;
    const char *endpoint;   /**< Empty: not known. */
    const char *server_key; /**< Empty: not known. */
    const char *public_key;
    const char *secret_key; /**< Empty: nobody here knows it. */
};

void client_file_print(const struct client_file *file, FILE *out);

/** Writes a new file that its owner alone may read. @return TD_OK; TD_ERR_EXISTS; as errno says. */
enum td_err TD_MUST_CHECK client_file_write(const struct client_file *file, const char *path);

#endif
