/* Rows of what is counted: steps of interactions, and the time of agents. */
#include <string.h>

#include "base/str.h"
#include "reporting/core/occurred.h"
#include "reporting/core/stretch.h"
#include "reporting/rows_tables.h"
#include "service/company.h"
#include "wire/agent_wire.h"
#include "wire/interaction_wire.h"

#define COPY_STEPS                                                                                 \
    "COPY pg_temp.step_staging (tenant, occurred_at, event_id, interaction_id, step, direction, "  \
    "queue, agent, from_agent, target, to_queue, reason, wait_ms, duration_ms, is_within, "        \
    "is_short) FROM STDIN (FORMAT binary)"
#define COPY_AGENT_TIMES                                                                           \
    "COPY pg_temp.agent_time_staging (tenant, occurred_at, event_id, began_at, agent, state, "     \
    "reason, queue, interaction_id) FROM STDIN (FORMAT binary)"
#define COPY_AGENT_STATES                                                                          \
    "COPY pg_temp.agent_state_staging (tenant, agent, since, occurred_at, event_id, state, "       \
    "reason, queue, interaction_id) FROM STDIN (FORMAT binary)"

/* --- steps of interactions ---------------------------------------------------------------------
 */

static const char *word_of(const char *topic)
{
    return topic + strlen("interaction.");
}

bool rows_is_step(const char *topic)
{
    static const char *const words[] = {
        "queued",  "offer_ended", "connected",       "abandoned", "overflowed", "diverted",
        "resumed", "transferred", "transfer_failed", "dialled",   "dial_ended", "ended",
    };

    if (!td_str_starts_with(topic, "interaction."))
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (td_str_equal(word_of(topic), words[i]))
            return true;
    }
    return false;
}

/* Where it went on: another word of the same column for transfers and for overflows. */
static const char *target_of(const struct td_interaction_event *event)
{
    if (event->target != TD_TRANSFER_TARGET_UNSPECIFIED)
        return td_transfer_target_name(event->target);
    return event->action != TD_DIVERSION_ACTION_UNSPECIFIED
               ? td_diversion_action_name(event->action)
               : "";
}

static const char *to_queue_of(const char *word, const struct td_interaction_event *event)
{
    bool is_transfer =
        td_str_equal(word, "transferred") && event->target == TD_TRANSFER_TARGET_QUEUE;

    return is_transfer ? event->queue : event->to_queue;
}

static const char *reason_of(const struct td_interaction_event *event)
{
    return event->cause != TD_OVERFLOW_CAUSE_UNSPECIFIED ? td_overflow_cause_name(event->cause)
                                                         : event->reason;
}

static const char *direction_of(const struct td_interaction_event *event)
{
    return td_direction_name(event->direction == TD_DIRECTION_UNSPECIFIED ? TD_DIRECTION_INBOUND
                                                                          : event->direction);
}

static void add_step(struct td_history_unit *unit, const struct td_envelope *envelope,
                     const struct td_interaction_event *event)
{
    const char *word = word_of(envelope->topic);
    const struct td_param params[] = {
        td_param_i32((int32_t)envelope->tenant),
        rows_occurred(envelope),
        td_param_id(envelope->id.id),
        td_param_id(event->interaction_id.id),
        td_param_text(word),
        td_param_text(direction_of(event)),
        td_param_text(td_str_equal(word, "transferred") ? event->from_queue : event->queue),
        td_param_text(event->agent),
        td_param_text(event->from_agent),
        td_param_text(target_of(event)),
        td_param_text(to_queue_of(word, event)),
        td_param_text(reason_of(event)),
        td_param_i64((int64_t)event->wait_ms),
        td_param_i64((int64_t)event->duration_ms),
        td_param_bool(event->wait_ms <= event->threshold_ms),
        td_param_bool(event->wait_ms <= event->short_abandon_ms),
    };

    td_history_unit_row(unit, params, sizeof(params) / sizeof(params[0]));
}

static void add_steps(struct td_history_unit *unit, const struct rows_source *source)
{
    struct td_interaction_event event;

    if (td_interaction_event_decode(source->arena, source->envelope->payload, &event, NULL) ==
        TD_OK)
        add_step(unit, source->envelope, &event);
}

/* --- time of agents ----------------------------------------------------------------------------
 */

struct spell {
    struct stretch when;
    const char *agent;
    const char *state;
    const char *reason;
    const char *queue;
    struct td_id interaction;
};

static void add_spell(struct td_history_unit *unit, const struct td_envelope *envelope,
                      const struct spell *spell)
{
    struct stretch rest = spell->when;
    struct stretch piece;

    while (stretch_take(&rest, &piece)) {
        const struct td_param params[] = {
            td_param_i32((int32_t)envelope->tenant),
            td_param_unix_us(piece.ended_unix_us),
            td_param_id(envelope->id.id),
            td_param_unix_us(piece.began_unix_us),
            td_param_text(spell->agent),
            td_param_text(spell->state),
            td_param_text(spell->reason),
            td_param_text(spell->queue),
            rows_id_or_null(spell->interaction),
        };
        td_history_unit_row(unit, params, sizeof(params) / sizeof(params[0]));
    }
}

/* What ended with this change; who was logged out did not work. */
static void add_previous(struct td_history_unit *unit, const struct td_envelope *envelope,
                         const struct td_agent_record *agent)
{
    uint64_t since = agent->previous_since_unix_us;
    const struct spell spell = {
        .when = {since, agent->since_unix_us},
        .agent = agent->agent,
        .state = td_agent_state_name(agent->previous_state),
        .reason = agent->previous_reason,
        .queue = agent->previous_queue,
        .interaction = agent->previous_interaction_id.id,
    };

    if (since != 0 && agent->since_unix_us <= OCCURRED_MAX_UNIX_US &&
        agent->previous_state != TD_AGENT_STATE_UNSPECIFIED &&
        agent->previous_state != TD_AGENT_STATE_LOGGED_OUT)
        add_spell(unit, envelope, &spell);
}

/* A hold lies within the time that the agent is busy. */
static void add_hold(struct td_history_unit *unit, const struct td_envelope *envelope,
                     const struct td_interaction_event *event)
{
    uint64_t ended = event->at_unix_us;
    uint64_t held_us = event->duration_ms * 1000;
    const struct spell spell = {
        .when = {held_us < ended ? ended - held_us : ended, ended},
        .agent = event->agent,
        .state = "hold",
        .reason = event->reason,
        .queue = event->queue,
        .interaction = event->interaction_id.id,
    };

    if (ended <= OCCURRED_MAX_UNIX_US)
        add_spell(unit, envelope, &spell);
}

static void add_agent_time(struct td_history_unit *unit, const struct rows_source *source)
{
    const struct td_envelope *envelope = source->envelope;
    struct td_interaction_event event;
    struct td_agent_record agent;

    if (td_str_equal(envelope->topic, "agent.state")) {
        if (td_agent_record_decode(source->arena, envelope->payload, &agent, NULL) == TD_OK)
            add_previous(unit, envelope, &agent);
    } else if (td_interaction_event_decode(source->arena, envelope->payload, &event, NULL) ==
               TD_OK) {
        add_hold(unit, envelope, &event);
    }
}

static void add_agent_state(struct td_history_unit *unit, const struct rows_source *source)
{
    const struct td_envelope *envelope = source->envelope;
    struct td_agent_record agent;

    if (td_agent_record_decode(source->arena, envelope->payload, &agent, NULL) != TD_OK ||
        agent.since_unix_us > OCCURRED_MAX_UNIX_US)
        return;
    const struct td_param params[] = {
        td_param_i32((int32_t)envelope->tenant),
        td_param_text(agent.agent),
        td_param_unix_us(agent.since_unix_us),
        rows_occurred(envelope),
        td_param_id(envelope->id.id),
        td_param_text(td_agent_state_name(agent.state)),
        td_param_text(agent.reason),
        td_param_text(agent.queue),
        rows_id_or_null(agent.interaction_id.id),
    };
    td_history_unit_row(unit, params, sizeof(params) / sizeof(params[0]));
}

/* --- tables ------------------------------------------------------------------------------------
 */

const struct rows_filler rows_steps = {
    .copy = COPY_STEPS,
    .move = {"reporting_move_steps",
             "INSERT INTO tandem.interaction_step SELECT * FROM pg_temp.step_staging "
             "ON CONFLICT DO NOTHING"},
    .add = add_steps,
};

const struct rows_filler rows_agent_times = {
    .copy = COPY_AGENT_TIMES,
    .move = {"reporting_move_agent_times",
             "INSERT INTO tandem.agent_time SELECT * FROM pg_temp.agent_time_staging "
             "ON CONFLICT DO NOTHING"},
    .add = add_agent_time,
};

/* The newest of the batch, unless a newer one is there already. */
const struct rows_filler rows_agent_states = {
    .copy = COPY_AGENT_STATES,
    .move = {"reporting_move_agent_states",
             "INSERT INTO tandem.agent_state AS a "
             "SELECT DISTINCT ON (tenant, agent) * FROM pg_temp.agent_state_staging "
             "ORDER BY tenant, agent, occurred_at DESC, event_id DESC "
             "ON CONFLICT (tenant, agent) DO UPDATE SET since = excluded.since, "
             "occurred_at = excluded.occurred_at, event_id = excluded.event_id, "
             "state = excluded.state, reason = excluded.reason, queue = excluded.queue, "
             "interaction_id = excluded.interaction_id "
             "WHERE (excluded.occurred_at, excluded.event_id) > (a.occurred_at, a.event_id)"},
    .add = add_agent_state,
};
