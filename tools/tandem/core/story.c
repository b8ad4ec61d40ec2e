#include "tandem/core/story.h"

#include <string.h>

#include "base/str.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))
#define PREFIX "interaction."

uint64_t story_ms(uint64_t from_unix_us, uint64_t until_unix_us)
{
    return from_unix_us != 0 && until_unix_us > from_unix_us ? (until_unix_us - from_unix_us) / 1000
                                                             : 0;
}

/* --- legs --------------------------------------------------------------------------------------
 */

static struct story_leg *add_leg(struct story *story, enum story_leg_kind kind, const char *name,
                                 uint64_t at)
{
    if (story->leg_count == STORY_LEGS_MAX)
        return NULL;

    struct story_leg *leg = &story->legs[story->leg_count++];
    leg->kind = kind;
    leg->from_unix_us = at;
    TEXT(leg->name, name);
    return leg;
}

/* The latest of that name that is still there; NULL when there is none. */
static struct story_leg *find_leg(struct story *story, enum story_leg_kind kind, const char *name)
{
    for (uint32_t i = story->leg_count; i > 0; i--) {
        struct story_leg *leg = &story->legs[i - 1];

        if (leg->kind == kind && leg->until_unix_us == 0 &&
            (name[0] == '\0' || td_str_equal(leg->name, name)))
            return leg;
    }
    return NULL;
}

static void end_leg(struct story_leg *leg, uint64_t at, const char *end)
{
    if (leg == NULL)
        return;
    leg->until_unix_us = at;
    TEXT(leg->end, end);
}

static void end_all(struct story *story, uint64_t at, const char *end)
{
    for (uint32_t i = 0; i < story->leg_count; i++) {
        if (story->legs[i].until_unix_us == 0)
            end_leg(&story->legs[i], at, end);
    }
}

static void talk(struct story *story, const struct td_interaction_event *event)
{
    struct story_leg *other = find_leg(story, STORY_AGENT, event->agent);
    struct story_leg *customer = find_leg(story, STORY_CUSTOMER, "");

    if (event->agent[0] == '\0')
        other = find_leg(story, STORY_OUTSIDE, "");
    if (other != NULL && other->talking_unix_us == 0)
        other->talking_unix_us = event->at_unix_us;
    if (customer != NULL && customer->talking_unix_us == 0)
        customer->talking_unix_us = event->at_unix_us;
}

static void take_legs(struct story *story, const char *step,
                      const struct td_interaction_event *event)
{
    uint64_t at = event->at_unix_us;
    struct story_leg *leg = find_leg(story, STORY_AGENT, event->agent);

    if (td_str_equal(step, "arrived"))
        (void)add_leg(story, STORY_CUSTOMER, event->caller, at);
    else if (td_str_equal(step, "offered"))
        (void)add_leg(story, STORY_AGENT, event->agent, at);
    else if (td_str_equal(step, "dialled"))
        (void)add_leg(story, STORY_OUTSIDE, event->to, at);
    else if (td_str_equal(step, "ringing") && leg != NULL)
        leg->ringing_unix_us = at;
    else if (td_str_equal(step, "offer_ended"))
        end_leg(leg, at, event->reason);
    else if (td_str_equal(step, "dial_ended"))
        end_leg(find_leg(story, STORY_OUTSIDE, ""), at, event->reason);
    else if (td_str_equal(step, "connected"))
        talk(story, event);
    else if (td_str_equal(step, "transferred"))
        end_leg(find_leg(story, STORY_AGENT, event->from_agent), at, "transferred");
    else if (td_str_equal(step, "agent_left"))
        end_leg(find_leg(story, STORY_AGENT, event->from_agent), at, "hung up");
    else if (td_str_equal(step, "abandoned") || td_str_equal(step, "ended"))
        end_all(story, at, event->reason);
}

/* --- all ---------------------------------------------------------------------------------------
 */

static void take_step(struct story *story, const char *step,
                      const struct td_interaction_event *event)
{
    bool is_queued = td_str_equal(step, "queued");

    if ((!is_queued && !td_str_equal(step, "relaxed")) || story->step_count == STORY_STEPS_MAX)
        return;
    struct story_step *asked = &story->steps[story->step_count++];
    asked->from_unix_us = event->at_unix_us;
    asked->step = is_queued ? 1 : event->step;
    TEXT(asked->queue, event->queue);
    TEXT(asked->expression, event->expression);
}

void story_take(struct story *story, const char *topic, const struct td_interaction_event *event)
{
    const char *step = td_str_starts_with(topic, PREFIX) ? topic + strlen(PREFIX) : topic;

    if (story->began_unix_us == 0)
        story->began_unix_us = event->at_unix_us;
    story->last_unix_us = event->at_unix_us;
    story->phase = event->phase;
    TEXT(story->queue, event->queue);
    TEXT(story->agent, event->agent);
    story->offers += td_str_equal(step, "offered");
    take_legs(story, step, event);
    take_step(story, step, event);
}

void story_close(struct story *story, const struct td_interaction_summary *summary)
{
    uint64_t ended = summary->ended_at_unix_us;

    story->is_closed = true;
    story->summary = *summary;
    story->phase = TD_INTERACTION_PHASE_CLOSED;
    if (story->began_unix_us == 0)
        story->began_unix_us = summary->arrived_at_unix_us;
    story->last_unix_us = summary->closed_at_unix_us;
    end_all(story, ended != 0 ? ended : summary->closed_at_unix_us, summary->reason);
}

void story_record(struct story *story, const struct td_recording_finished *recording)
{
    story->recordings++;
    story->recorded_ms += recording->duration_ms;
}
