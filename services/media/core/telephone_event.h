/**
 * @file telephone_event.h  Keys pressed at the far end, from the packets of RFC 4733.
 *
 * One press is many packets with one timestamp: repeated while the key is down, with the end bit
 * three times when it goes up. Any of them may be lost or late. A key counts once, with its first
 * packet, so that it is known at once and cannot get lost with its end.
 *
 * Pure; constant time.
 */
#ifndef MEDIA_CORE_TELEPHONE_EVENT_H
#define MEDIA_CORE_TELEPHONE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "media/core/rtp.h"

/** Fields are private. */
struct media_keypad {
    bool started;
    bool ended;
    uint8_t event;
    uint32_t timestamp; /* of the newest press */
    uint32_t ssrc;
};

void media_keypad_init(struct media_keypad *keypad);

/**
 * Takes one packet of the telephone-event payload type.
 *
 * @param payload  Untrusted.
 * @return The key ('0'..'9', '*', '#', 'A'..'D') when this packet is the first of its press;
 *         otherwise '\0'.
 */
char media_keypad_press(struct media_keypad *keypad, const struct media_rtp *rtp,
                        struct td_bytes payload);

#endif
