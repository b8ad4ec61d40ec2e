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

void tally_configure(struct tally *tally, const char *queue, uint32_t threshold_ms)
{
    struct tally_queue *found = find_queue(tally, queue);

    if (found != NULL)
        found->threshold_ms = threshold_ms;
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

static void count_left(struct tally_queue *queue, enum tally_leave how, uint64_t wait_ms)
{
    struct tally_counts *counts = &queue->counts;

    counts->waiting--;
    switch (how) {
    case TALLY_ANSWERED:
        counts->answered++;
        counts->answered_within += wait_ms <= queue->threshold_ms;
        counts->wait_ms_sum += wait_ms;
        break;
    case TALLY_ABANDONED:
        counts->abandoned++;
        counts->abandoned_after += wait_ms > queue->threshold_ms;
        break;
    case TALLY_OVERFLOWED:
        counts->overflowed++;
        break;
    }
}

void tally_left(struct tally *tally, struct td_interaction_id interaction, enum tally_leave how,
                uint64_t wait_ms)
{
    size_t at = find_entry(tally, interaction);

    if (td_id_is_nil(tally->entries[at].interaction.id)) {
        tally->ignored++;
        return;
    }
    count_left(&tally->queues[tally->entries[at].queue], how, wait_ms);
    remove_entry(tally, at);
}

void tally_talked(struct tally *tally, const char *queue, uint64_t talk_ms)
{
    struct tally_queue *found = find_queue(tally, queue);

    if (found == NULL)
        return;
    found->counts.talks++;
    found->counts.talk_ms_sum += talk_ms;
}

void tally_closed(struct tally *tally, struct td_interaction_id interaction)
{
    if (!td_id_is_nil(tally->entries[find_entry(tally, interaction)].interaction.id))
        tally_left(tally, interaction, TALLY_OVERFLOWED, 0);
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

uint32_t tally_service_level_permille(const struct tally_counts *counts)
{
    uint64_t base = counts->answered + counts->abandoned_after;

    return base == 0 ? 1000 : (uint32_t)(counts->answered_within * 1000 / base);
}

bool tally_is_consistent(const struct tally_counts *counts)
{
    return counts->offered ==
           counts->answered + counts->abandoned + counts->overflowed + counts->waiting;
}
