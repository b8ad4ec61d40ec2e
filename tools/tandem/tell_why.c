/* How it was decided who gets an interaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/core/story.h"
#include "tandem/tell.h"
#include "tandem/tell_json.h"
#include "wire/interaction_wire.h"

static double seconds(uint64_t ms)
{
    return (double)ms / 1000;
}

/* A former release did not say it. */
static const char *expression_words(const char *expression)
{
    if (td_str_equal(expression, "true"))
        return "anybody";
    return expression[0] == '\0' ? "not known" : expression;
}

/* --- what was asked ----------------------------------------------------------------------------
 */

static void print_steps(const struct story *story)
{
    if (story->step_count == 0)
        return;
    (void)puts("asked");
    for (uint32_t i = 0; i < story->step_count; i++) {
        const struct story_step *step = &story->steps[i];

        (void)printf("  from %6.1f s  queue %s, step %u: %s\n",
                     seconds(story_ms(story->began_unix_us, step->from_unix_us)), step->queue,
                     step->step, expression_words(step->expression));
    }
}

/* --- one decision ------------------------------------------------------------------------------
 */

static void print_next(const struct td_decision *decision)
{
    if (decision->next_agent[0] == '\0')
        (void)puts("  next      nobody");
    else
        (void)printf("  next      %s: fit %.3f, idle %.1f s\n", decision->next_agent,
                     (double)decision->next_fit_milli / 1000, seconds(decision->next_idle_ms));
}

/* Candidates are ready, meet the step and were not tried just now; the chosen one is one of them.
 */
static void print_others(const struct td_decision *decision)
{
    uint32_t others = decision->candidates > 0 ? decision->candidates - 1 : 0;
    uint32_t unfit = decision->agents_ready > others ? decision->agents_ready - others : 0;

    (void)printf("  others    %u ready and meeting it, with less fit or idle time\n", others);
    if (unfit > 0)
        (void)printf("            %u ready, not meeting it or tried just before\n", unfit);
    if (decision->agents_occupied > 0)
        (void)printf("            %u with a customer, an offer or wrap-up\n",
                     decision->agents_occupied);
    if (decision->agents_not_ready > 0)
        (void)printf("            %u not ready\n", decision->agents_not_ready);
}

static void print_decision(const struct story *story, const struct td_interaction_event *event)
{
    const struct td_decision *decision = &event->decision;

    (void)printf("\noffer %u to %s at %.1f s, after %.1f s in queue %s\n", story->offers,
                 decision->agent, seconds(story_ms(story->began_unix_us, event->at_unix_us)),
                 seconds(decision->wait_ms), event->queue);
    (void)printf("  because   %s\n", decision->why);
    if (decision->step > 0)
        (void)printf("  asked     step %u of %u: %s\n", decision->step, decision->steps,
                     expression_words(decision->expression));
    else
        (void)printf("  asked     for %s by name\n", decision->agent);
    (void)printf("  agent     %s: fit %.3f, idle %.1f s\n", decision->agent,
                 (double)decision->fit_milli / 1000, seconds(decision->idle_ms));
    print_next(decision);
    print_others(decision);
    if (decision->waiting > 1)
        (void)printf("  waiting   %u others in the queue\n", decision->waiting - 1);
    (void)printf("  decided   %s\n",
                 decision->by_release ? "when an agent became free" : "when it came");
}

static void print_outcome(const char *topic, const struct td_interaction_event *event)
{
    if (td_str_equal(topic, "interaction.offer_ended"))
        (void)printf("  outcome   %s: %s\n", event->agent, event->reason);
    else if (td_str_equal(topic, "interaction.accepted"))
        (void)printf("  outcome   %s accepted\n", event->agent);
}

/* In the order in which it happened: an offer, what came of it, the next one. */
static void print_offers(const struct tell *tell, struct story *story)
{
    struct story *sofar = calloc(1, sizeof(*sofar));
    if (sofar == NULL)
        abort();

    for (uint32_t row = 0; row < td_rows_count(tell->rows); row++) {
        const char *topic = td_rows_text(tell->rows, row, 2);
        size_t mark = tell->arena->used;
        struct td_interaction_event event;

        if (td_str_equal(td_rows_text(tell->rows, row, 4), "InteractionEvent") &&
            td_interaction_event_decode(tell->arena, td_rows_bytes(tell->rows, row, 5), &event,
                                        NULL) == TD_OK) {
            story_take(sofar, topic, &event);
            if (td_str_equal(topic, "interaction.offered") && event.has_decision)
                print_decision(sofar, &event);
            print_outcome(topic, &event);
        }
        td_arena_rewind(tell->arena, mark);
    }
    if (story->offers == 0)
        (void)puts("no agent was chosen for it");
    free(sofar);
}

void tell_why(const struct tell *tell)
{
    struct story *story = calloc(1, sizeof(*story));
    if (story == NULL)
        abort();

    tell_gather(tell, story);
    if (tell->json) {
        tell_json_why(tell, story);
    } else {
        print_steps(story);
        print_offers(tell, story);
    }
    free(story);
}
