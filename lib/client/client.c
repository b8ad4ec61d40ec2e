#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <zmq.h>

#include "base/id.h"
#include "base/str.h"
#include "client/private.h"

#define LINE_SIZE 256

uint64_t client_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum td_client_result client_fail(struct td_client *client, enum td_client_result result,
                                  const char *sentence, ...)
{
    va_list args;

    va_start(args, sentence);
    (void)vsnprintf(client->why, sizeof(client->why), sentence, args);
    va_end(args);
    return result;
}

const char *td_client_why(const struct td_client *client)
{
    return client->why;
}

void td_client_new_id(uint8_t id[TD_CLIENT_ID_SIZE])
{
    struct timespec now;
    uint8_t random[10];
    size_t filled = 0;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    while (filled < sizeof(random)) {
        ssize_t got = getrandom(random + filled, sizeof(random) - filled, 0);
        filled += got > 0 ? (size_t)got : 0;
    }
    struct td_id made =
        td_id_make((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000, random);
    memcpy(id, made.bytes, TD_CLIENT_ID_SIZE);
}

/* --- the file ----------------------------------------------------------------------------------
 */

/* "NAME VALUE"; what other releases may add is passed over. */
static void take_line(struct td_client *client, char *line)
{
    char *value = strchr(line, ' ');
    const struct {
        const char *name;
        char *to;
        size_t size;
    } known[] = {
        {"endpoint", client->endpoint, sizeof(client->endpoint)},
        {"server_key", client->server_key, sizeof(client->server_key)},
        {"public_key", client->public_key, sizeof(client->public_key)},
        {"secret_key", client->secret_key, sizeof(client->secret_key)},
    };

    if (value == NULL)
        return;
    *value++ = '\0';
    value[strcspn(value, "\r\n")] = '\0';
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (td_str_equal(line, known[i].name))
            (void)td_str_copy(known[i].to, known[i].size, value); // Too long: it stays empty.
    }
}

static bool is_key(const char *text)
{
    uint8_t bytes[32];

    return strlen(text) == CLIENT_KEY_SIZE - 1 && zmq_z85_decode(bytes, text) != NULL;
}

/* @return NULL, or what is missing. */
static const char *read_file(struct td_client *client, const char *path)
{
    char line[LINE_SIZE];
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return strerror(errno);
    while (fgets(line, sizeof(line), file) != NULL)
        take_line(client, line);
    (void)fclose(file);
    explicit_bzero(line, sizeof(line));
    if (client->endpoint[0] == '\0')
        return "endpoint: missing";
    if (!is_key(client->server_key))
        return "server_key: missing, or not 40 characters of Z85";
    if (!is_key(client->public_key))
        return "public_key: missing, or not 40 characters of Z85";
    if (!is_key(client->secret_key))
        return "secret_key: missing, or not 40 characters of Z85";
    return NULL;
}

/* --- life --------------------------------------------------------------------------------------
 */

static bool take_memory(struct td_arena *arena)
{
    void *block = malloc(CLIENT_ARENA_SIZE);

    if (block != NULL)
        td_arena_init(arena, block, CLIENT_ARENA_SIZE);
    return block != NULL;
}

static const char *open_client(struct td_client *client, const char *path)
{
    const char *fault = read_file(client, path);

    if (fault != NULL)
        return fault;
    client->last = &client->first;
    client->context = zmq_ctx_new();
    if (client->context == NULL || !take_memory(&client->arena) ||
        !take_memory(&client->taken_arena))
        return "out of memory";
    return client_connect(client) ? NULL : "endpoint: cannot be connected to";
}

struct td_client *td_client_open(const char *path, char *why, size_t why_size)
{
    struct td_client *client = calloc(1, sizeof(*client));
    const char *fault = client != NULL ? open_client(client, path) : "out of memory";

    if (fault == NULL)
        return client;
    if (why != NULL && why_size > 0)
        (void)snprintf(why, why_size, "%s: %s", path, fault);
    td_client_close(&client);
    return NULL;
}

void td_client_close(struct td_client **client)
{
    struct td_client *self = *client;

    if (self == NULL)
        return;
    *client = NULL;
    client_disconnect(self);
    if (self->context != NULL)
        (void)zmq_ctx_term(self->context);
    if (self->last != NULL)
        client_forget_arrived(self);
    free(self->taken);
    free(self->arena.base);
    free(self->taken_arena.base);
    explicit_bzero(self->secret_key, sizeof(self->secret_key));
    free(self);
}
