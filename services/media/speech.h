/**
 * @file speech.h  The synthesiser: workers that turn text into samples.
 *
 * Each worker program (media/speech) speaks one text at a time; texts wait in one bounded queue. A
 * worker that takes longer than the deadline is killed, one that dies is started again, and its
 * text fails: what is heard then is the caller's choice. One loop, no locks.
 */
#ifndef MEDIA_SPEECH_H
#define MEDIA_SPEECH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "service/service.h"

struct speech;

struct speech_config {
    uint32_t workers;
    uint32_t deadline_ms; /**< For one text, from its request. */
};

enum td_err TD_MUST_CHECK speech_create(struct td_service *service,
                                        const struct speech_config *config, struct speech **speech);
/** Kills the workers; callbacks that are due do not run. NULL is ignored. */
void speech_destroy(struct speech **speech);

/** @param samples  Borrowed; NULL on failure. */
typedef void speech_fn(void *ctx, enum td_err err, const int16_t *samples, size_t count);

/** A text to speak. Strings are copied. */
struct speech_order {
    const char *text;
    const char *language;
    bool ssml;
    speech_fn *done; /**< Exactly once, later. */
    void *ctx;
};

/** @return TD_OK; TD_ERR_LIMIT (queue full, or the text is too long): `done` does not run. */
enum td_err TD_MUST_CHECK speech_order(struct speech *speech, const struct speech_order *order);

/** Whether any worker runs. */
bool speech_is_ready(const struct speech *speech);

#endif
