#include "router/core/pending.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

#define NONE UINT32_MAX

struct item {
    struct pending_command command;
    uint64_t retry_at; /* 0: at once */
    uint32_t tries;
    uint32_t next_id;          /* in its bucket by id, or in the free list */
    uint32_t next_interaction; /* in its bucket by interaction, oldest first */
    uint32_t prev, next;       /* in the list of all, oldest first */
    bool in_flight;
    bool is_void;
};

struct pending {
    struct item *items;
    uint32_t *by_id;
    uint32_t *by_interaction;
    uint32_t mask;
    uint32_t capacity;
    uint32_t used;
    uint32_t free_list;
    uint32_t first, last;
    uint32_t count;
};

/* --- memory --- */

static uint32_t bucket_count(uint32_t capacity)
{
    uint32_t count = 16;

    while (count < capacity)
        count *= 2;
    return count;
}

static size_t head_size(void)
{
    size_t align = sizeof(max_align_t);

    return (sizeof(struct pending) + align - 1) / align * align;
}

size_t pending_size(uint32_t capacity)
{
    return head_size() + capacity * sizeof(struct item) +
           2 * (size_t)bucket_count(capacity) * sizeof(uint32_t);
}

struct pending *pending_init(void *block, uint32_t capacity)
{
    struct pending *pending = block;
    uint32_t buckets = bucket_count(capacity);

    *pending = (struct pending){
        .capacity = capacity, .mask = buckets - 1, .free_list = NONE, .first = NONE, .last = NONE};
    pending->items = (struct item *)((uint8_t *)block + head_size());
    pending->by_id = (uint32_t *)(pending->items + capacity);
    pending->by_interaction = pending->by_id + buckets;
    for (uint32_t i = 0; i < 2 * buckets; i++)
        pending->by_id[i] = NONE;
    return pending;
}

/* --- chains --- */

static uint32_t *id_bucket(const struct pending *pending, struct td_command_id id)
{
    return &pending->by_id[td_id_hash(id.id) & pending->mask];
}

static uint32_t *interaction_bucket(const struct pending *pending, struct td_interaction_id id)
{
    return &pending->by_interaction[td_id_hash(id.id) & pending->mask];
}

static uint32_t find(const struct pending *pending, struct td_command_id id)
{
    uint32_t at = *id_bucket(pending, id);

    while (at != NONE && !td_id_equal(pending->items[at].command.id.id, id.id))
        at = pending->items[at].next_id;
    return at;
}

static uint32_t take_slot(struct pending *pending)
{
    uint32_t slot = pending->free_list;

    if (slot != NONE)
        pending->free_list = pending->items[slot].next_id;
    else if (pending->used < pending->capacity)
        slot = pending->used++;
    return slot;
}

static void link_item(struct pending *pending, uint32_t slot)
{
    struct item *item = &pending->items[slot];
    uint32_t *link = id_bucket(pending, item->command.id);

    item->next_id = *link;
    *link = slot;

    link = interaction_bucket(pending, item->command.interaction);
    while (*link != NONE) // At its end: the oldest comes first.
        link = &pending->items[*link].next_interaction;
    item->next_interaction = NONE;
    *link = slot;

    item->prev = pending->last;
    item->next = NONE;
    if (pending->last != NONE)
        pending->items[pending->last].next = slot;
    else
        pending->first = slot;
    pending->last = slot;
    pending->count++;
}

static void unlink_item(struct pending *pending, uint32_t slot)
{
    struct item *item = &pending->items[slot];
    uint32_t *link = id_bucket(pending, item->command.id);

    while (*link != slot)
        link = &pending->items[*link].next_id;
    *link = item->next_id;

    link = interaction_bucket(pending, item->command.interaction);
    while (*link != slot)
        link = &pending->items[*link].next_interaction;
    *link = item->next_interaction;

    if (item->prev != NONE)
        pending->items[item->prev].next = item->next;
    else
        pending->first = item->next;
    if (item->next != NONE)
        pending->items[item->next].prev = item->prev;
    else
        pending->last = item->prev;
    item->next_id = pending->free_list;
    pending->free_list = slot;
    pending->count--;
}

/* --- what stands before what --- */

static bool same_way(const struct pending_command *a, const struct pending_command *b)
{
    return td_id_equal(a->interaction.id, b->interaction.id) &&
           td_str_equal(a->instance, b->instance) && td_str_equal(a->service, b->service);
}

/* An end of the whole interaction ends all that was begun in it. */
static bool makes_void(const struct pending_command *newer, const struct pending_command *older)
{
    if (newer->kind != PENDING_ENDS || older->kind == PENDING_ENDS || !same_way(newer, older))
        return false;
    return td_id_is_nil(newer->subject) || td_id_equal(newer->subject, older->subject);
}

static bool is_first(const struct pending *pending, const struct item *item)
{
    uint32_t at = *interaction_bucket(pending, item->command.interaction);

    for (; at != NONE && &pending->items[at] != item; at = pending->items[at].next_interaction) {
        if (!pending->items[at].is_void && same_way(&pending->items[at].command, &item->command))
            return false;
    }
    return true;
}

static bool is_due(const struct pending *pending, const struct item *item, uint64_t now_unix_us)
{
    return !item->in_flight && !item->is_void && item->retry_at <= now_unix_us &&
           item->command.expires_at_unix_us > now_unix_us && is_first(pending, item);
}

/* --- in and out --- */

enum td_err pending_add(struct pending *pending, const struct pending_command *command)
{
    if (find(pending, command->id) != NONE)
        return TD_ERR_EXISTS;

    uint32_t slot = take_slot(pending);
    if (slot == NONE)
        return TD_ERR_LIMIT;

    uint32_t at = *interaction_bucket(pending, command->interaction);
    for (; at != NONE; at = pending->items[at].next_interaction) {
        if (makes_void(command, &pending->items[at].command))
            pending->items[at].is_void = true;
    }
    pending->items[slot] = (struct item){.command = *command};
    link_item(pending, slot);
    return TD_OK;
}

static const struct pending_command *send_item(struct item *item)
{
    item->in_flight = true;
    item->tries++;
    return &item->command;
}

const struct pending_command *pending_take_next(struct pending *pending,
                                                struct td_interaction_id interaction,
                                                uint64_t now_unix_us)
{
    uint32_t at = *interaction_bucket(pending, interaction);

    for (; at != NONE; at = pending->items[at].next_interaction) {
        struct item *item = &pending->items[at];

        if (td_id_equal(item->command.interaction.id, interaction.id) &&
            is_due(pending, item, now_unix_us))
            return send_item(item);
    }
    return NULL;
}

const struct pending_command *pending_take_due(struct pending *pending, uint64_t now_unix_us)
{
    for (uint32_t at = pending->first; at != NONE; at = pending->items[at].next) {
        if (is_due(pending, &pending->items[at], now_unix_us))
            return send_item(&pending->items[at]);
    }
    return NULL;
}

const struct pending_command *pending_find_dead(struct pending *pending, uint64_t now_unix_us,
                                                bool *expired)
{
    for (uint32_t at = pending->first; at != NONE; at = pending->items[at].next) {
        struct item *item = &pending->items[at];

        if (!item->is_void && item->command.expires_at_unix_us > now_unix_us)
            continue;
        *expired = !item->is_void;
        return &item->command;
    }
    return NULL;
}

void pending_retry(struct pending *pending, struct td_command_id id, uint64_t now_unix_us)
{
    uint32_t at = find(pending, id);
    if (at == NONE)
        return;

    struct item *item = &pending->items[at];
    uint32_t doublings = item->tries > 6 ? 5 : item->tries > 0 ? item->tries - 1 : 0;
    uint64_t pause = PENDING_RETRY_MIN_US << doublings;

    item->in_flight = false;
    item->retry_at = now_unix_us + (pause < PENDING_RETRY_MAX_US ? pause : PENDING_RETRY_MAX_US);
}

void pending_resend(struct pending *pending, const char *instance)
{
    for (uint32_t at = pending->first; at != NONE; at = pending->items[at].next) {
        if (td_str_equal(pending->items[at].command.instance, instance))
            pending->items[at].retry_at = 0;
    }
}

bool pending_done(struct pending *pending, struct td_command_id id, void **payload)
{
    uint32_t at = find(pending, id);
    if (at == NONE)
        return false;

    *payload = pending->items[at].command.payload;
    unlink_item(pending, at);
    return true;
}

/* --- asking --- */

const struct pending_command *pending_find(const struct pending *pending, struct td_command_id id)
{
    uint32_t at = find(pending, id);

    return at == NONE ? NULL : &pending->items[at].command;
}

bool pending_has(const struct pending *pending, struct td_interaction_id interaction,
                 const char *type)
{
    uint32_t at = *interaction_bucket(pending, interaction);

    for (; at != NONE; at = pending->items[at].next_interaction) {
        const struct item *item = &pending->items[at];

        if (!item->is_void && td_id_equal(item->command.interaction.id, interaction.id) &&
            td_str_equal(item->command.type, type))
            return true;
    }
    return false;
}

uint32_t pending_count(const struct pending *pending)
{
    return pending->count;
}

const struct pending_command *pending_any(const struct pending *pending)
{
    return pending->first == NONE ? NULL : &pending->items[pending->first].command;
}
