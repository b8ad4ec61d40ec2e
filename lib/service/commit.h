/**
 * @file commit.h  State and events, written in one Redis step.
 *
 * The owner of a fact writes it and says so in the same step (design, section 4): either both are
 * on disk or neither. Commits of one process are grouped: one step is in flight, the next collects.
 *
 *     struct td_commit *commit = td_commit_begin(service, tenant);
 *     td_commit_put(commit, "legs", leg, td_leg_state_encode(arena, &state));
 *     td_commit_event(commit, "recording.finished", interaction, "RecordingFinished", payload);
 *     td_commit_run(commit, 500, on_committed, self);
 *
 * Everything is copied; a commit is taken by td_commit_run or td_commit_drop.
 */
#ifndef TD_SERVICE_COMMIT_H
#define TD_SERVICE_COMMIT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "service/service.h"

/** Streams that carry events; an event's is chosen by a stable hash of its key. */
#define TD_STREAMS 16

struct td_commit;

struct td_commit *td_commit_begin(struct td_service *service, uint32_t tenant);

/** Refuse the whole commit (TD_ERR_STALE) unless this epoch of the router's lease is in force. */
void td_commit_fence(struct td_commit *commit, uint64_t epoch);

/** Sets one field of a hash of the tenant. @param hash  "interactions"; see td_service_key. */
void td_commit_put(struct td_commit *commit, const char *hash, const char *field,
                   struct td_bytes value);
/** As put, but the commit is refused (TD_ERR_EXISTS) if the field is there already. */
void td_commit_put_new(struct td_commit *commit, const char *hash, const char *field,
                       struct td_bytes value);
void td_commit_delete(struct td_commit *commit, const char *hash, const char *field);

/** Appends an event to the stream of its key. @param key  Interaction or customer, text. */
void td_commit_event(struct td_commit *commit, const char *topic, const char *key, const char *type,
                     struct td_bytes payload);

/** As td_commit_event, under an id that the sender chose. */
void td_commit_event_with_id(struct td_commit *commit, struct td_id id, const char *topic,
                             const char *key, const char *type, struct td_bytes payload);

/** Refuses the commit (TD_ERR_EXISTS) if one with this id was stored within the last `window_ms`.
 */
void td_commit_once(struct td_commit *commit, struct td_id id, uint64_t window_ms);

/** For what nobody waits for: it may go to disk so much later, together with others, in its order.
 */
void td_commit_linger(struct td_commit *commit, uint32_t linger_ms);

/** TD_OK: on disk. TD_ERR_STALE, TD_ERR_EXISTS, TD_ERR_LIMIT (Redis is full, or the commit too
 * large), TD_ERR_BUSY, TD_ERR_UNAVAILABLE: nothing was written or will be. TD_ERR_TIMEOUT: not
 * known to be written. */
typedef void td_committed_fn(void *ctx, enum td_err err);

/** For what nobody waits for and what must hold all the same, a deletion above all: it waits in its
    place for a Redis that is away. */
#define TD_COMMIT_KEPT_MS 600000

/** Takes the commit. `done` runs exactly once, later; may be NULL. */
void td_commit_run(struct td_commit *commit, uint32_t deadline_ms, td_committed_fn *done,
                   void *ctx);
void td_commit_drop(struct td_commit *commit);

/** "tandem:{SITE}:events:N", N below TD_STREAMS. @return `key`. */
const char *td_stream_key(const char *site, unsigned partition, char key[TD_KEY_SIZE]);
unsigned td_stream_of(const char *event_key);

#endif
