/**
 * @file agenda.h  What happens next in virtual time: appointments by number, each at most once.
 *
 * A binary heap that knows where each appointment stands, so that one can be moved or dropped and
 * none is ever forgotten in it. Those due together go by number. For the files of this folder.
 *
 * Pure; arrays of the caller's. Setting O(log appointments), looking O(1).
 */
#ifndef TD_CORE_SIMULATION_AGENDA_H
#define TD_CORE_SIMULATION_AGENDA_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define TD_AGENDA_NEVER UINT64_MAX

struct td_agenda {
    uint32_t *heap;
    uint32_t *at; /* place of each in the heap; UINT32_MAX: none */
    uint64_t *due;
    uint32_t count;
};

/** For numbers below `numbers`. @return TD_OK or TD_ERR_LIMIT. */
enum td_err TD_MUST_CHECK td_agenda_init(struct td_agenda *agenda, struct td_arena *arena,
                                         uint32_t numbers);

/** Makes, moves or, with TD_AGENDA_NEVER, drops an appointment. */
void td_agenda_set(struct td_agenda *agenda, uint32_t number, uint64_t due);

/** When the next is due, or TD_AGENDA_NEVER. */
uint64_t td_agenda_due(const struct td_agenda *agenda);

/** Drops the next and returns its number; there must be one. */
uint32_t td_agenda_take(struct td_agenda *agenda);

#endif
