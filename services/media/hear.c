/*
 * What legs hear. Each leg has its own beat of 20 ms; one timer of 5 ms serves all of them, so that
 * their packets do not leave in one burst. A leg that talks with another one hears that one's
 * packets as they come, and silence from here where there are none: while the other phone has not
 * begun, and after it has been quiet for half a second. So the far end's stream has no holes at
 * switches. A far end that has never been heard itself gets no silence: it has no stream to keep.
 */
#include <string.h>

#include "media/media.h"

#define TIMER_MS 5
#define FRAME_NS UINT64_C(20000000)
/* A loop that was held up longer leaves a gap: sound of so long ago is of no use. */
#define LATE_NS UINT64_C(100000000)
#define QUIET_NS UINT64_C(500000000)

static bool is_relayed_to(const struct leg *leg, uint64_t now_ns)
{
    return leg->other != NULL && leg->relayed_at_ns != 0 && now_ns - leg->relayed_at_ns < QUIET_NS;
}

static bool was_heard(const struct leg *leg)
{
    return leg->core.reception.started;
}

static void hear_frame(struct leg *leg, uint64_t now_ns)
{
    int16_t samples[MEDIA_FRAME_SAMPLES];

    if (!play_next(leg, samples, now_ns)) {
        play_tick(leg, now_ns);
        if (is_relayed_to(leg, now_ns) || !was_heard(leg))
            return;
        memset(samples, 0, sizeof(samples));
    }
    relay_speak(leg, samples, now_ns);
}

static void on_hear(void *ctx)
{
    struct media *media = ctx;
    uint64_t now_ns = td_loop_now_ns();

    for (uint32_t i = 0; i < media->hearing_count; i++) {
        struct leg *leg = media->hearing[i];

        if (leg->hear_due_ns + LATE_NS < now_ns) {
            leg->hear_due_ns = now_ns;
            media_stream_switch(&leg->core.stream);
        }
        for (; leg->hear_due_ns <= now_ns; leg->hear_due_ns += FRAME_NS)
            hear_frame(leg, now_ns);
    }
}

void hear_begin(struct leg *leg)
{
    struct media *media = leg->media;

    if (leg->hearing != 0)
        return;
    media->hearing[media->hearing_count++] = leg;
    leg->hearing = media->hearing_count;
    leg->hear_due_ns = td_loop_now_ns();
    if (media->hearing_count == 1)
        td_timer_start_repeating(&media->hear_timer, TIMER_MS);
}

void hear_end(struct leg *leg)
{
    struct media *media = leg->media;

    if (leg->hearing == 0)
        return;
    struct leg *last = media->hearing[--media->hearing_count];
    media->hearing[leg->hearing - 1] = last;
    last->hearing = leg->hearing;
    leg->hearing = 0;
    if (media->hearing_count == 0)
        td_timer_stop(&media->hear_timer);
}

void hear_init(struct media *media)
{
    td_timer_init(&media->hear_timer, td_service_loop(media->service), on_hear, media);
}
