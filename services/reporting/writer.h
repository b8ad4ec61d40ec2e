/**
 * @file writer.h  From the streams to PostgreSQL: every event once, whatever dies on the way.
 *
 * Entries are collected for a moment and written in one transaction together with the position of
 * each stream: COPY into staging tables, INSERT ... ON CONFLICT DO NOTHING, positions. What is not
 * known to be committed is written again, and drops out by its key. When the database refuses a
 * batch for what stands in it, it is halved until the one entry is found, which is left out and
 * logged: one event must not end the history of everybody. One batch is being written
 * while the next collects; when both are full the tail pauses and the entries wait in Redis. What
 * the history holds is trimmed from the streams, but not before `stream_keep_ms` (subscribers that
 * saw a gap read it there).
 */
#ifndef REPORTING_WRITER_H
#define REPORTING_WRITER_H

#include "reporting/reporting.h"

struct writer;

/** @param reporting  Kept: service, config, positions to start behind. */
enum td_err writer_create(struct reporting *reporting, struct writer **writer);
void writer_destroy(struct writer **writer);

/** NULL while the streams can be read and the history written. */
const char *writer_unhealthy(const struct writer *writer);

/** Adds how far the history is behind, as Prometheus text. */
void writer_metrics(const struct writer *writer, struct td_text *text);

#endif
