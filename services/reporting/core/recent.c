#include "reporting/core/recent.h"

#define MASK (4 * RECENT_MAX - 1)

static uint32_t home(struct td_id id)
{
    return (uint32_t)td_id_hash(id) & MASK;
}

/* Where the id stands in the table, or the free place where it would. */
static uint32_t find(const struct recent *recent, struct td_id id)
{
    uint32_t at = home(id);

    while (recent->table[at] != 0 && !td_id_equal(recent->ring[recent->table[at] - 1], id))
        at = (at + 1) & MASK;
    return at;
}

/* Closes the gap, so that no search ever stops short (Knuth, 6.4 algorithm R). */
static void forget(struct recent *recent, struct td_id id)
{
    uint32_t hole = find(recent, id);

    for (uint32_t at = (hole + 1) & MASK; recent->table[at] != 0; at = (at + 1) & MASK) {
        uint32_t wanted = home(recent->ring[recent->table[at] - 1]);

        if (((at - wanted) & MASK) >= ((at - hole) & MASK)) {
            recent->table[hole] = recent->table[at];
            hole = at;
        }
    }
    recent->table[hole] = 0;
}

bool recent_add(struct recent *recent, struct td_id id)
{
    uint32_t place = recent->next;

    if (recent->table[find(recent, id)] != 0)
        return false;
    if (!td_id_is_nil(recent->ring[place]))
        forget(recent, recent->ring[place]);
    recent->ring[place] = id;
    recent->table[find(recent, id)] = place + 1;
    recent->next = (place + 1) % RECENT_MAX;
    return true;
}
