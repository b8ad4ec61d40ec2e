/**
 * @file reporting.h  The history writer and the live figures.
 *
 * Two readers of the same streams that do not wait for each other: the writer moves events into
 * PostgreSQL (writer.h), the figures count them as they come (figures.h). At the start the figures
 * of today are counted again from the history (recount.h), and both go on behind what it holds.
 */
#ifndef REPORTING_REPORTING_H
#define REPORTING_REPORTING_H

#include "io/live_tail.h"
#include "service/commit.h"
#include "service/service.h"

/** The section `reporting` of site.yaml. */
struct reporting_config {
    uint32_t flush_ms;
    uint32_t batch_max;
    uint32_t stream_keep_ms;
    uint32_t waiting_max;
};

extern const struct td_config_key reporting_keys[];
extern const size_t reporting_keys_count;

struct reporting {
    struct td_service *service;
    struct reporting_config config;
    struct td_live_stream_id positions[TD_STREAMS]; /* of the history, at the start */
    struct recount *recount;                        /* NULL: done */
    struct writer *writer;
    struct figures *figures;
};

enum td_err reporting_start(struct td_service *service, void *ctx);
void reporting_stop(void *ctx);
const char *reporting_unhealthy(void *ctx);
void reporting_metrics(void *ctx, struct td_text *text);

/** Follows all streams behind `positions`. @param events  Its callbacks; the rest is filled in. */
enum td_err TD_MUST_CHECK reporting_tail(const struct reporting *reporting,
                                         const struct td_live_tail_config *events,
                                         struct td_live_tail **tail);

#endif
