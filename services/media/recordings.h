/**
 * @file recordings.h  Recordings: two voices on one true time line, on disk while they are made.
 *
 * A recording is a stereo WAV file (left: customer, right: agent) below the site's recording
 * folder, YYYY/MM/DD/INTERACTION.wav in UTC; a second one of the same interaction is
 * INTERACTION-2.wav. Its header is right after every half second, so that what a crash leaves can
 * be played. The disk is written by libuv's threads; the loop only copies samples. Redis knows
 * which recordings are open, and the end is an event `recording.finished` in the same step; what a
 * dead run of this instance left open is told by the next one, marked as incomplete.
 */
#ifndef MEDIA_RECORDINGS_H
#define MEDIA_RECORDINGS_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "media/core/rtp.h"
#include "media/core/tape.h"
#include "service/service.h"
#include "wire/media_wire.h"

struct recordings;
struct recording;

/** @param folder  Copied; made if it is not there.
    @return TD_OK, TD_ERR_NO_MEMORY, or why the folder cannot be used. */
enum td_err TD_MUST_CHECK recordings_create(struct td_service *service, const char *folder,
                                            uint32_t recordings_max,
                                            struct recordings **recordings);

/** Finishes what is open; `done` runs, perhaps from within, when all is on disk and told (or 5 s
   have passed); it ends the life of `recordings`. */
void recordings_close(struct recordings *recordings, void (*done)(void *ctx), void *ctx);

/** What a recording is of. */
struct recording_subject {
    uint32_t tenant;
    struct td_interaction_id interaction;
    uint32_t number; /**< 1 for the interaction's first. */
    enum td_recording_kind kind;
};

/** @return NULL when recordings_max run already (counted and logged) or memory is short. */
struct recording *recordings_start(struct recordings *recordings,
                                   const struct recording_subject *subject, uint64_t now_ns);

/** Its file below the folder; valid until it is finished. */
const char *recording_name(const struct recording *recording);

/** Adds what one side said. */
void recording_write(struct recording *recording, enum media_channel channel,
                     const struct media_rtp *rtp, enum media_law law, struct td_bytes codes,
                     uint64_t now_ns);

/** One party holds the other, or no longer: so long nothing is to be written, which is silence. */
void recording_hold(struct recording *recording, bool held, uint64_t now_ns);
bool recording_is_held(const struct recording *recording);

/** Ends it; the pointer is given up. */
void recording_finish(struct recording *recording);

/** A run before this one left this recording open: tells what is there of it. */
void recordings_tell_left(struct recordings *recordings, uint32_t tenant,
                          struct td_recording_finished *left);

/** Redis hash, per tenant, of recordings that are open. @return `name`. */
const char *recordings_hash(const struct td_service *service, char name[TD_KEY_SIZE]);

#endif
