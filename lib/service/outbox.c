#include "service/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/private.h"

#define LANES 1024 /* buckets; entries of keys in one bucket share only the search */
#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 1000

struct entry {
    struct td_call call; /* strings and payload are copies, in `memory` */
    td_reply_fn *done;
    void *ctx;
    struct entry *next;
    char to[32];
    char instance[64];
    char type[64];
    char key[128];
    uint8_t payload[];
};

/* The entries of one key, first in first out; exists while there are any. */
struct lane {
    struct td_outbox *outbox;
    struct entry *first;
    struct entry *last;
    struct td_timer retry;
    uint32_t pause_ms;
    bool in_flight; /* its answer finds the lane: it is freed there and nowhere else */
    struct lane *next;
};

struct td_outbox {
    struct td_service *service;
    struct lane *lanes[LANES];
    size_t waiting;
    size_t in_flight;
    bool closing;
    uint64_t *waiting_gauge;
    uint64_t *dropped;
};

static struct lane **lane_link(struct td_outbox *outbox, const char *key)
{
    struct lane **link = &outbox->lanes[td_str_hash(key, strlen(key)) % LANES];

    while (*link != NULL && !td_str_equal((*link)->first->key, key))
        link = &(*link)->next;
    return link;
}

static void free_lane(struct lane *lane)
{
    td_timer_stop(&lane->retry);
    while (lane->first != NULL) {
        struct entry *entry = lane->first;
        lane->first = entry->next;
        free(entry);
    }
    free(lane);
}

static void count(struct td_outbox *outbox, long change)
{
    outbox->waiting = (size_t)((long)outbox->waiting + change);
    *outbox->waiting_gauge = outbox->waiting;
}

static bool is_worth_another_try(enum td_err err)
{
    return err == TD_ERR_TIMEOUT || err == TD_ERR_UNAVAILABLE || err == TD_ERR_BUSY ||
           err == TD_ERR_LIMIT || err == TD_ERR_INTERNAL || err == TD_ERR_NO_MEMORY;
}

static void send_first(struct lane *lane);

static void on_retry(void *ctx)
{
    send_first(ctx);
}

/* The first entry has its final answer: the next one's turn, or the lane goes. */
static void settle(struct lane *lane, enum td_err err, struct td_bytes payload, const char *message)
{
    struct td_outbox *outbox = lane->outbox;
    struct entry *entry = lane->first;

    if (err != TD_OK)
        td_log_warn(&outbox->service->log, "observation.refused", td_str("type", entry->type),
                    td_str("key", entry->key), td_failure(err), td_str("why", message));
    if (entry->next == NULL) {
        struct lane **link = lane_link(outbox, entry->key);
        *link = lane->next;
        lane->first = NULL;
        free_lane(lane);
    } else {
        lane->first = entry->next;
        lane->pause_ms = RETRY_MIN_MS;
        send_first(lane);
    }
    count(outbox, -1);
    if (entry->done != NULL)
        entry->done(entry->ctx, err, payload, message);
    free(entry);
}

static void on_answer(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct lane *lane = ctx;
    struct td_outbox *outbox = lane->outbox;

    outbox->in_flight--;
    lane->in_flight = false;
    if (outbox->closing) {
        free_lane(lane);
        if (outbox->in_flight == 0)
            free(outbox);
        return;
    }
    if (!is_worth_another_try(err)) {
        settle(lane, err, payload, message);
        return;
    }
    td_timer_start(&lane->retry, lane->pause_ms);
    lane->pause_ms = lane->pause_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : lane->pause_ms * 2;
}

static void send_first(struct lane *lane)
{
    lane->in_flight = true;
    lane->outbox->in_flight++;
    service_call(lane->outbox->service, &lane->first->call, on_answer, lane);
}

static struct entry *copy_entry(const struct td_call *call, struct td_service *service)
{
    struct entry *entry = calloc(1, sizeof(*entry) + call->payload.size);
    if (entry == NULL)
        return NULL;

    entry->call = *call;
    td_str_clip(entry->to, sizeof(entry->to), call->to);
    td_str_clip(entry->type, sizeof(entry->type), call->type);
    td_str_clip(entry->key, sizeof(entry->key), call->key);
    if (call->instance != NULL)
        td_str_clip(entry->instance, sizeof(entry->instance), call->instance);
    if (call->payload.size > 0)
        memcpy(entry->payload, call->payload.data, call->payload.size);
    entry->call.to = entry->to;
    entry->call.type = entry->type;
    entry->call.key = entry->key;
    entry->call.instance = entry->instance;
    entry->call.payload.data = entry->payload;
    if (td_id_is_nil(entry->call.id))
        entry->call.id = td_service_new_id(service);
    return entry;
}

static enum td_err open_lane(struct td_outbox *outbox, struct lane **link, struct entry *entry)
{
    struct lane *lane = calloc(1, sizeof(*lane));
    if (lane == NULL)
        return TD_ERR_NO_MEMORY;

    lane->outbox = outbox;
    lane->first = lane->last = entry;
    lane->pause_ms = RETRY_MIN_MS;
    td_timer_init(&lane->retry, td_service_loop(outbox->service), on_retry, lane);
    *link = lane;
    send_first(lane);
    return TD_OK;
}

enum td_err td_outbox_send_with(struct td_outbox *outbox, const struct td_call *call,
                                td_reply_fn *done, void *ctx)
{
    if (outbox->waiting >= TD_OUTBOX_MAX) {
        ++*outbox->dropped;
        return TD_ERR_LIMIT;
    }
    struct entry *entry = copy_entry(call, outbox->service);
    if (entry == NULL)
        return TD_ERR_NO_MEMORY;
    entry->done = done;
    entry->ctx = ctx;

    struct lane **link = lane_link(outbox, entry->key);
    enum td_err err = TD_OK;
    if (*link != NULL) {
        (*link)->last->next = entry;
        (*link)->last = entry;
    } else {
        err = open_lane(outbox, link, entry);
    }
    if (err == TD_OK)
        count(outbox, 1);
    else
        free(entry);
    return err;
}

enum td_err td_outbox_send(struct td_outbox *outbox, const struct td_call *call)
{
    return td_outbox_send_with(outbox, call, NULL, NULL);
}

size_t td_outbox_waiting(const struct td_outbox *outbox)
{
    return outbox->waiting;
}

enum td_err td_outbox_create(struct td_service *service, struct td_outbox **outbox)
{
    struct td_outbox *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->service = service;
    self->waiting_gauge = service_common_gauge(service, "outbox_waiting",
                                               "Observations not yet taken by the router.");
    self->dropped =
        service_common_counter(service, "outbox_dropped",
                               "Observations lost because the outbox was full or their time over.");
    *outbox = self;
    return TD_OK;
}

void td_outbox_destroy(struct td_outbox **outbox)
{
    struct td_outbox *self = *outbox;

    if (self == NULL)
        return;
    *outbox = NULL;
    if (self->waiting > 0)
        td_log_warn(&self->service->log, "outbox.dropped", td_u64("count", self->waiting));
    self->closing = true;
    for (size_t i = 0; i < LANES; i++) {
        for (struct lane *lane = self->lanes[i], *next; lane != NULL; lane = next) {
            next = lane->next;
            if (!lane->in_flight)
                free_lane(lane); // The others go when their answer comes.
        }
        self->lanes[i] = NULL;
    }
    if (self->in_flight == 0)
        free(self);
}
