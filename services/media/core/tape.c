#include "media/core/tape.h"

#include <assert.h>
#include <string.h>

#define NS_PER_FRAME 125000
/* How long a late packet may still find its place. */
#define LATE_FRAMES 8000
/* A packet further ahead of its arrival than this was sent on another clock. */
#define EARLY_FRAMES 2000

static_assert((MEDIA_TAPE_RING & (MEDIA_TAPE_RING - 1)) == 0, "places wrap by masking");
static_assert(MEDIA_TAPE_RING > 2 * (LATE_FRAMES + EARLY_FRAMES + MEDIA_TAPE_BLOCK),
              "a slow disk needs slack");

static uint64_t place_of(const struct media_tape *tape, uint64_t now_ns)
{
    return now_ns > tape->started_ns ? (now_ns - tape->started_ns) / NS_PER_FRAME : 0;
}

void media_tape_init(struct media_tape *tape, struct media_tape_frame *ring, uint64_t now_ns)
{
    *tape = (struct media_tape){.ring = ring, .started_ns = now_ns};
    memset(ring, 0, MEDIA_TAPE_RING * sizeof(*ring));
}

void media_tape_switch(struct media_tape *tape, enum media_channel channel)
{
    tape->channels[channel].anchored = false;
}

/* Where a packet belongs; a spurt whose clock has run away is anchored again where it is heard. */
static uint64_t find_place(struct media_tape *tape, enum media_channel channel, uint32_t ssrc,
                           uint32_t timestamp, uint64_t now)
{
    int64_t place = 0;

    if (tape->channels[channel].anchored && tape->channels[channel].ssrc == ssrc) {
        place = (int64_t)tape->channels[channel].place +
                (int32_t)(timestamp - tape->channels[channel].timestamp);
        if (place > (int64_t)now - LATE_FRAMES && place <= (int64_t)now + EARLY_FRAMES) {
            if (place > (int64_t)tape->channels[channel].place) { // Keep the distance small.
                tape->channels[channel].place = (uint64_t)place;
                tape->channels[channel].timestamp = timestamp;
            }
            return place < 0 ? 0 : (uint64_t)place;
        }
    }
    tape->channels[channel].anchored = true;
    tape->channels[channel].ssrc = ssrc;
    tape->channels[channel].timestamp = timestamp;
    tape->channels[channel].place = now;
    return now;
}

void media_tape_write(struct media_tape *tape, enum media_channel channel, uint32_t ssrc,
                      uint32_t timestamp, const int16_t *samples, size_t count, uint64_t now_ns)
{
    uint64_t place = find_place(tape, channel, ssrc, timestamp, place_of(tape, now_ns));

    if (place + count > tape->taken + MEDIA_TAPE_RING) {
        tape->dropped++;
        return;
    }
    for (size_t i = 0; i < count; i++, place++) {
        if (place >= tape->taken) // Its beginning may be on the disk already.
            tape->ring[place & (MEDIA_TAPE_RING - 1)].sample[channel] = samples[i];
    }
}

static uint64_t settled(const struct media_tape *tape, uint64_t now_ns)
{
    uint64_t now = place_of(tape, now_ns);

    return now > LATE_FRAMES ? now - LATE_FRAMES : 0;
}

bool media_tape_has_block(const struct media_tape *tape, uint64_t now_ns)
{
    return settled(tape, now_ns) >= tape->taken + MEDIA_TAPE_BLOCK;
}

size_t media_tape_take(struct media_tape *tape, uint64_t now_ns, bool all,
                       struct media_tape_frame *frames)
{
    uint64_t end = all ? place_of(tape, now_ns) : settled(tape, now_ns);
    size_t count = end > tape->taken ? (size_t)(end - tape->taken) : 0;

    if (count > MEDIA_TAPE_BLOCK)
        count = MEDIA_TAPE_BLOCK;
    for (size_t i = 0; i < count; i++, tape->taken++) {
        struct media_tape_frame *frame = &tape->ring[tape->taken & (MEDIA_TAPE_RING - 1)];

        frames[i] = *frame;
        *frame = (struct media_tape_frame){0};
    }
    return count;
}

static void write_little(uint8_t *at, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static const uint8_t frame_of_header[MEDIA_WAV_HEADER_SIZE] = {
    [0] = 'R', 'I', 'F', 'F', [8] = 'W',  'A', 'V', 'E',
    'f',       'm', 't', ' ', [36] = 'd', 'a', 't', 'a',
};

void media_wav_header(uint64_t frame_count, uint8_t header[MEDIA_WAV_HEADER_SIZE])
{
    const uint32_t frame_size = sizeof(struct media_tape_frame);
    // 37 hours fill the format; readers take a longer file up to there.
    uint64_t data_max = UINT32_MAX - MEDIA_WAV_HEADER_SIZE;
    uint64_t wanted = frame_count * frame_size;
    uint32_t data_size = (uint32_t)(wanted < data_max ? wanted : data_max);

    memcpy(header, frame_of_header, sizeof(frame_of_header));
    write_little(header + 4, data_size + MEDIA_WAV_HEADER_SIZE - 8, 4);
    write_little(header + 16, 16, 4);
    write_little(header + 20, 1, 2); // PCM
    write_little(header + 22, MEDIA_CHANNEL_COUNT, 2);
    write_little(header + 24, MEDIA_RATE_HZ, 4);
    write_little(header + 28, MEDIA_RATE_HZ * frame_size, 4);
    write_little(header + 32, frame_size, 2);
    write_little(header + 34, 16, 2);
    write_little(header + 40, data_size, 4);
}
