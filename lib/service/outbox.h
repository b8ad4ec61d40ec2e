/**
 * @file outbox.h  Observations on their way: sent until acknowledged, in order per key, bounded.
 *
 * What has happened (a hang-up, an answered phone, the end of a dialog) was acted on at once and is
 * reported after. An entry stays until the receiver says TD_OK or refuses it for good (INVALID,
 * SYNTAX, RANGE, NOT_FOUND, DENIED, STALE: logged once and dropped); it is sent again with the same
 * id after time-outs, BUSY and UNAVAILABLE, with back-off from 50 ms to 1 s. Entries of one key
 * leave in order, one at a time; different keys do not wait for each other. Kept in memory: a
 * process that dies loses its own.
 */
#ifndef TD_SERVICE_OUTBOX_H
#define TD_SERVICE_OUTBOX_H

#include <stdint.h>

#include "service/service.h"

#define TD_OUTBOX_MAX 10000

struct td_outbox;

enum td_err TD_MUST_CHECK td_outbox_create(struct td_service *service, struct td_outbox **outbox);
/** Drops what is left (counted and logged). */
void td_outbox_destroy(struct td_outbox **outbox);

/**
 * @param call  Copied; `key` must be set, `done` semantics do not apply. deadline_ms is per try.
 * @return TD_OK, or TD_ERR_LIMIT when TD_OUTBOX_MAX entries wait (counted; the caller logs).
 */
enum td_err TD_MUST_CHECK td_outbox_send(struct td_outbox *outbox, const struct td_call *call);

/** As td_outbox_send; `done` runs once with the final answer. */
enum td_err TD_MUST_CHECK td_outbox_send_with(struct td_outbox *outbox, const struct td_call *call,
                                              td_reply_fn *done, void *ctx);

size_t td_outbox_waiting(const struct td_outbox *outbox);

#endif
