/* What the events of an interaction come to, for people. */
#include "tandem/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/core/story.h"
#include "tandem/tell_json.h"
#include "tandem/timeline.h"

#define TOPIC_PREFIX "interaction."

static double seconds(uint64_t ms)
{
    return (double)ms / 1000;
}

/* "interaction." goes without saying. */
static const char *short_topic(const char *topic)
{
    return td_str_starts_with(topic, TOPIC_PREFIX) ? topic + strlen(TOPIC_PREFIX) : topic;
}

void tell_gather(const struct tell *tell, struct story *story)
{
    for (uint32_t row = 0; row < td_rows_count(tell->rows); row++) {
        const char *type = td_rows_text(tell->rows, row, 4);
        struct td_bytes payload = td_rows_bytes(tell->rows, row, 5);
        size_t mark = tell->arena->used;
        struct td_interaction_event event;
        struct td_interaction_summary summary;
        struct td_recording_finished recording;

        if (td_str_equal(type, "InteractionEvent") &&
            td_interaction_event_decode(tell->arena, payload, &event, NULL) == TD_OK)
            story_take(story, td_rows_text(tell->rows, row, 2), &event);
        else if (td_str_equal(type, "InteractionSummary") &&
                 td_interaction_summary_decode(tell->arena, payload, &summary, NULL) == TD_OK)
            story_close(story, &summary);
        else if (td_str_equal(type, "RecordingFinished") &&
                 td_recording_finished_decode(tell->arena, payload, &recording, NULL) == TD_OK)
            story_record(story, &recording);
        td_arena_rewind(tell->arena, mark);
    }
}

/* --- timeline ----------------------------------------------------------------------------------
 */

static void print_event(const struct tell *tell, uint32_t row)
{
    uint64_t at = td_rows_unix_us(tell->rows, row, 0);
    uint64_t first = td_rows_unix_us(tell->rows, 0, 0);
    uint64_t former = row > 0 ? td_rows_unix_us(tell->rows, row - 1, 0) : at;
    const char *topic = td_rows_text(tell->rows, row, 2);
    char words[TIMELINE_SIZE];

    timeline_words(tell->arena, topic, td_rows_text(tell->rows, row, 4),
                   td_rows_bytes(tell->rows, row, 5), words);
    (void)printf("%s  %7.1f s  %+9.3f s  %-18s %s\n", td_rows_text(tell->rows, row, 1) + 11,
                 seconds((at - first) / 1000), seconds((at - former) / 1000), short_topic(topic),
                 words);
}

static void print_timeline(const struct tell *tell)
{
    char id[TD_ID_TEXT_SIZE];

    (void)printf("interaction %s, %.10s\n\n", td_id_format(tell->id, id),
                 td_rows_text(tell->rows, 0, 1));
    (void)puts("TIME             SINCE      FORMER        EVENT              WHAT");
    for (uint32_t row = 0; row < td_rows_count(tell->rows); row++)
        print_event(tell, row);
}

/* --- legs --------------------------------------------------------------------------------------
 */

static void print_leg(const struct story *story, const struct story_leg *leg, uint64_t now)
{
    static const char *const kinds[] = {"customer", "agent", "outside"};
    uint64_t until = leg->until_unix_us != 0 ? leg->until_unix_us : now;

    (void)printf("  %-9s %-20s from %6.1f s to ", kinds[leg->kind],
                 leg->name[0] != '\0' ? leg->name : "withheld",
                 seconds(story_ms(story->began_unix_us, leg->from_unix_us)));
    if (leg->until_unix_us != 0)
        (void)printf("%6.1f s", seconds(story_ms(story->began_unix_us, leg->until_unix_us)));
    else
        (void)fputs("now     ", stdout);
    if (leg->ringing_unix_us != 0)
        (void)printf(", rang %.1f s",
                     seconds(story_ms(leg->ringing_unix_us,
                                      leg->talking_unix_us != 0 ? leg->talking_unix_us : until)));
    if (leg->talking_unix_us != 0)
        (void)printf(", talked %.1f s", seconds(story_ms(leg->talking_unix_us, until)));
    (void)printf("%s%s%s\n", leg->end[0] != '\0' ? " (" : "", leg->end,
                 leg->end[0] != '\0' ? ")" : "");
}

static void print_legs(const struct story *story, uint64_t now)
{
    if (story->leg_count == 0)
        return;
    (void)puts("\nlegs");
    for (uint32_t i = 0; i < story->leg_count; i++)
        print_leg(story, &story->legs[i], now);
}

/* --- what it came to ---------------------------------------------------------------------------
 */

static void print_counts(const struct td_interaction_summary *summary, const struct story *story)
{
    const struct {
        uint32_t count;
        const char *what;
    } counts[] = {
        {summary->offers, "offers"},
        {summary->declined, "declined"},
        {summary->no_answer, "not answered"},
        {summary->device_failures, "phones not reached"},
        {summary->holds, "holds"},
        {summary->transfers, "transfers"},
        {summary->overflows, "overflows"},
        {story->recordings, "recordings"},
    };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if (counts[i].count > 0)
            (void)printf("; %s %u", counts[i].what, counts[i].count);
    }
}

static void print_summary(const struct story *story)
{
    const struct td_interaction_summary *summary = &story->summary;

    (void)printf("\n%s%s%s: waited %.1f s, talked %.1f s, held %.1f s, wrap-up %.1f s",
                 td_outcome_name(summary->outcome), summary->agent[0] != '\0' ? " by " : "",
                 summary->agent, seconds(summary->wait_ms), seconds(summary->talk_ms),
                 seconds(summary->hold_ms), seconds(summary->wrap_up_ms));
    if (summary->dialog_ms > 0)
        (void)printf(", dialog %.1f s", seconds(summary->dialog_ms));
    if (summary->voice_mail_ms > 0)
        (void)printf(", message %.1f s", seconds(summary->voice_mail_ms));
    (void)printf("; ended by %s", summary->ended_by);
    if (summary->reason[0] != '\0')
        (void)printf(" (%s)", summary->reason);
    if (summary->disposition[0] != '\0')
        (void)printf("; disposition %s", summary->disposition);
    print_counts(summary, story);
    (void)putchar('\n');
}

static void print_unfinished(const struct story *story, uint64_t now)
{
    (void)printf("\nnot over: %s", td_interaction_phase_name(story->phase));
    if (story->agent[0] != '\0')
        (void)printf(", %s", story->agent);
    if (story->queue[0] != '\0')
        (void)printf(", queue %s", story->queue);
    (void)printf("; %.1f s since the last event, %.1f s in all\n",
                 seconds(story_ms(story->last_unix_us, now)),
                 seconds(story_ms(story->began_unix_us, now)));
}

void tell_interaction(const struct tell *tell)
{
    struct story *story = calloc(1, sizeof(*story));
    if (story == NULL)
        abort();

    tell_gather(tell, story);
    if (tell->json) {
        tell_json_interaction(tell, story);
    } else {
        print_timeline(tell);
        print_legs(story, tell->now_unix_us);
        if (story->is_closed)
            print_summary(story);
        else
            print_unfinished(story, tell->now_unix_us);
    }
    free(story);
}
