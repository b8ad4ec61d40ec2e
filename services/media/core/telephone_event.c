#include "media/core/telephone_event.h"

static const char keys[] = "0123456789*#ABCD";

#define PAYLOAD_SIZE 4
#define DURATION_MAX 0xffff

void media_keypad_init(struct media_keypad *keypad)
{
    *keypad = (struct media_keypad){0};
}

/* A press of more than 8 s goes on in a new segment, where the old one ended (section 2.5.1.3). */
static bool is_next_segment(const struct media_keypad *keypad, uint8_t event, uint32_t timestamp)
{
    return !keypad->ended && event == keypad->event &&
           timestamp - keypad->timestamp == DURATION_MAX;
}

char media_keypad_press(struct media_keypad *keypad, const struct media_rtp *rtp,
                        struct td_bytes payload)
{
    if (payload.size < PAYLOAD_SIZE || payload.data[0] >= sizeof(keys) - 1)
        return '\0'; // Flash, modem and trunk signals are no keys.

    uint8_t event = payload.data[0];
    bool end = (payload.data[1] & 0x80) != 0;
    bool known = keypad->started && rtp->ssrc == keypad->ssrc;

    if (known && rtp->timestamp == keypad->timestamp) {
        keypad->ended = keypad->ended || end;
        return '\0';
    }
    if (known && (int32_t)(rtp->timestamp - keypad->timestamp) < 0)
        return '\0'; // A straggler of an earlier press.

    bool goes_on = known && is_next_segment(keypad, event, rtp->timestamp);
    *keypad = (struct media_keypad){
        .started = true,
        .ended = end,
        .event = event,
        .timestamp = rtp->timestamp,
        .ssrc = rtp->ssrc,
    };
    if (goes_on)
        return '\0';
    return keys[event];
}
