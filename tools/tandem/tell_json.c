#include "tandem/tell_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "tandem/timeline.h"
#include "wire/interaction_wire.h"
#include "wire/json.h"

#define STRING_SIZE 8192

static void put_string(const char *name, const char *value)
{
    char quoted[STRING_SIZE];
    struct td_text text;

    td_text_init(&text, quoted, sizeof(quoted));
    td_text_add_json(&text, value);
    (void)printf("\"%s\":%s", name, quoted);
}

static void put_number(const char *name, uint64_t value)
{
    (void)printf(",\"%s\":%llu", name, (unsigned long long)value);
}

/* null for what is not known. */
static void put_ms(const char *name, uint64_t from, uint64_t until)
{
    if (from == 0 || until == 0)
        (void)printf(",\"%s\":null", name);
    else
        put_number(name, story_ms(from, until));
}

static void put_payload(const char *type, struct td_bytes payload)
{
    char *text = NULL;

    if (td_wire_bytes_to_json(type, payload, (struct td_json_options){0}, &text) != TD_OK &&
        td_json_is_valid((const char *)payload.data, payload.size, NULL, 0))
        text = strndup((const char *)payload.data, payload.size);
    (void)printf(",\"payload\":%s", text != NULL ? text : "null");
    free(text);
}

static void put_event(const struct tell *tell, uint32_t row)
{
    uint64_t at = td_rows_unix_us(tell->rows, row, 0);
    const char *topic = td_rows_text(tell->rows, row, 2);
    const char *type = td_rows_text(tell->rows, row, 4);
    char words[TIMELINE_SIZE];

    timeline_words(tell->arena, topic, type, td_rows_bytes(tell->rows, row, 5), words);
    (void)fputs(row == 0 ? "\n  {" : ",\n  {", stdout);
    put_string("at", td_rows_text(tell->rows, row, 1));
    put_number("at_unix_us", at);
    put_number("since_first_ms", (at - td_rows_unix_us(tell->rows, 0, 0)) / 1000);
    put_number("since_former_ms",
               row > 0 ? (at - td_rows_unix_us(tell->rows, row - 1, 0)) / 1000 : 0);
    (void)putchar(',');
    put_string("topic", topic);
    (void)putchar(',');
    put_string("source", td_rows_text(tell->rows, row, 3));
    (void)putchar(',');
    put_string("words", words);
    put_payload(type, td_rows_bytes(tell->rows, row, 5));
    (void)putchar('}');
}

static void put_leg(const struct story *story, const struct story_leg *leg, bool is_first)
{
    static const char *const kinds[] = {"customer", "agent", "outside"};

    (void)fputs(is_first ? "\n  {" : ",\n  {", stdout);
    put_string("kind", kinds[leg->kind]);
    (void)putchar(',');
    put_string("name", leg->name);
    put_ms("from_ms", story->began_unix_us, leg->from_unix_us);
    put_ms("until_ms", story->began_unix_us, leg->until_unix_us);
    put_ms("rang_ms", leg->ringing_unix_us,
           leg->talking_unix_us != 0 ? leg->talking_unix_us : leg->until_unix_us);
    put_ms("talked_ms", leg->talking_unix_us, leg->until_unix_us);
    (void)putchar(',');
    put_string("end", leg->end);
    (void)putchar('}');
}

static void put_summary(const struct story *story)
{
    char *text = NULL;

    if (story->is_closed && td_wire_to_json(&td_interaction_summary_wire, &story->summary,
                                            (struct td_json_options){0}, &text) != TD_OK)
        text = NULL;
    (void)printf("\"summary\":%s}\n", text != NULL ? text : "null");
    free(text);
}

static void begin(const struct tell *tell)
{
    char id[TD_ID_TEXT_SIZE];

    (void)putchar('{');
    put_string("interaction_id", td_id_format(tell->id, id));
}

void tell_json_interaction(const struct tell *tell, const struct story *story)
{
    begin(tell);
    (void)fputs(",\"events\":[", stdout);
    for (uint32_t row = 0; row < td_rows_count(tell->rows); row++)
        put_event(tell, row);
    (void)fputs("],\n\"legs\":[", stdout);
    for (uint32_t i = 0; i < story->leg_count; i++)
        put_leg(story, &story->legs[i], i == 0);
    (void)fputs("],\n", stdout);
    put_summary(story);
}

/* --- why ---------------------------------------------------------------------------------------
 */

static void put_step(const struct story *story, const struct story_step *step, bool is_first)
{
    (void)fputs(is_first ? "\n  {" : ",\n  {", stdout);
    put_string("queue", step->queue);
    put_number("step", step->step);
    put_ms("from_ms", story->began_unix_us, step->from_unix_us);
    (void)putchar(',');
    put_string("expression", step->expression);
    (void)putchar('}');
}

/* The outcome of an offer is the next event that tells of one. */
static void put_offer(const struct tell *tell, uint32_t row, const struct td_decision *decision,
                      bool is_first)
{
    const char *outcome = "";
    char *text = NULL;

    for (uint32_t i = row + 1; i < td_rows_count(tell->rows) && outcome[0] == '\0'; i++) {
        const char *topic = td_rows_text(tell->rows, i, 2);

        if (td_str_equal(topic, "interaction.accepted") ||
            td_str_equal(topic, "interaction.offer_ended") ||
            td_str_equal(topic, "interaction.abandoned"))
            outcome = topic + strlen("interaction.");
    }
    if (td_wire_to_json(&td_decision_wire, decision, (struct td_json_options){0}, &text) != TD_OK)
        return;
    (void)fputs(is_first ? "\n  {" : ",\n  {", stdout);
    put_string("outcome", outcome);
    (void)printf(",\"decision\":%s}", text);
    free(text);
}

void tell_json_why(const struct tell *tell, const struct story *story)
{
    bool is_first = true;

    begin(tell);
    (void)fputs(",\"asked\":[", stdout);
    for (uint32_t i = 0; i < story->step_count; i++)
        put_step(story, &story->steps[i], i == 0);
    (void)fputs("],\n\"offers\":[", stdout);
    for (uint32_t row = 0; row < td_rows_count(tell->rows); row++) {
        size_t mark = tell->arena->used;
        struct td_interaction_event event;

        if (td_str_equal(td_rows_text(tell->rows, row, 2), "interaction.offered") &&
            td_interaction_event_decode(tell->arena, td_rows_bytes(tell->rows, row, 5), &event,
                                        NULL) == TD_OK &&
            event.has_decision) {
            put_offer(tell, row, &event.decision, is_first);
            is_first = false;
        }
        td_arena_rewind(tell->arena, mark);
    }
    (void)fputs("]}\n", stdout);
}
