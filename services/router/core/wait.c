#include "base/text.h"
#include "router/core/flow_private.h"

#define UPDATE_CHUNK 16
#define UPDATE_PAUSE_US (50 * US_PER_MS)

/* --- place --- */

static void put_number(struct td_variable *variable, const char *name, uint64_t number)
{
    struct td_text text;

    td_str_clip(variable->name, sizeof(variable->name), name);
    td_text_init(&text, variable->value, sizeof(variable->value));
    td_text_add_u64(&text, number);
}

void flow_place_variables(struct flow *flow, struct flow_interaction *interaction,
                          struct td_variable *variables, uint32_t *count)
{
    struct td_routing_place place;

    if (td_routing_find_place(flow->routing, interaction->state.interaction_id, flow->now,
                              &place) != TD_OK)
        return;
    interaction->told_position = place.position;
    put_number(&variables[(*count)++], "position", place.position);
    if (place.expected_wait_us != UINT64_MAX)
        put_number(&variables[(*count)++], "expected_wait_s", place.expected_wait_us / US_PER_S);
}

/* --- treatment --- */

/* A dialog for those who really wait; whoever is being offered at once hears music till then. */
static bool begin_dialog(struct flow *flow, struct flow_interaction *interaction,
                         const struct td_queue *queue)
{
    struct td_interaction_state *state = &interaction->state;
    bool soon = state->phase == TD_INTERACTION_PHASE_OFFERED && queue->music[0] != '\0';

    if (state->waited || soon || queue->wait_dialog[0] == '\0' ||
        !flow_start_dialog(flow, interaction, queue->wait_dialog, TD_DIALOG_PURPOSE_WAIT))
        return false;
    state->waited = true;
    state->music = false; // It replaces what the leg hears.
    return true;
}

void flow_treat(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    const struct td_queue *queue = flow_queue(flow, state->queue);
    bool waiting =
        state->phase == TD_INTERACTION_PHASE_QUEUED || state->phase == TD_INTERACTION_PHASE_OFFERED;

    if (!waiting || flow_is_transferring(state) || flow_is_outbound(state) || queue == NULL ||
        !state->has_leg || interaction->channel_unsynced || !td_id_is_nil(state->dialog_id.id) ||
        begin_dialog(flow, interaction, queue))
        return;
    if (!state->waited && !state->music && queue->music[0] != '\0') {
        state->music = true;
        flow_put_play(flow, interaction, queue->music);
    }
}

/* --- updates: a few at a time, so that a long queue costs each second the same --- */

static void update(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_routing_place place;

    if (td_routing_find_place(flow->routing, state->interaction_id, flow->now, &place) != TD_OK ||
        place.position == interaction->told_position)
        return;

    struct td_dialog_update *update = flow_alloc(flow, sizeof(*update));
    struct flow_effect *effect = flow_put(flow, FLOW_UPDATE);

    effect->interaction_id = state->interaction_id;
    effect->instance = state->dialog_instance;
    effect->as.dialog_update = update;
    update->dialog_id = state->dialog_id;
    flow_place_variables(flow, interaction, update->variables, &update->variables_count);
}

void flow_update_dialogs(struct flow *flow)
{
    uint32_t updated = 0;

    if (flow->now < flow->update_at)
        return;
    while (flow->update_cursor < flow->used_slots && updated < UPDATE_CHUNK) {
        struct flow_interaction *interaction = &flow->interactions[flow->update_cursor++];

        if (interaction->used && flow_look_after(flow, interaction))
            updated++;
        if (!interaction->used || td_id_is_nil(interaction->state.dialog_id.id) ||
            interaction->state.dialog_purpose != TD_DIALOG_PURPOSE_WAIT)
            continue;
        update(flow, interaction);
        updated++;
    }
    if (flow->update_cursor < flow->used_slots) {
        flow->update_at = flow->now + UPDATE_PAUSE_US;
        return;
    }
    flow->update_cursor = 0;
    flow->update_at = flow->now + FLOW_UPDATE_MS * US_PER_MS;
}
