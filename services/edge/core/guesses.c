#include "edge/core/guesses.h"

/* Fresh ones and others have buckets of their own. */
static uint64_t by_freshness(uint64_t key, bool fresh)
{
    return fresh ? key : key * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static uint64_t source_of(const struct edge_guess *guess)
{
    return by_freshness(guess->source, guess->fresh);
}

static uint64_t user_of(const struct edge_guess *guess)
{
    return by_freshness(guess->user, guess->fresh);
}

static uint64_t pair_of(const struct edge_guess *guess)
{
    return by_freshness(guess->source ^ (guess->user * UINT64_C(0xff51afd7ed558ccd)), guess->fresh);
}

void edge_guesses_init(struct edge_guesses *guesses)
{
    edge_buckets_init(&guesses->sources, guesses->source_places, EDGE_GUESSES_PLACES,
                      EDGE_GUESSES_SOURCE_US, EDGE_GUESSES_SOURCE_BURST);
    edge_buckets_init(&guesses->users, guesses->user_places, EDGE_GUESSES_PLACES,
                      EDGE_GUESSES_USER_US, EDGE_GUESSES_USER_BURST);
    edge_buckets_init(&guesses->familiars, guesses->familiar_places, EDGE_GUESSES_PLACES,
                      EDGE_GUESSES_FAMILIAR_US, EDGE_GUESSES_FAMILIAR_BURST);
}

bool edge_guesses_allow(const struct edge_guesses *guesses, const struct edge_guess *guess,
                        uint64_t now_us)
{
    if (guess->familiar)
        return edge_buckets_has(&guesses->familiars, pair_of(guess), now_us);
    return edge_buckets_has(&guesses->sources, source_of(guess), now_us) &&
           edge_buckets_has(&guesses->users, user_of(guess), now_us);
}

void edge_guesses_note(struct edge_guesses *guesses, const struct edge_guess *guess,
                       uint64_t now_us)
{
    if (guess->familiar) {
        (void)edge_buckets_take(&guesses->familiars, pair_of(guess), now_us);
        return;
    }
    (void)edge_buckets_take(&guesses->sources, source_of(guess), now_us);
    (void)edge_buckets_take(&guesses->users, user_of(guess), now_us);
}
