/*
 * An integrator: tells Tandem of orders, one JSON object a line on standard input, and says of each
 * when it is on disk.
 *
 *     publish_orders CLIENT_FILE < orders.jsonl
 *
 * Each line needs a member "id" of its own that stays the same when the line is read again: the
 * event's id is made of it, so that an order that was told before is stored once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tandem_client.h"

#define TOPIC "crm.order_placed"
#define BATCH 64
#define PATIENCE_MS 30000

struct batch {
    struct td_client_event events[BATCH];
    char *lines[BATCH];
    size_t count;
};

static uint64_t hash_of(uint64_t hash, const char *text, size_t size) /* FNV-1a */
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
    return hash;
}

/* An id that is the same for the same text, marked as a UUID of version 8. */
static void id_of(const char *text, size_t size, uint8_t id[TD_CLIENT_ID_SIZE])
{
    uint64_t first = hash_of(0xcbf29ce484222325, text, size);
    uint64_t second = hash_of(first, text, size);

    for (int i = 0; i < 8; i++) {
        id[i] = (uint8_t)(first >> (56 - 8 * i));
        id[8 + i] = (uint8_t)(second >> (56 - 8 * i));
    }
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x80);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
}

static int tell(struct td_client *client, struct batch *batch)
{
    enum td_client_result result =
        td_client_publish(client, batch->events, batch->count, PATIENCE_MS);

    for (size_t i = 0; i < batch->count; i++) {
        const struct td_client_event *event = &batch->events[i];

        if (event->result == TD_CLIENT_OK)
            printf("%s %.*s\n", event->repeated ? "stored before" : "stored", (int)event->size,
                   (const char *)event->data);
        else
            fprintf(stderr, "not stored: %.*s: %s\n", (int)event->size, (const char *)event->data,
                    td_client_why(client));
        free(batch->lines[i]);
    }
    batch->count = 0;
    fflush(stdout);
    return result == TD_CLIENT_OK ? 0 : 1;
}

static void add(struct batch *batch, char *line, size_t size)
{
    struct td_client_event *event = &batch->events[batch->count];

    *event = (struct td_client_event){.topic = TOPIC, .key = "orders", .data = line, .size = size};
    id_of(line, size, event->id);
    batch->lines[batch->count++] = line;
}

int main(int argc, char **argv)
{
    struct batch batch = {.count = 0};
    char why[256];
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    int status = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: publish_orders CLIENT_FILE < orders.jsonl\n");
        return 2;
    }
    struct td_client *client = td_client_open(argv[1], why, sizeof(why));
    if (client == NULL) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    while ((size = getline(&line, &room, stdin)) > 0) {
        while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            size--;
        if (size == 0)
            continue;
        add(&batch, line, (size_t)size);
        line = NULL; // It is the batch's now.
        if (batch.count == BATCH)
            status |= tell(client, &batch);
    }
    free(line);
    status |= tell(client, &batch);
    td_client_close(&client);
    return status;
}
