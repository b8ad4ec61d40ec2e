/*
 * A talk of which one side has put the other on hold. The customer of an agent who holds hears
 * music in the same stream; who is held by a customer hears what that side sends, or silence. On
 * the recording a hold is silence of its length.
 */
#include "base/str.h"
#include "media/media.h"

#define DEFAULT_MUSIC "builtin/music"

/* Its far end does not want to hear anything. */
static bool holds(const struct leg *leg)
{
    return leg->core.negotiated && !leg->core.terms.sends;
}

void hold_play(struct leg *leg, const char *music)
{
    struct td_prompt prompt = {.kind = TD_PROMPT_KIND_FILE};
    const struct td_play play = {.prompts = &prompt, .prompts_count = 1, .loop = true};

    td_str_clip(prompt.content, sizeof(prompt.content), music[0] != '\0' ? music : DEFAULT_MUSIC);
    play_prompts(leg, &play);
    leg->playback.on_hold = true;
}

void hold_end(struct leg *leg)
{
    if (!leg->playback.on_hold)
        return;
    play_stop(leg);
    media_stream_switch(&leg->core.stream);
}

void hold_update(struct leg *leg)
{
    struct leg *agent = leg->serves ? leg : leg->other;
    struct leg *customer = leg->serves ? leg->other : leg;

    if (leg->other == NULL)
        return;
    if (!holds(agent))
        hold_end(customer);
    else if (!customer->playback.on_hold)
        hold_play(customer, agent->music);
    if (leg->recording != NULL)
        recording_hold(leg->recording, holds(agent) || holds(customer), td_loop_now_ns());
}
