#include "reporting/core/tally.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

void tally_init(struct tally *tally, struct tally_entry *entries, size_t size)
{
    assert(size >= 2 && (size & (size - 1)) == 0);
    memset(tally, 0, sizeof(*tally));
    tally->entries = entries;
    tally->entries_size = size;
}

void tally_clear(struct tally *tally)
{
    for (uint32_t i = 0; i < tally->queue_count; i++)
        tally->queues[i].counts = (struct tally_counts){0};
    memset(tally->entries, 0, tally->entries_size * sizeof(*tally->entries));
    tally->entries_used = 0;
}

/* --- queues ------------------------------------------------------------------------------------
 */

static struct tally_queue *find_queue(struct tally *tally, const char *name)
{
    for (uint32_t i = 0; i < tally->queue_count; i++) {
        if (td_str_equal(tally->queues[i].name, name))
            return &tally->queues[i];
    }
    if (tally->queue_count == TALLY_QUEUES_MAX || name[0] == '\0')
        return NULL;
    struct tally_queue *queue = &tally->queues[tally->queue_count++];
    td_str_clip(queue->name, sizeof(queue->name), name);
    return queue;
}

void tally_configure(struct tally *tally, const struct td_queue *queue)
{
    struct tally_queue *found = find_queue(tally, queue->name);

    if (found == NULL)
        return;
    found->threshold_ms = queue->threshold_s * 1000;
    found->short_abandon_ms = level_short_abandon_ms(queue);
}

/* --- who waits ---------------------------------------------------------------------------------
 */

static size_t home(const struct tally *tally, struct td_interaction_id interaction)
{
    return td_id_hash(interaction.id) & (tally->entries_size - 1);
}

/* The entry of this interaction, or the free one where it would be. The table is never full. */
static size_t find_entry(const struct tally *tally, struct td_interaction_id interaction)
{
    size_t at = home(tally, interaction);

    while (!td_id_is_nil(tally->entries[at].interaction.id) &&
           !td_id_equal(tally->entries[at].interaction.id, interaction.id))
        at = (at + 1) & (tally->entries_size - 1);
    return at;
}

/* Closes the gap, so that no search ever stops short (Knuth, 6.4 algorithm R). */
static void remove_entry(struct tally *tally, size_t at)
{
    size_t mask = tally->entries_size - 1;
    size_t hole = at;

    for (size_t next = (at + 1) & mask; !td_id_is_nil(tally->entries[next].interaction.id);
         next = (next + 1) & mask) {
        size_t wanted = home(tally, tally->entries[next].interaction);

        if (((next - wanted) & mask) >= ((next - hole) & mask)) {
            tally->entries[hole] = tally->entries[next];
            hole = next;
        }
    }
    tally->entries[hole] = (struct tally_entry){0};
    tally->entries_used--;
}

bool tally_is_full(const struct tally *tally)
{
    return tally->entries_used >=
           tally->entries_size / 2; // Half empty, so that searches are short.
}

void tally_move(struct tally *tally, struct tally_entry *entries, size_t size)
{
    const struct tally_entry *old = tally->entries;
    size_t old_size = tally->entries_size;

    assert(size > old_size && (size & (size - 1)) == 0);
    tally->entries = entries;
    tally->entries_size = size;
    for (size_t i = 0; i < old_size; i++) {
        if (!td_id_is_nil(old[i].interaction.id))
            entries[find_entry(tally, old[i].interaction)] = old[i];
    }
}

void tally_queued(struct tally *tally, struct td_interaction_id interaction, const char *queue,
                  uint64_t at_unix_us)
{
    struct tally_queue *found = find_queue(tally, queue);
    size_t at = find_entry(tally, interaction);
    bool is_known = !td_id_is_nil(tally->entries[at].interaction.id);

    if (found == NULL || is_known || tally_is_full(tally)) {
        tally->ignored++;
        return;
    }
    tally->entries[at] =
        (struct tally_entry){interaction, (uint32_t)(found - tally->queues), at_unix_us};
    tally->entries_used++;
    found->counts.offered++;
    found->counts.waiting++;
}

static void count_answered(struct tally_counts *counts, uint64_t wait_ms, uint32_t threshold_ms)
{
    counts->answered++;
    counts->answered_within += wait_ms <= threshold_ms;
    counts->wait_ms_sum += wait_ms;
    spread_add(&counts->waits, wait_ms);
}

static void count_overflowed(struct tally_counts *counts, const struct tally_departure *departure)
{
    size_t cause = (size_t)departure->cause;

    counts->overflowed++;
    counts->overflowed_by[cause < TALLY_CAUSES ? cause : 0]++;
    counts->to_voice_mail += departure->to_voice_mail;
}

static void count_left(struct tally_queue *queue, const struct tally_departure *departure)
{
    struct tally_counts *counts = &queue->counts;
    uint64_t wait_ms = departure->wait_ms;
    uint32_t threshold_ms =
        departure->threshold_ms > 0 ? departure->threshold_ms : queue->threshold_ms;
    uint32_t short_ms =
        departure->short_abandon_ms > 0 ? departure->short_abandon_ms : queue->short_abandon_ms;

    counts->waiting--;
    if (departure->is_late) { // So it did not wait at midnight.
        counts->offered--;
        return;
    }
    if (wait_ms > counts->most_wait_ms)
        counts->most_wait_ms = wait_ms;
    switch (departure->how) {
    case TALLY_ANSWERED:
        count_answered(counts, wait_ms, threshold_ms);
        break;
    case TALLY_ABANDONED:
        counts->abandoned++;
        counts->abandoned_after += wait_ms > threshold_ms;
        counts->short_abandoned += wait_ms <= short_ms;
        counts->abandoned_wait_ms_sum += wait_ms;
        break;
    case TALLY_OVERFLOWED:
        count_overflowed(counts, departure);
        break;
    }
}

void tally_left(struct tally *tally, struct td_interaction_id interaction,
                const struct tally_departure *departure)
{
    size_t at = find_entry(tally, interaction);

    if (td_id_is_nil(tally->entries[at].interaction.id)) {
        tally->ignored++;
        return;
    }
    count_left(&tally->queues[tally->entries[at].queue], departure);
    remove_entry(tally, at);
}

void tally_closed(struct tally *tally, struct td_interaction_id interaction, bool is_late)
{
    if (!td_id_is_nil(tally->entries[find_entry(tally, interaction)].interaction.id))
        tally_left(tally, interaction,
                   &(struct tally_departure){.how = TALLY_OVERFLOWED, .is_late = is_late});
}

/* --- what agents did ---------------------------------------------------------------------------
 */

void tally_missed(struct tally *tally, const char *queue, enum tally_miss miss)
{
    struct tally_queue *found = find_queue(tally, queue);

    if (found == NULL)
        return;
    found->counts.declined += miss == TALLY_DECLINED;
    found->counts.no_answer += miss == TALLY_NO_ANSWER;
    found->counts.device_failures += miss == TALLY_DEVICE_FAILURE;
}

void tally_worked(struct tally *tally, const char *queue, enum tally_work work, uint64_t ms)
{
    struct tally_queue *found = find_queue(tally, queue);

    if (found == NULL)
        return;
    struct tally_counts *counts = &found->counts;
    switch (work) {
    case TALLY_TALK:
        counts->talks++;
        counts->talk_ms_sum += ms;
        break;
    case TALLY_HOLD:
        counts->holds++;
        counts->hold_ms_sum += ms;
        break;
    case TALLY_WRAP_UP:
        counts->wrap_up_ms_sum += ms;
        break;
    }
}

void tally_moved(struct tally *tally, enum tally_way way, const char *from, const char *to)
{
    struct tally_queue *source = find_queue(tally, from);
    struct tally_queue *target = find_queue(tally, to);

    if (source != NULL)
        source->counts.transferred_out += way == TALLY_TRANSFER;
    if (target != NULL) {
        target->counts.transferred_in += way == TALLY_TRANSFER;
        target->counts.overflowed_in += way == TALLY_OVERFLOW;
    }
}

void tally_new_day(struct tally *tally)
{
    for (uint32_t i = 0; i < tally->queue_count; i++) {
        uint64_t waiting = tally->queues[i].counts.waiting;
        tally->queues[i].counts = (struct tally_counts){.offered = waiting, .waiting = waiting};
    }
}

/* --- read --------------------------------------------------------------------------------------
 */

void tally_oldest(const struct tally *tally, uint64_t *oldest_unix_us)
{
    for (uint32_t i = 0; i < tally->queue_count; i++)
        oldest_unix_us[i] = UINT64_MAX;
    for (size_t i = 0; i < tally->entries_size && tally->entries_used > 0; i++) {
        const struct tally_entry *entry = &tally->entries[i];

        if (!td_id_is_nil(entry->interaction.id) &&
            entry->queued_at_unix_us < oldest_unix_us[entry->queue])
            oldest_unix_us[entry->queue] = entry->queued_at_unix_us;
    }
}

struct level_counts tally_level_counts(const struct tally_counts *counts)
{
    return (struct level_counts){
        .answered = counts->answered,
        .answered_within = counts->answered_within,
        .abandoned = counts->abandoned,
        .abandoned_within = counts->abandoned - counts->abandoned_after,
        .short_abandoned = counts->short_abandoned,
        .overflowed = counts->overflowed,
    };
}

bool tally_is_consistent(const struct tally_counts *counts)
{
    return counts->offered ==
           counts->answered + counts->abandoned + counts->overflowed + counts->waiting;
}
