/**
 * @file timeline.h  Events of an interaction in words.
 */
#ifndef TANDEM_TIMELINE_H
#define TANDEM_TIMELINE_H

#include "base/arena.h"
#include "base/bytes.h"

#define TIMELINE_SIZE 1024

/** What an event says, in one line; JSON for types it has no words for. */
void timeline_words(struct td_arena *arena, const char *topic, const char *type,
                    struct td_bytes payload, char words[TIMELINE_SIZE]);

#endif
