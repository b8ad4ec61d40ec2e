/**
 * @file media.h  The media service: legs, what is heard on them, what is collected and recorded.
 *
 * A leg is one far end: a port, what was negotiated with it, what it hears (prompts, another leg,
 * or silence) and what it says. Every decision about a packet is taken in core/; the files here own
 * sockets, memory and time. One loop; GStreamer, the disk and the synthesiser work beside it.
 *
 *   legs.c      the table of legs: opened, found, closed    leg_requests.c   what edge asks of them
 *   relay.c     packets in and out, and switching           play_requests.c  what ivr asks of them
 *   hear.c      what a leg hears each 20 ms                 play.c           prompts and keys
 *   record.c    messages of one far end alone
 *   hold.c      one side holds the other
 *   watch.c     reports, silence, forgotten legs            state.c          what Redis keeps
 *   blocks.c    leases of ports      udp.c  sockets         recordings.c     files of what was said
 *   sounds.c    samples by name, kept in sound_table.c and made in sound_task.c, decode.c (files)
 *               and speech.c (the synthesiser)
 *   notify.c    what others are told
 */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include <stdint.h>
#include <uv.h>

#include "core/sdp/sdp.h"
#include "io/timer.h"
#include "media/blocks.h"
#include "media/core/collect.h"
#include "media/core/leg.h"
#include "media/core/memo.h"
#include "media/core/playlist.h"
#include "media/core/tone.h"
#include "media/recordings.h"
#include "media/sounds.h"
#include "media/udp.h"
#include "service/service.h"
#include "wire/media_wire.h"

#define MEDIA_BUCKETS 4096
#define MEDIA_NAME_SIZE 64
#define MEDIA_TENANTS_MAX 64

/** The section `media` of site.yaml. */
struct media_config {
    char rtp_address[64];
    char rtp_advertised_address[64];
    uint32_t rtp_port_first;
    uint32_t rtp_port_last;
    uint32_t rtp_block_size;
    uint32_t rtp_port_rest_ms;
    uint32_t legs_max;
    uint32_t silent_after_ms;
    uint32_t orphan_after_ms;
    uint32_t recordings_max;
    char recordings_folder[192];
    char sounds_folder[192];
    uint32_t sounds_memory_mb;
    uint32_t speech_workers;
    uint32_t speech_deadline_ms;
    uint32_t speech_cache_mb;
};

extern const struct td_config_key media_config_keys[];
extern const size_t media_config_key_count;

/** A prompt of a leg: what it uses, and what is spoken in its place when it cannot be played. */
struct prompt {
    struct leg *leg;
    uint32_t index; /* in the playlist */
    struct sound_use use;
    struct td_prompt *fallback; /* what to speak instead; NULL when that was tried */
    bool failed;                /* the tone is played in its place */
};

enum playing { PLAYING_NOTHING, PLAYING_PROMPTS, PLAYING_COLLECT, PLAYING_RECORD };

/** The request that is in force on a leg, if any. */
struct playback {
    enum playing playing;
    bool barge_in;
    bool sensitive;
    bool prompting; /* the list has not ended */
    bool on_hold;   /* the music of an agent who holds */
    struct td_command_id request_id;
    char notify[MEDIA_NAME_SIZE];
    struct media_playlist list;
    struct prompt prompts[MEDIA_SOUNDS_MAX];
    uint32_t failures; /* prompts that could not be played */
    struct media_collect collect;
    struct media_memo memo;
    bool recorded;  /* its recording was begun */
    char file[256]; /* of it; empty when there was no room for one */
};

struct leg {
    struct media *media;
    struct leg *next; /* in its bucket, or in the free list */
    struct td_leg_id id;
    struct td_interaction_id interaction;
    uint32_t tenant;
    char owner[MEDIA_NAME_SIZE]; /* the instance that made it */
    uint64_t created_at_unix_us;

    struct media_leg core;
    uint16_t port;
    int rtp;
    int rtcp;
    uv_poll_t rtp_poll;
    uv_poll_t rtcp_poll;
    uint32_t polls_open; /* the slot is free again when they have closed */

    uint64_t sdp_version;
    uint64_t sdp_hash;         /* of the offer that was answered last: a repeat gets the same */
    enum td_sdp_codec offered; /* by us, the first one; TD_SDP_OTHER when nothing was */
    bool offer_answered;

    struct leg *other; /* whom it talks with */
    bool serves;       /* in that talk: the agent's side, whose hold is heard as */
    char music[128];   /* this; empty: the built-in one */
    uint64_t relayed_at_ns;
    bool passes_key; /* of the press that began at: */
    uint32_t key_timestamp;
    struct recording *recording;
    enum media_channel channel;
    uint32_t recordings; /* made so far */

    struct playback playback;
    struct media_typeahead typeahead;
    struct td_command_id last_request_id; /* a repeat of it is acknowledged and ignored */
    uint64_t private_until_ns;            /* what it says is passed to nobody */
    uint32_t hearing;                     /* place in media->hearing plus 1; 0: not there */
    uint64_t hear_due_ns;

    bool stored; /* Redis knows it */
    uint64_t heard_at_ns;
    bool silence_told;
    struct media_peer rtcp_peer;
    uint64_t rtcp_due_ns;
    uint32_t peer_report; /* the far end's last sender report, and when it came */
    uint64_t peer_report_ns;
};

struct media_counters {
    uint64_t *legs;
    uint64_t *legs_refused;
    uint64_t *packets_in;
    uint64_t *packets_out;
    uint64_t *packets_unsent;
    uint64_t *packets_lost;
    uint64_t *packets_foreign;
    uint64_t *packets_malformed;
    uint64_t *packets_unwanted;
    uint64_t *sources_latched;
    uint64_t *digits;
    uint64_t *prompts_failed;
    uint64_t *legs_silent;
    uint64_t *legs_orphaned;
    uint64_t *notices_lost;
};

struct media {
    struct td_service *service;
    struct media_config config;
    struct media_counters counters;
    struct media_blocks *blocks;
    struct sounds *sounds;
    struct speech *speech;
    struct recordings *recordings;

    struct leg *legs;      /* legs_max of them */
    uint32_t legs_used;    /* of these, ever */
    struct leg *free_legs; /* those that are free again */
    struct leg *buckets[MEDIA_BUCKETS];
    uint32_t leg_count;
    uint32_t polls_open;
    int16_t beep[MEDIA_BEEP_SAMPLES];
    struct leg **hearing; /* legs that hear something: legs_max places */
    uint32_t hearing_count;
    struct td_timer hear_timer;
    struct td_timer watch_timer;
    struct media_udp_batch in;
    struct media_udp_batch out;
    struct notice *notices;
    uint32_t notice_count;
    uint32_t tenants[MEDIA_TENANTS_MAX]; /* that Redis knows to have legs here */
    uint32_t tenant_count;
    bool stopping;
    uint32_t parts_open; /* that media_stop waits for */
};

/* media.c */
enum td_err media_start(struct td_service *service, void *ctx);
void media_stop(void *ctx);
const char *media_unhealthy(void *ctx);
/** One of the parts that media_stop waits for has closed. */
void media_part_closed(void *ctx);

/* legs.c */
enum td_err legs_create(struct media *media);
void legs_free(struct media *media);
struct leg *legs_find(struct media *media, struct td_leg_id id);
/** Opens a leg on a free port. @return TD_OK, TD_ERR_LIMIT (legs or ports), other. */
enum td_err TD_MUST_CHECK legs_open(struct media *media, struct td_leg_id id, struct leg **leg);
/** Ends a leg and everything on it. */
void legs_close(struct leg *leg);
void legs_each(struct media *media, void (*each)(struct leg *leg, uint64_t now_ns),
               uint64_t now_ns);

/* relay.c */
/** Begins to take packets. */
enum td_err TD_MUST_CHECK relay_open(struct leg *leg);
/** Closes sockets, gives back the port, and in the end the leg's slot. */
void relay_close(struct leg *leg);
/** Lets two legs hear each other; whoever talked with one of them before hears silence.
    @param music  What the customer hears while the agent holds. */
void relay_connect(struct leg *customer, struct leg *agent, bool record, const char *music);
void relay_disconnect(struct leg *leg);
/** Sends 20 ms of samples to the far end, if it wants any. */
void relay_speak(struct leg *leg, const int16_t samples[MEDIA_FRAME_SAMPLES], uint64_t now_ns);

/* hear.c */
/** From now on the leg hears something every 20 ms, be it silence. */
void hear_begin(struct leg *leg);
void hear_end(struct leg *leg);
void hear_init(struct media *media);

/* play.c */
/** Puts prompts in force; anything before is over without a word. */
void play_prompts(struct leg *leg, const struct td_play *request);
void play_collect(struct leg *leg, const struct td_collect *request);
void play_record(struct leg *leg, const struct td_record *request);
/** Ends what is in force without telling anybody. */
void play_stop(struct leg *leg);
/** Ends it and tells who asked for it. */
void play_finish(struct leg *leg, enum td_media_outcome outcome);
/** The next frame of prompts. @return false: none are in force, or they have just ended. */
bool play_next(struct leg *leg, int16_t samples[MEDIA_FRAME_SAMPLES], uint64_t now_ns);
/** The far end pressed a key. */
void play_key(struct leg *leg, char key, uint64_t now_ns);
/** Looks at the clock of a collection. */
void play_tick(struct leg *leg, uint64_t now_ns);

/* record.c */
struct media_memo_rules record_rules(const struct td_record *request);
/** A packet of a leg: begins the recording with the first word. */
void record_hear(struct leg *leg, const struct media_arrival *arrival, uint64_t now_ns);
/** Closes the file, if the leg records. */
void record_end(struct leg *leg);
/** What was recorded, before it is ended. */
void record_describe(const struct leg *leg, struct td_media_done *done);
void record_finish_if_over(struct leg *leg);

/* hold.c */
/** Its far end may have put the other on hold, or taken it back: what both hear follows. */
void hold_update(struct leg *leg);
/** @param music  File, or empty: the built-in one. */
void hold_play(struct leg *leg, const char *music);
/** Ends what hold_play began, if that is still heard. */
void hold_end(struct leg *leg);

/* notify.c */
/** Tells an instance something about a leg, until it acknowledges. @param type  A constant. */
void notify(const struct leg *leg, const char *instance, const char *type, struct td_bytes payload);
void notify_drop_all(struct media *media);

/* watch.c */
void watch_init(struct media *media);
/** Takes a report of the far end. */
void watch_report(struct leg *leg, const struct media_peer *from, struct td_bytes packet,
                  uint64_t now_ns);
/** Tells the far end that the stream is over. */
void watch_goodbye(struct leg *leg);

/* state.c */
void state_describe(const struct leg *leg, struct td_leg_state *state);
void state_put(struct leg *leg);
void state_delete(const struct leg *leg);
/** What a dead run of this instance left in Redis is told and removed. */
void state_clean(struct media *media);

/* requests.c */
/** Whether a request could be read; otherwise it has been answered. */
bool request_decoded(struct td_request *request, enum td_err err, const char *bad_field);
/** The leg that a field names; NULL: there is none, and the request has been answered. */
struct leg *request_leg(struct media *media, struct td_request *request, struct td_leg_id id,
                        const char *field);
void request_done(struct media *media, struct td_request *request);

/* leg_requests.c, play_requests.c; `ctx` is the struct media */
void media_leg_answer(void *ctx, struct td_request *request, struct td_bytes payload);
void media_leg_offer(void *ctx, struct td_request *request, struct td_bytes payload);
void media_leg_accept(void *ctx, struct td_request *request, struct td_bytes payload);
void media_leg_connect(void *ctx, struct td_request *request, struct td_bytes payload);
void media_leg_disconnect(void *ctx, struct td_request *request, struct td_bytes payload);
void media_leg_release(void *ctx, struct td_request *request, struct td_bytes payload);
void media_leg_query(void *ctx, struct td_request *request, struct td_bytes payload);
void media_play(void *ctx, struct td_request *request, struct td_bytes payload);
void media_record_request(void *ctx, struct td_request *request, struct td_bytes payload);
void media_collect_request(void *ctx, struct td_request *request, struct td_bytes payload);
void media_stop_request(void *ctx, struct td_request *request, struct td_bytes payload);

#endif
