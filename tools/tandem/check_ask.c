/*
 * What runs in the processes: calls at edges, legs at media, dialogs at ivrs, page by page. The
 * requests are those by which a new router asks; under the epoch in force they change nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/check.h"
#include "wire/contract_wire.h"
#include "wire/dialog_wire.h"
#include "wire/media_wire.h"

/* Pages of one instance; restarted from the beginning by nobody: the next look asks again. */
struct asking {
    struct look *look;
    const struct question *question;
    char instance[64];
    struct td_id after;
};

struct question {
    const char *service;
    const char *type;
    struct td_bytes (*encode)(const struct asking *asking);
    /** Adds a page. @return An error of its decoding. */
    enum td_err (*take)(struct asking *asking, struct td_bytes payload, bool *done);
};

static struct td_arena *arena_of(const struct asking *asking)
{
    return td_service_arena(asking->look->service);
}

static struct picture_thing *add(struct asking *asking, enum picture_kind kind)
{
    struct picture_thing *thing = look_add(asking->look, kind);

    td_str_clip(thing->holder, sizeof(thing->holder), asking->instance);
    return thing;
}

/* --- edge --- */

static struct td_bytes encode_sync(const struct asking *asking)
{
    const struct td_sync sync = {.epoch = asking->look->epoch, .after = {asking->after}};

    return td_sync_encode(arena_of(asking), &sync);
}

static enum td_err take_calls(struct asking *asking, struct td_bytes payload, bool *done)
{
    struct td_sync_reply page;
    enum td_err err = td_sync_reply_decode(arena_of(asking), payload, &page, NULL);
    if (err != TD_OK)
        return err;

    for (uint32_t i = 0; i < page.items_count; i++) {
        struct picture_thing *thing = add(asking, PICTURE_CALL);
        thing->id = thing->interaction = asking->after = page.items[i].interaction_id.id;
        thing->tenant = page.items[i].tenant;
        thing->flag = page.items[i].customer_side;
        thing->stage =
            page.items[i].phase == TD_CHANNEL_PHASE_ENDED ? PICTURE_OVER : PICTURE_TALKING;
    }
    *done = page.done || page.items_count == 0;
    return TD_OK;
}

/* --- media --- */

static struct td_bytes encode_legs(const struct asking *asking)
{
    const struct td_leg_query query = {.after = {asking->after}};

    return td_leg_query_encode(arena_of(asking), &query);
}

static enum td_err take_legs(struct asking *asking, struct td_bytes payload, bool *done)
{
    struct td_leg_query_reply page;
    enum td_err err = td_leg_query_reply_decode(arena_of(asking), payload, &page, NULL);
    if (err != TD_OK)
        return err;

    for (uint32_t i = 0; i < page.legs_count; i++) {
        struct picture_thing *thing = add(asking, PICTURE_LEG);
        thing->id = asking->after = page.legs[i].leg_id.id;
        thing->interaction = page.legs[i].interaction_id.id;
        thing->number = page.legs[i].port;
    }
    *done = page.done || page.legs_count == 0;
    return TD_OK;
}

/* --- ivr --- */

static struct td_bytes encode_dialogs(const struct asking *asking)
{
    const struct td_dialog_sync sync = {.epoch = asking->look->epoch, .after = {asking->after}};

    return td_dialog_sync_encode(arena_of(asking), &sync);
}

static enum td_err take_dialogs(struct asking *asking, struct td_bytes payload, bool *done)
{
    struct td_dialog_sync_reply page;
    enum td_err err = td_dialog_sync_reply_decode(arena_of(asking), payload, &page, NULL);
    if (err != TD_OK)
        return err;

    for (uint32_t i = 0; i < page.items_count; i++) {
        struct picture_thing *thing = add(asking, PICTURE_DIALOG);
        thing->id = asking->after = page.items[i].dialog_id.id;
        thing->interaction = page.items[i].interaction_id.id;
    }
    *done = page.done || page.items_count == 0;
    return TD_OK;
}

/* --- asking --- */

static const struct question questions[] = {
    {"edge", "Sync", encode_sync, take_calls},
    {"media", "LegQuery", encode_legs, take_legs},
    {"ivr", "DialogSync", encode_dialogs, take_dialogs},
};

static void ask_page(struct asking *asking);

static void on_page(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct asking *asking = ctx;
    struct look *look = asking->look;
    bool done = true;

    if (err == TD_OK)
        err = asking->question->take(asking, payload, &done);
    if (err != TD_OK)
        look_failed(look, "%s does not answer %s: %s", asking->instance, asking->question->type,
                    message != NULL && message[0] != '\0' ? message : td_err_text(err));
    if (err == TD_OK && !done) {
        ask_page(asking);
        return;
    }
    free(asking);
    look_end(look);
}

static void ask_page(struct asking *asking)
{
    const struct td_call call = {
        .to = asking->question->service,
        .instance = asking->instance,
        .type = asking->question->type,
        .tenant = 1,
        .payload = asking->question->encode(asking),
        .deadline_ms = LOOK_DEADLINE_MS,
    };

    td_call(asking->look->service, &call, on_page, asking);
}

static void ask_instance(void *ctx, const struct td_instance *instance)
{
    struct look *look = ctx;

    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (!td_str_equal(instance->service, questions[i].service))
            continue;
        struct asking *asking = calloc(1, sizeof(*asking));
        if (asking == NULL)
            abort();
        asking->look = look;
        asking->question = &questions[i];
        td_str_clip(asking->instance, sizeof(asking->instance), instance->instance);
        look_begin(look);
        ask_page(asking);
    }
}

void look_at_processes(struct look *look)
{
    td_service_each_instance(look->service, NULL, ask_instance, look);
}
