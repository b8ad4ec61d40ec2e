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
        if (!td_str_equal(tenant->tally.queues[i].name, queue->name))
            continue;
        tenant->target_percent[i] = queue->target_percent;
        tenant->formula[i] = level_formula(queue);
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
        tally_configure(&tenant->tally, &config->queues[i]);
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
    memset(&tenant->calls, 0, sizeof(tenant->calls));
    memset(&tenant->recent, 0, sizeof(tenant->recent));
    tenant->day = zone_day_of(tenant->zone, today.begin_unix_us - 1);
    return tenant->day.begin_unix_us;
}

void tenant_advance(struct tenant *tenant, uint64_t at_unix_us)
{
    if (at_unix_us < tenant->day.end_unix_us)
        return;
    tally_new_day(&tenant->tally);
    memset(&tenant->calls, 0, sizeof(tenant->calls));
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

static void leave(struct tenant *tenant, const struct td_interaction_event *event,
                  enum tally_leave how, bool is_late)
{
    tally_left(&tenant->tally, event->interaction_id,
               &(struct tally_departure){
                   .how = how,
                   .is_late = is_late,
                   .wait_ms = event->wait_ms,
                   .threshold_ms = event->threshold_ms,
                   .short_abandon_ms = event->short_abandon_ms,
                   .cause = event->cause,
                   .to_voice_mail = event->action == TD_DIVERSION_ACTION_VOICE_MAIL,
               });
}

/* Who waits, and who has a customer on hold: true whenever it is heard of. @return False: none of
   these. */
static bool take_place(struct tenant *tenant, const char *word,
                       const struct td_interaction_event *event, bool is_late)
{
    if (td_str_equal(word, "queued")) {
        make_room(tenant);
        tally_queued(&tenant->tally, event->interaction_id, event->queue, event->at_unix_us);
    } else if (td_str_equal(word, "connected")) {
        leave(tenant, event, TALLY_ANSWERED, is_late);
    } else if (td_str_equal(word, "abandoned")) {
        leave(tenant, event, TALLY_ABANDONED, is_late);
    } else if (td_str_equal(word, "held")) {
        states_hold(&tenant->states, event->agent, true);
    } else {
        return false;
    }
    return true;
}

static void count_missed(struct tally *tally, const struct td_interaction_event *event)
{
    static const char *const reasons[] = {[TALLY_DECLINED] = "declined",
                                          [TALLY_NO_ANSWER] = "no_answer",
                                          [TALLY_DEVICE_FAILURE] = "device_failure"};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (td_str_equal(event->reason, reasons[i]))
            tally_missed(tally, event->queue, (enum tally_miss)i);
    }
}

/* What counts in the day in which it happened. */
static void take_count(struct tenant *tenant, const char *word,
                       const struct td_interaction_event *event)
{
    struct tally *tally = &tenant->tally;

    if (td_str_equal(word, "arrived")) {
        calls_arrived(&tenant->calls, event->direction);
    } else if (td_str_equal(word, "diverted")) {
        tenant->calls.diverted++;
    } else if (td_str_equal(word, "overflowed")) {
        tally_moved(tally, TALLY_OVERFLOW, event->queue, event->to_queue);
    } else if (td_str_equal(word, "offer_ended")) {
        count_missed(tally, event);
    } else if (td_str_equal(word, "resumed") && event->duration_ms > 0) {
        tally_worked(tally, event->queue, TALLY_HOLD, event->duration_ms);
    } else if (td_str_equal(word, "ended")) {
        tally_worked(tally, event->queue, TALLY_TALK, event->duration_ms);
    } else if (td_str_equal(word, "transferred")) {
        tally_worked(tally, event->from_queue, TALLY_TALK, event->duration_ms);
        tally_moved(tally, TALLY_TRANSFER, event->from_queue,
                    event->target == TD_TRANSFER_TARGET_QUEUE ? event->queue : "");
    }
}

static void take_interaction(struct tenant *tenant, const char *word,
                             const struct td_interaction_event *event, bool is_late)
{
    if (take_place(tenant, word, event, is_late))
        return;
    if (td_str_equal(word, "overflowed"))
        leave(tenant, event, TALLY_OVERFLOWED, is_late);
    if (td_str_equal(word, "resumed") && event->duration_ms > 0)
        states_hold(&tenant->states, event->agent, false);
    if (!is_late)
        take_count(tenant, word, event);
}

static void take_summary(struct tenant *tenant, const struct td_interaction_summary *summary,
                         bool is_late)
{
    tally_closed(&tenant->tally, summary->interaction_id, is_late);
    if (!is_late)
        calls_closed(&tenant->calls, summary);
}

static void take_agent(struct tenant *tenant, const struct td_agent_record *agent, bool is_late)
{
    states_set(&tenant->states, agent->agent, (unsigned)agent->state, agent->reason);
    if (agent->previous_state == TD_AGENT_STATE_WRAP_UP && !is_late)
        tally_worked(&tenant->tally, agent->previous_queue, TALLY_WRAP_UP,
                     agent->previous_duration_ms);
}

static void decode_and_take(struct tenant *tenant, struct td_arena *arena,
                            const struct tenant_event *taken, bool is_late)
{
    struct td_interaction_event event;
    struct td_interaction_summary summary;
    struct td_agent_record agent;
    const char *topic = taken->topic;

    if (td_str_equal(topic, "interaction.closed")) {
        if (td_interaction_summary_decode(arena, taken->payload, &summary, NULL) == TD_OK)
            take_summary(tenant, &summary, is_late);
    } else if (td_str_starts_with(topic, "interaction.")) {
        if (td_interaction_event_decode(arena, taken->payload, &event, NULL) == TD_OK)
            take_interaction(tenant, topic + strlen("interaction."), &event, is_late);
    } else if (td_str_equal(topic, "agent.state")) {
        if (td_agent_record_decode(arena, taken->payload, &agent, NULL) == TD_OK)
            take_agent(tenant, &agent, is_late);
    }
}

bool tenant_counts(const char *topic)
{
    return td_str_starts_with(topic, "interaction.") || td_str_equal(topic, "agent.state");
}

void tenant_take(struct tenant *tenant, struct td_arena *arena, const struct tenant_event *event)
{
    size_t mark = arena->used;

    if (!tenant_counts(event->topic) || !recent_add(&tenant->recent, event->id))
        return;
    tenant_advance(tenant, event->at_unix_us);
    decode_and_take(tenant, arena, event, event->at_unix_us < tenant->day.begin_unix_us);
    td_arena_rewind(arena, mark);
}
