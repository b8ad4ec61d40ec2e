/**
 * @file findings.h  What every one of several pictures has shown.
 *
 * The first round keeps all it is given; each further one keeps of those what it is given again.
 * Nothing here but memory from the heap; n log n a round.
 */
#ifndef TANDEM_CORE_FINDINGS_H
#define TANDEM_CORE_FINDINGS_H

#include "tandem/core/picture.h"

/** Starts as zeros. `items` and `count` are to be read between rounds. */
struct findings {
    struct picture_finding *items;
    size_t count;
    struct picture_finding *round; /* of the round under way */
    size_t round_count;
    size_t round_capacity;
    bool begun;
};

void findings_begin(struct findings *findings);
void findings_add(struct findings *findings, const struct picture_finding *finding);
void findings_end(struct findings *findings);
void findings_fini(struct findings *findings);

#endif
