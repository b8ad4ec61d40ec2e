/*
 * What the owners stored in Redis: every hash of the site whose name tells an owner, also of
 * instances that are gone, and the leases.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/live_read.h"
#include "tandem/check.h"
#include "wire/agent_wire.h"
#include "wire/dialog_wire.h"
#include "wire/interaction_wire.h"
#include "wire/media_wire.h"
#include "wire/sip_wire.h"

#define SCAN_COUNT "1000"

/* A hash being read. */
struct reading {
    struct look *look;
    uint32_t tenant;
    char holder[64]; /* instance in the key's name; empty: the record says it */
    char name[TD_KEY_SIZE];
    enum td_err (*take)(struct reading *reading, struct td_bytes value);
};

static struct td_arena *arena_of(const struct reading *reading)
{
    return td_service_arena(reading->look->service);
}

static struct picture_thing *add(struct reading *reading, enum picture_kind kind)
{
    struct picture_thing *thing = look_add(reading->look, kind);

    thing->tenant = reading->tenant;
    td_str_clip(thing->holder, sizeof(thing->holder), reading->holder);
    return thing;
}

/* --- records --- */

static enum picture_stage stage_of_phase(enum td_interaction_phase phase)
{
    switch (phase) {
    case TD_INTERACTION_PHASE_OFFERED:
        return PICTURE_OFFERED;
    case TD_INTERACTION_PHASE_ACCEPTED:
    case TD_INTERACTION_PHASE_CONNECTED:
        return PICTURE_TALKING;
    case TD_INTERACTION_PHASE_WRAP_UP:
        return PICTURE_WRAPPING;
    case TD_INTERACTION_PHASE_CLOSED:
        return PICTURE_OVER;
    default:
        return PICTURE_WAITING;
    }
}

static enum td_err take_interaction(struct reading *reading, struct td_bytes value)
{
    struct td_interaction_state state;
    enum td_err err = td_interaction_state_decode(arena_of(reading), value, &state, NULL);
    if (err != TD_OK)
        return err;

    struct picture_thing *thing = add(reading, PICTURE_INTERACTION);
    thing->id = state.interaction_id.id;
    thing->stage = stage_of_phase(state.phase);
    if (state.has_leg)
        thing->leg = state.leg.leg_id.id;
    thing->dialog = state.dialog_id.id;
    td_str_clip(thing->holder, sizeof(thing->holder), state.channel_instance);
    td_str_clip(thing->detail, sizeof(thing->detail), state.dialog_instance);
    td_str_clip(thing->name, sizeof(thing->name), state.agent);
    if (thing->stage == PICTURE_OFFERED && state.has_offer) {
        td_str_clip(thing->name, sizeof(thing->name), state.offer.agent);
        thing->due_unix_us = state.offer.expires_at_unix_us;
    }
    return TD_OK;
}

static enum picture_stage stage_of_agent(enum td_agent_state state)
{
    switch (state) {
    case TD_AGENT_STATE_OFFERED:
        return PICTURE_OFFERED;
    case TD_AGENT_STATE_BUSY:
        return PICTURE_TALKING;
    case TD_AGENT_STATE_WRAP_UP:
        return PICTURE_WRAPPING;
    default:
        return PICTURE_IDLE;
    }
}

static enum td_err take_agent(struct reading *reading, struct td_bytes value)
{
    struct td_agent_record record;
    enum td_err err = td_agent_record_decode(arena_of(reading), value, &record, NULL);
    if (err != TD_OK)
        return err;

    struct picture_thing *thing = add(reading, PICTURE_AGENT);
    thing->stage = stage_of_agent(record.state);
    thing->interaction = record.interaction_id.id;
    thing->flag = record.device_registered;
    if (thing->stage == PICTURE_WRAPPING)
        thing->due_unix_us = record.wrap_up_until_unix_us;
    td_str_clip(thing->name, sizeof(thing->name), record.agent);
    td_str_clip(thing->holder, sizeof(thing->holder), record.device_instance);
    return TD_OK;
}

static enum td_err take_command(struct reading *reading, struct td_bytes value)
{
    struct td_pending_command record;
    enum td_err err = td_pending_command_decode(arena_of(reading), value, &record, NULL);
    if (err != TD_OK)
        return err;

    struct picture_thing *thing = add(reading, PICTURE_COMMAND);
    thing->id = record.command_id.id;
    thing->interaction = record.interaction_id.id;
    thing->due_unix_us = record.expires_at_unix_us;
    td_str_clip(thing->holder, sizeof(thing->holder), record.to_instance);
    td_str_clip(thing->detail, sizeof(thing->detail), record.type);
    return TD_OK;
}

static enum td_err take_sip_dialog(struct reading *reading, struct td_bytes value)
{
    struct td_sip_dialog record;
    enum td_err err = td_sip_dialog_decode(arena_of(reading), value, &record, NULL);
    if (err != TD_OK)
        return err;

    struct picture_thing *thing = add(reading, PICTURE_SIP_DIALOG);
    thing->id = record.leg.leg_id.id;
    thing->interaction = record.interaction_id.id;
    thing->flag = !td_id_is_nil(record.offer_id.id);
    return TD_OK;
}

static enum td_err take_binding(struct reading *reading, struct td_bytes value)
{
    struct td_sip_binding record;
    enum td_err err = td_sip_binding_decode(arena_of(reading), value, &record, NULL);
    if (err != TD_OK)
        return err;

    struct picture_thing *thing = add(reading, PICTURE_BINDING);
    thing->due_unix_us = record.expires_at_unix_us;
    td_str_clip(thing->name, sizeof(thing->name), record.agent);
    return TD_OK;
}

static enum td_err take_leg(struct reading *reading, struct td_bytes value)
{
    struct td_leg_state record;
    enum td_err err = td_leg_state_decode(arena_of(reading), value, &record, NULL);
    if (err != TD_OK)
        return err;

    struct picture_thing *thing = add(reading, PICTURE_LEG_RECORD);
    thing->id = record.leg_id.id;
    thing->interaction = record.interaction_id.id;
    thing->number = record.port;
    return TD_OK;
}

static enum td_err take_recording(struct reading *reading, struct td_bytes value)
{
    struct td_recording_finished record;
    enum td_err err = td_recording_finished_decode(arena_of(reading), value, &record, NULL);
    if (err != TD_OK)
        return err;

    struct picture_thing *thing = add(reading, PICTURE_RECORDING);
    thing->interaction = record.interaction_id.id;
    td_str_clip(thing->name, sizeof(thing->name), record.file);
    return TD_OK;
}

static enum td_err take_checkpoint(struct reading *reading, struct td_bytes value)
{
    struct td_dialog_state record;
    enum td_err err = td_dialog_state_decode(arena_of(reading), value, &record, NULL);
    if (err != TD_OK)
        return err;

    struct picture_thing *thing = add(reading, PICTURE_CHECKPOINT);
    thing->id = record.dialog_id.id;
    thing->interaction = record.interaction_id.id;
    td_str_clip(thing->holder, sizeof(thing->holder), record.instance);
    return TD_OK;
}

/* --- hashes --- */

static void on_entry(void *ctx, struct td_bytes field, struct td_bytes value)
{
    struct reading *reading = ctx;
    struct td_arena *arena = arena_of(reading);
    size_t mark = arena->used;
    enum td_err err = reading->take(reading, value);

    if (err != TD_OK)
        look_failed(reading->look, "%s: the record %.*s cannot be read: %s", reading->name,
                    (int)field.size, (const char *)field.data, td_err_text(err));
    td_arena_rewind(arena, mark);
}

static void on_read(void *ctx, enum td_err err)
{
    struct reading *reading = ctx;
    struct look *look = reading->look;

    if (err != TD_OK)
        look_failed(look, "%s cannot be read: %s", reading->name, td_err_text(err));
    free(reading);
    look_end(look);
}

static void read_hash(const struct reading *wanted)
{
    struct reading *reading = malloc(sizeof(*reading));
    if (reading == NULL)
        abort();

    *reading = *wanted;
    look_begin(reading->look);
    const struct td_live_hash_reader reader = {on_entry, on_read, reading};
    enum td_err err = td_live_load_hash(td_service_live(reading->look->service), reading->name,
                                        LOOK_DEADLINE_MS, &reader);
    if (err != TD_OK)
        on_read(reading, err);
}

/* --- leases --- */

/* "20000-20099" */
static bool parse_range(const char *text, uint32_t *first, uint32_t *last)
{
    char *rest = NULL;

    *first = (uint32_t)strtoul(text, &rest, 10);
    if (rest == text || *rest != '-')
        return false;
    *last = (uint32_t)strtoul(rest + 1, &rest, 10);
    return *rest == '\0';
}

static void on_port_owner(void *ctx, enum td_err err, struct td_bytes value)
{
    struct reading *reading = ctx;
    struct look *look = reading->look;
    const char *range = strrchr(reading->name, ':');
    uint32_t first = 0;
    uint32_t last = 0;

    if (err == TD_OK && range != NULL && parse_range(range + 1, &first, &last)) {
        struct picture_thing *thing = look_add(look, PICTURE_PORTS);
        thing->number = first;
        thing->number_last = last;
        (void)snprintf(thing->name, sizeof(thing->name), "%u-%u", first, last);
        (void)td_str_copy_span(thing->holder, sizeof(thing->holder), (const char *)value.data,
                               value.size);
    } else if (err != TD_OK && err != TD_ERR_NOT_FOUND) {
        look_failed(look, "%s cannot be read: %s", reading->name, td_err_text(err));
    }
    free(reading);
    look_end(look);
}

static void on_lease(void *ctx, enum td_err err, struct td_bytes value)
{
    struct look *look = ctx;

    if (err == TD_OK) {
        struct picture_thing *thing = look_add(look, PICTURE_LEASE);
        td_str_clip(thing->name, sizeof(thing->name), "router");
        (void)td_str_copy_span(thing->holder, sizeof(thing->holder), (const char *)value.data,
                               value.size);
    } else if (err != TD_ERR_NOT_FOUND) {
        look_failed(look, "the router's lease cannot be read: %s", td_err_text(err));
    }
    look_end(look);
}

static void read_lease(struct look *look)
{
    char lease[TD_KEY_SIZE];
    char key[TD_KEY_SIZE + 8];

    (void)snprintf(key, sizeof(key), "%s:owner", td_service_lease_key(look->service, lease));
    look_begin(look);
    enum td_err err =
        td_live_get(td_service_live(look->service), key, LOOK_DEADLINE_MS, on_lease, look);
    if (err != TD_OK)
        on_lease(look, err, (struct td_bytes){0});
}

static void read_port_owner(const struct reading *wanted)
{
    struct reading *reading = malloc(sizeof(*reading));
    if (reading == NULL)
        abort();

    *reading = *wanted;
    look_begin(reading->look);
    enum td_err err = td_live_get(td_service_live(reading->look->service), reading->name,
                                  LOOK_DEADLINE_MS, on_port_owner, reading);
    if (err != TD_OK)
        on_port_owner(reading, err, (struct td_bytes){0});
}

/* --- which there are --- */

static const struct {
    const char *name; /* of the key behind the tenant */
    bool by_instance; /* ":INSTANCE" follows */
    enum td_err (*take)(struct reading *reading, struct td_bytes value);
} hashes[] = {
    {"interactions", false, take_interaction}, {"agents", false, take_agent},
    {"commands", false, take_command},         {"sip_dialogs:", true, take_sip_dialog},
    {"sip_bindings:", true, take_binding},     {"legs:", true, take_leg},
    {"recordings:", true, take_recording},     {"dialogs", false, take_checkpoint},
};

/* `name`: the key behind "tandem:SITE:". */
static void take_key(struct look *look, const char *key, const char *name)
{
    struct reading reading = {.look = look};
    char *rest = NULL;

    reading.tenant = (uint32_t)strtoul(name, &rest, 10);
    if (rest == name || *rest != ':')
        return; // A lease, the registry, a stream: read by their own names.
    rest++;
    td_str_clip(reading.name, sizeof(reading.name), key);
    if (td_str_starts_with(rest, "ports:")) {
        read_port_owner(&reading);
        return;
    }
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        size_t length = strlen(hashes[i].name);
        bool is_it = hashes[i].by_instance ? td_str_starts_with(rest, hashes[i].name)
                                           : td_str_equal(rest, hashes[i].name);
        if (!is_it)
            continue;
        td_str_clip(reading.holder, sizeof(reading.holder), rest + length);
        reading.take = hashes[i].take;
        read_hash(&reading);
    }
}

static void scan(struct look *look, const char *cursor);

static void on_scanned(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct look *look = ctx;
    char prefix[TD_KEY_SIZE];
    char cursor[32];

    if (err != TD_OK || td_live_reply_count(reply) != 2) {
        look_failed(look, "the keys of the site cannot be listed: %s", td_err_text(err));
        look_end(look);
        return;
    }
    size_t length =
        (size_t)snprintf(prefix, sizeof(prefix), "tandem:%s:", td_service_site(look->service));
    const struct td_live_reply *keys = td_live_reply_at(reply, 1);
    for (uint32_t i = 0; i < td_live_reply_count(keys); i++) {
        const char *key = (const char *)td_live_reply_bytes(td_live_reply_at(keys, i)).data;
        if (td_str_starts_with(key, prefix))
            take_key(look, key, key + length);
    }
    struct td_bytes next = td_live_reply_bytes(td_live_reply_at(reply, 0));
    (void)td_str_copy_span(cursor, sizeof(cursor), (const char *)next.data, next.size);
    if (!td_str_equal(cursor, "0"))
        scan(look, cursor);
    look_end(look);
}

static void scan(struct look *look, const char *cursor)
{
    char pattern[TD_KEY_SIZE];

    (void)snprintf(pattern, sizeof(pattern), "tandem:%s:*", td_service_site(look->service));
    const struct td_bytes args[] = {td_live_text("SCAN"),  td_live_text(cursor),
                                    td_live_text("MATCH"), td_live_text(pattern),
                                    td_live_text("COUNT"), td_live_text(SCAN_COUNT)};
    look_begin(look);
    enum td_err err =
        td_live_command(td_service_live(look->service), args, sizeof(args) / sizeof(args[0]),
                        LOOK_DEADLINE_MS, on_scanned, look);
    if (err != TD_OK)
        on_scanned(look, err, NULL);
}

void look_at_live(struct look *look)
{
    read_lease(look);
    scan(look, "0");
}
