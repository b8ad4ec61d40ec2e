/**
 * @file timeline.h  Events of an interaction in words.
 */
#ifndef TANDEM_TIMELINE_H
#define TANDEM_TIMELINE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "wire/interaction_wire.h"

#define TIMELINE_SIZE 1024

/** What an event says, in one line; JSON for types it has no words for. */
void timeline_words(struct td_arena *arena, const char *topic, const char *type,
                    struct td_bytes payload, char words[TIMELINE_SIZE]);

/** The decision of an offer, over several lines. @param number  From 1. */
void timeline_print_decision(int number, const struct td_interaction_event *event);

#endif
