#include "reporting/tenant.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "wire/agent_wire.h"
#include "wire/interaction_wire.h"

#define ENTRIES_MIN 1024

/* --- life --------------------------------------------------------------------------------------
 */

struct tenant *tenant_create(uint32_t number, uint32_t waiting_max)
{
    struct tenant *tenant = calloc(1, sizeof(*tenant));
    struct tally_entry *entries = calloc(ENTRIES_MIN, sizeof(*entries));

    if (tenant == NULL || entries == NULL) {
        free(tenant);
        free(entries);
        return NULL;
    }
    tenant->number = number;
    tenant->entries_max = ENTRIES_MIN;
    while (tenant->entries_max < 2 * (size_t)waiting_max)
        tenant->entries_max *= 2;
    tally_init(&tenant->tally, entries, ENTRIES_MIN);
    return tenant;
}

void tenant_destroy(struct tenant *tenant)
{
    states_free(&tenant->states);
    free(tenant->tally.entries);
    free(tenant);
}

static void configure_target(struct tenant *tenant, const struct td_queue *queue)
{
    for (uint32_t i = 0; i < tenant->tally.queue_count; i++) {
        if (td_str_equal(tenant->tally.queues[i].name, queue->name))
            tenant->target_percent[i] = queue->target_percent;
    }
}

void tenant_configure(struct tenant *tenant, const struct td_company_config *config,
                      uint64_t now_unix_us)
{
    bool is_new = tenant->day.end_unix_us == 0;

    if (is_new || !td_str_equal(tenant->zone, config->time_zone)) {
        td_str_clip(tenant->zone, sizeof(tenant->zone), config->time_zone);
        tenant->day = zone_day_of(tenant->zone, now_unix_us);
    }
    for (uint32_t i = 0; i < config->queues_count; i++) {
        tally_configure(&tenant->tally, config->queues[i].name,
                        config->queues[i].threshold_s * 1000);
        configure_target(tenant, &config->queues[i]);
    }
    for (uint32_t i = 0; i < config->agents_count; i++)
        states_know(&tenant->states, config->agents[i].name);
}

/* --- days --------------------------------------------------------------------------------------
 */

uint64_t tenant_begin(struct tenant *tenant, uint64_t now_unix_us)
{
    struct zone_day today = zone_day_of(tenant->zone, now_unix_us);

    tally_clear(&tenant->tally);
    states_clear(&tenant->states);
    tenant->day = zone_day_of(tenant->zone, today.begin_unix_us - 1);
    return tenant->day.begin_unix_us;
}

void tenant_advance(struct tenant *tenant, uint64_t at_unix_us)
{
    if (at_unix_us < tenant->day.end_unix_us)
        return;
    tally_new_day(&tenant->tally);
    tenant->day = zone_day_of(tenant->zone, at_unix_us);
}

/* --- events ------------------------------------------------------------------------------------
 */

/* Twice the room for those who wait; stays as it is at its bound, or when there is no memory. */
static void make_room(struct tenant *tenant)
{
    struct tally *tally = &tenant->tally;
    struct tally_entry *old = tally->entries;

    if (!tally_is_full(tally) || tally->entries_size >= tenant->entries_max)
        return;
    struct tally_entry *entries = calloc(tally->entries_size * 2, sizeof(*entries));
    if (entries == NULL)
        return;
    tally_move(tally, entries, tally->entries_size * 2);
    free(old);
}

static void take_interaction(struct tenant *tenant, const char *topic,
                             const struct td_interaction_event *event)
{
    struct tally *tally = &tenant->tally;

    if (td_str_equal(topic, "interaction.queued")) {
        make_room(tenant);
        tally_queued(tally, event->interaction_id, event->queue, event->at_unix_us);
    } else if (td_str_equal(topic, "interaction.connected")) {
        tally_left(tally, event->interaction_id, TALLY_ANSWERED, event->wait_ms);
    } else if (td_str_equal(topic, "interaction.abandoned")) {
        tally_left(tally, event->interaction_id, TALLY_ABANDONED, event->wait_ms);
    } else if (td_str_equal(topic, "interaction.overflowed")) {
        tally_left(tally, event->interaction_id, TALLY_OVERFLOWED, event->wait_ms);
    }
}

static void take_summary(struct tenant *tenant, const struct td_interaction_summary *summary)
{
    if (summary->outcome == TD_OUTCOME_ANSWERED)
        tally_talked(&tenant->tally, summary->queue, summary->talk_ms);
    tally_closed(&tenant->tally, summary->interaction_id);
}

void tenant_take(struct tenant *tenant, struct td_arena *arena, const char *topic,
                 uint64_t at_unix_us, struct td_bytes payload)
{
    size_t mark = arena->used;
    struct td_interaction_event event;
    struct td_interaction_summary summary;
    struct td_agent_record agent;

    tenant_advance(tenant, at_unix_us);
    if (td_str_equal(topic, "interaction.closed")) {
        if (td_interaction_summary_decode(arena, payload, &summary, NULL) == TD_OK)
            take_summary(tenant, &summary);
    } else if (td_str_starts_with(topic, "interaction.")) {
        if (td_interaction_event_decode(arena, payload, &event, NULL) == TD_OK)
            take_interaction(tenant, topic, &event);
    } else if (td_str_equal(topic, "agent.state")) {
        if (td_agent_record_decode(arena, payload, &agent, NULL) == TD_OK)
            states_set(&tenant->states, agent.agent, (unsigned)agent.state);
    }
    td_arena_rewind(arena, mark);
}
