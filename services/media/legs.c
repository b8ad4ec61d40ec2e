#include <stdlib.h>
#include <unistd.h>

#include "media/media.h"

/* Ports that the kernel says are taken, before a leg is refused. */
#define TRIES 8

enum td_err legs_create(struct media *media)
{
    uint32_t count = media->config.legs_max;

    media->legs = calloc(count, sizeof(*media->legs));
    media->hearing = calloc(count, sizeof(struct leg *));
    if (media->legs == NULL || media->hearing == NULL)
        return TD_ERR_NO_MEMORY;
    return TD_OK;
}

void legs_free(struct media *media)
{
    free(media->legs);
    free(media->hearing);
    media->legs = NULL;
    media->hearing = NULL;
}

static struct leg **bucket_of(struct media *media, struct td_leg_id id)
{
    return &media->buckets[td_id_hash(id.id) % MEDIA_BUCKETS];
}

struct leg *legs_find(struct media *media, struct td_leg_id id)
{
    struct leg *leg = *bucket_of(media, id);

    while (leg != NULL && !td_id_equal(leg->id.id, id.id))
        leg = leg->next;
    return leg;
}

void legs_each(struct media *media, void (*each)(struct leg *leg, uint64_t now_ns), uint64_t now_ns)
{
    for (size_t i = 0; i < MEDIA_BUCKETS; i++) {
        struct leg *next;

        for (struct leg *leg = media->buckets[i]; leg != NULL; leg = next) {
            next = leg->next; // `each` may close the leg.
            each(leg, now_ns);
        }
    }
}

/* Binds a port and the next one, for RTP and RTCP. */
static enum td_err bind_pair(struct leg *leg, uint16_t port)
{
    const char *address = leg->media->config.rtp_address;
    struct media_peer local;
    enum td_err err = media_peer_parse(address, port, &local);

    if (err == TD_OK)
        err = media_udp_open(&local, &leg->rtp);
    if (err != TD_OK)
        return err;
    local.port = (uint16_t)(port + 1);
    err = media_udp_open(&local, &leg->rtcp);
    if (err != TD_OK)
        (void)close(leg->rtp);
    return err;
}

static enum td_err take_port(struct leg *leg)
{
    struct media_blocks *blocks = leg->media->blocks;
    enum td_err err = TD_ERR_LIMIT;

    for (int i = 0; i < TRIES; i++) {
        uint16_t port = 0;

        err = media_blocks_take(blocks, &port);
        if (err != TD_OK)
            return err;
        err = bind_pair(leg, port);
        if (err == TD_OK) {
            leg->port = port;
            return TD_OK;
        }
        media_blocks_give(blocks, port); // To the end of the queue.
        if (err != TD_ERR_EXISTS)
            return err;
    }
    return err;
}

/* A slot: one that was used before, or the next that never was. */
static struct leg *take_slot(struct media *media)
{
    struct leg *leg = media->free_legs;

    if (leg != NULL)
        media->free_legs = leg->next;
    else if (media->legs_used < media->config.legs_max)
        leg = &media->legs[media->legs_used++];
    return leg;
}

enum td_err legs_open(struct media *media, struct td_leg_id id, struct leg **leg)
{
    struct leg **bucket = bucket_of(media, id);
    struct leg *self = media->stopping ? NULL : take_slot(media);
    uint8_t random[10];

    if (self == NULL)
        return TD_ERR_LIMIT;
    *self = (struct leg){.media = media, .id = id};
    enum td_err err = take_port(self);
    if (err != TD_OK) {
        self->next = media->free_legs;
        media->free_legs = self;
        return err;
    }
    err = relay_open(self); // Gives everything back when it fails.
    if (err != TD_OK)
        return err;

    td_loop_random(td_service_loop(media->service), random, sizeof(random));
    media_leg_init(&self->core, random);
    self->created_at_unix_us = td_loop_now_unix_us(td_service_loop(media->service));
    self->heard_at_ns = td_loop_now_ns();
    self->next = *bucket;
    *bucket = self;
    *media->counters.legs = ++media->leg_count;
    *leg = self;
    return TD_OK;
}

void legs_close(struct leg *leg)
{
    struct media *media = leg->media;
    struct leg **link = bucket_of(media, leg->id);

    if (leg->playback.playing != PLAYING_NOTHING)
        play_finish(leg, TD_MEDIA_OUTCOME_RELEASED);
    relay_disconnect(leg);
    watch_goodbye(leg);
    hear_end(leg);
    state_delete(leg);
    while (*link != leg)
        link = &(*link)->next;
    *link = leg->next;
    *media->counters.legs = --media->leg_count;
    *media->counters.packets_lost += media_rtp_lost(&leg->core.reception);
    media_typeahead_clear(&leg->typeahead);
    relay_close(leg); // Its end puts the slot back.
}
