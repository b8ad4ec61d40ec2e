#include "tandem/timeline.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "wire/dialog_wire.h"
#include "wire/interaction_wire.h"
#include "wire/json.h"
#include "wire/media_wire.h"

__attribute__((format(printf, 2, 3))) static void add(char *words, const char *format, ...)
{
    size_t used = strlen(words);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words + used, TIMELINE_SIZE - used, format, args);
    va_end(args);
}

/* --- one interaction's events ------------------------------------------------------------------
 */

static void arrived_words(const struct td_interaction_event *event, char *words)
{
    add(words, "%s calls %s", event->caller[0] != '\0' ? event->caller : "a withheld number",
        event->called);
    if (event->has_customer && event->customer.display_name[0] != '\0')
        add(words, ": %s", event->customer.display_name);
    if (event->has_customer && event->customer.tier[0] != '\0')
        add(words, " (%s)", event->customer.tier);
    if (event->identified != TD_IDENTIFY_OUTCOME_KNOWN)
        add(words, ", customer %s", td_identify_outcome_name(event->identified));
}

/* Where it goes, and who sends it. */
static void move_words(const struct td_interaction_event *event, char *words)
{
    if (event->from_agent[0] != '\0')
        add(words, "%s ", event->from_agent);
    if (event->cause != TD_OVERFLOW_CAUSE_UNSPECIFIED)
        add(words, "%s: ", td_overflow_cause_name(event->cause));
    if (event->action != TD_DIVERSION_ACTION_UNSPECIFIED)
        add(words, "%s ", td_diversion_action_name(event->action));
    if (event->target != TD_TRANSFER_TARGET_UNSPECIFIED)
        add(words, "to %s ", td_transfer_target_name(event->target));
    if (event->to[0] != '\0')
        add(words, "%s ", event->to);
    if (event->to_queue[0] != '\0')
        add(words, "%s ", event->to_queue);
    if (event->trunk[0] != '\0')
        add(words, "by trunk %s ", event->trunk);
}

static void queued_words(const char *topic, const struct td_interaction_event *event, char *words)
{
    bool is_asked = event->expression[0] != '\0' && !td_str_equal(event->expression, "true");

    if (td_str_equal(topic, "interaction.queued"))
        add(words, "%s, position %u", event->queue, event->position);
    else if (td_str_equal(topic, "interaction.relaxed"))
        add(words, "step %u of the requirement is in force", event->step);
    else
        return;
    add(words, "%s%s", is_asked ? ": " : "", is_asked ? event->expression : "");
}

static void event_words(const char *topic, const struct td_interaction_event *event, char *words)
{
    if (td_str_equal(topic, "interaction.arrived"))
        arrived_words(event, words);
    if (event->document[0] != '\0')
        add(words, "%s ", event->document);
    queued_words(topic, event, words);
    move_words(event, words);
    if (event->agent[0] != '\0')
        add(words, "%s", event->agent);
    if (td_str_equal(topic, "interaction.connected") ||
        td_str_equal(topic, "interaction.abandoned") ||
        td_str_equal(topic, "interaction.overflowed"))
        add(words, " after %.1f s", (double)event->wait_ms / 1000);
    if (event->duration_ms > 0)
        add(words, " after %.1f s", (double)event->duration_ms / 1000);
    if (event->has_decision && event->decision.why[0] != '\0')
        add(words, ": %s", event->decision.why);
    if (event->reason[0] != '\0')
        add(words, "%s(%s)", words[0] != '\0' ? " " : "", event->reason);
}

static void summary_words(const struct td_interaction_summary *summary, char *words)
{
    add(words, "%s", td_outcome_name(summary->outcome));
    if (summary->agent[0] != '\0')
        add(words, " by %s", summary->agent);
    add(words, "; ended by %s; dialog %.1f s, wait %.1f s, talk %.1f s, wrap-up %.1f s",
        summary->ended_by, (double)summary->dialog_ms / 1000, (double)summary->wait_ms / 1000,
        (double)summary->talk_ms / 1000, (double)summary->wrap_up_ms / 1000);
    if (summary->holds > 0)
        add(words, ", held %u times, %.1f s", summary->holds, (double)summary->hold_ms / 1000);
    if (summary->disposition[0] != '\0')
        add(words, "; %s", summary->disposition);
}

static void recording_words(const struct td_recording_finished *recording, char *words)
{
    add(words, "%s%s, %.1f s%s",
        recording->kind == TD_RECORDING_KIND_VOICE_MAIL ? "voice mail " : "", recording->file,
        (double)recording->duration_ms / 1000, recording->complete ? "" : " (incomplete)");
}

static void dialog_words(const struct td_dialog_event *event, char *words)
{
    add(words, "%s", event->document);
    if (event->field[0] != '\0')
        add(words, " %s", event->field);
    if (event->input[0] != '\0')
        add(words, " = %s", event->input);
    if (event->result != TD_DIALOG_RESULT_UNSPECIFIED)
        add(words, " %s", td_dialog_result_name(event->result));
    if (event->reason[0] != '\0')
        add(words, " (%s)", event->reason);
}

static void json_words(const char *type, struct td_bytes payload, char *words)
{
    char *text;

    if (td_wire_bytes_to_json(type, payload, (struct td_json_options){0}, &text) == TD_OK) {
        add(words, "%s", text);
        free(text);
    } else if (td_json_is_valid((const char *)payload.data, payload.size, NULL, 0)) {
        add(words, "%.*s", (int)payload.size, (const char *)payload.data);
    }
}

void timeline_words(struct td_arena *arena, const char *topic, const char *type,
                    struct td_bytes payload, char words[TIMELINE_SIZE])
{
    size_t mark = arena->used;
    struct td_interaction_event event;
    struct td_interaction_summary summary;
    struct td_recording_finished recording;
    struct td_dialog_event dialog;

    words[0] = '\0';
    if (td_str_equal(type, "InteractionEvent") &&
        td_interaction_event_decode(arena, payload, &event, NULL) == TD_OK)
        event_words(topic, &event, words);
    else if (td_str_equal(type, "InteractionSummary") &&
             td_interaction_summary_decode(arena, payload, &summary, NULL) == TD_OK)
        summary_words(&summary, words);
    else if (td_str_equal(type, "RecordingFinished") &&
             td_recording_finished_decode(arena, payload, &recording, NULL) == TD_OK)
        recording_words(&recording, words);
    else if (td_str_equal(type, "DialogEvent") &&
             td_dialog_event_decode(arena, payload, &dialog, NULL) == TD_OK)
        dialog_words(&dialog, words);
    else
        json_words(type, payload, words);
    td_arena_rewind(arena, mark);
}
