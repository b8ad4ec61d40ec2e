/**
 * @file check.h  One look at a site: all owners are asked what they have, at once.
 *
 * look_start() asks; each answer adds things to the picture; `done` runs when the last one is in.
 * What cannot be asked is told as a failure: a picture with a hole in it proves nothing.
 */
#ifndef TANDEM_CHECK_H
#define TANDEM_CHECK_H

#include "service/service.h"
#include "tandem/core/picture.h"

#define LOOK_DEADLINE_MS 5000

struct look {
    struct td_service *service;
    struct picture picture;
    size_t capacity;
    uint32_t pending; /* answers due */
    uint64_t epoch;   /* of the active router, for those who refuse a lower one */
    char failure[256];
    void (*done)(void *ctx);
    void *ctx;
};

void look_init(struct look *look, struct td_service *service, void (*done)(void *ctx), void *ctx);
void look_fini(struct look *look);

/** Empties the picture and takes a new one. */
void look_start(struct look *look);

/** Adds a thing that is all zeros; fields are the caller's to fill, before the next is added. */
struct picture_thing *look_add(struct look *look, enum picture_kind kind);

/** One more answer is due, or has come. */
void look_begin(struct look *look);
void look_end(struct look *look);
/** The first failure is kept. */
__attribute__((format(printf, 2, 3))) void look_failed(struct look *look, const char *format, ...);

/* Each begins and ends what it asks. */
void look_at_live(struct look *look);      /* check_live.c: Redis */
void look_at_processes(struct look *look); /* check_ask.c: edges, media and ivrs */
void look_at_history(struct look *look);   /* check_history.c: PostgreSQL against the streams */

#endif
