/**
 * @file tape.h  The time line of a recording: two channels on which every packet has its place.
 *
 * The tape runs with real time from its start to its end, whether anybody speaks or not: what was
 * lost, was late by more than a second, or was never sent is silence of its true length. A packet's
 * place follows from its timestamp, against the moment at which its spurt was first heard, so that
 * jitter does not warp what was said.
 *
 * Samples wait about a second in a ring, for packets out of order, and are then taken out for the
 * disk in blocks. If they are not taken in time, packets for which there is no room are dropped and
 * counted: the time line stays true.
 *
 * Pure; time is an argument; the ring's memory belongs to the caller.
 */
#ifndef MEDIA_CORE_TAPE_H
#define MEDIA_CORE_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/core/g711.h"

/** Ring: 4.1 s of stereo. */
#define MEDIA_TAPE_RING 32768
/** Most frames taken at once: half a second. */
#define MEDIA_TAPE_BLOCK 4000

enum media_channel { MEDIA_CUSTOMER, MEDIA_AGENT, MEDIA_CHANNEL_COUNT };

/** One moment of both channels, as a stereo WAV has it. */
struct media_tape_frame {
    int16_t sample[MEDIA_CHANNEL_COUNT];
};

/** Fields but `dropped` are private. */
struct media_tape {
    struct media_tape_frame *ring;
    uint64_t started_ns;
    uint64_t taken;   /* frames out of the ring so far */
    uint64_t dropped; /**< Packets that had no room. */
    struct {
        bool anchored;
        uint32_t ssrc;
        uint32_t timestamp; /* of the frame `place` */
        uint64_t place;
    } channels[MEDIA_CHANNEL_COUNT];
};

/** @param ring  MEDIA_TAPE_RING frames; kept. */
void media_tape_init(struct media_tape *tape, struct media_tape_frame *ring, uint64_t now_ns);

/** Puts a packet of audio in its place. */
void media_tape_write(struct media_tape *tape, enum media_channel channel, uint32_t ssrc,
                      uint32_t timestamp, const int16_t *samples, size_t count, uint64_t now_ns);

/** Forgets where the channel was: another source, or the same after a pause. */
void media_tape_switch(struct media_tape *tape, enum media_channel channel);

/** Whether a whole block waits to be taken. */
bool media_tape_has_block(const struct media_tape *tape, uint64_t now_ns);

/**
 * Takes what can no longer change (with `all`: everything up to now).
 *
 * @param frames  Receives at most MEDIA_TAPE_BLOCK frames.
 * @return How many; call again with `all` until it is 0.
 */
size_t media_tape_take(struct media_tape *tape, uint64_t now_ns, bool all,
                       struct media_tape_frame *frames);

/** Header of a stereo WAV file of 16 bits and 8 kHz that holds `frame_count` frames. */
#define MEDIA_WAV_HEADER_SIZE 44
void media_wav_header(uint64_t frame_count, uint8_t header[MEDIA_WAV_HEADER_SIZE]);

#endif
