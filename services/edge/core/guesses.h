/**
 * @file guesses.h  How many wrong passwords are looked at. Pure.
 *
 * Only failures count. Past the limit credentials are not looked at: the answer is a challenge, as
 * for a wrong password, so nobody learns whether they were right. Nobody can keep a phone out by
 * guessing at its user:
 *
 *  - a user at the address where it is registered is judged apart from everybody else, and
 *    generously;
 *  - proofs over a nonce that we gave to that address are judged apart from others, since only who
 *    receives at an address has one: a forged address uses up only what forged ones can have. A
 *    phone with an old nonce whose proof is not looked at gets a new one, and goes on with that.
 *
 * A phone that registers from a new address while its user is being guessed at may have to wait.
 */
#ifndef EDGE_CORE_GUESSES_H
#define EDGE_CORE_GUESSES_H

#include "edge/core/buckets.h"

/** Users, addresses and pairs told apart at a time. */
#define EDGE_GUESSES_PLACES 4096

/** Wrong passwords from one address, whoever the user: at once, and then one each so long. */
#define EDGE_GUESSES_SOURCE_BURST 10
#define EDGE_GUESSES_SOURCE_US UINT64_C(10000000)
/** For one user, wherever from. */
#define EDGE_GUESSES_USER_BURST 30
#define EDGE_GUESSES_USER_US UINT64_C(5000000)
/** For a user at the address of its phone. */
#define EDGE_GUESSES_FAMILIAR_BURST 60
#define EDGE_GUESSES_FAMILIAR_US UINT64_C(500000)

struct edge_guess {
    uint64_t source; /**< Address, well mixed. */
    uint64_t user;   /**< Tenant and user, well mixed; existing or not. */
    bool familiar;   /**< The user's phone is registered from there. */
    bool fresh;      /**< Over a nonce of ours for that address that is not too old. */
};

struct edge_guesses {
    struct edge_buckets sources, users, familiars;
    struct edge_bucket source_places[EDGE_GUESSES_PLACES];
    struct edge_bucket user_places[EDGE_GUESSES_PLACES];
    struct edge_bucket familiar_places[EDGE_GUESSES_PLACES];
};

/** @param guesses  Zeroed. */
void edge_guesses_init(struct edge_guesses *guesses);

/** Whether the proof is to be looked at. */
bool edge_guesses_allow(const struct edge_guesses *guesses, const struct edge_guess *guess,
                        uint64_t now_us);

/** It was wrong. */
void edge_guesses_note(struct edge_guesses *guesses, const struct edge_guess *guess,
                       uint64_t now_us);

#endif
