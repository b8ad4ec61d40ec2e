/*
 * Where a call goes that is not served as usual, and that every queue's account stays right.
 */
#include "world.h"

#define OFFICE "office"

/* A calendar of one timetable in UTC; START_US is a Friday, 08:00. */
static void open_at(struct world *world, const char *span)
{
    static struct td_zone utc;
    static struct td_calendar_entry entry;
    static struct td_calendar calendar;

    entry = (struct td_calendar_entry){.name = OFFICE, .opening = {.zone = &utc}};
    for (uint32_t day = 0; day < 7 && span[0] != '\0'; day++) {
        entry.opening.week[day].count = 1;
        assert_int_equal(td_day_span_parse(span, &entry.opening.week[day].spans[0]), TD_OK);
    }
    calendar = (struct td_calendar){&entry, 1};
    world->calendar = &calendar;
}

static void configure(struct world *world)
{
    flow_configure(world->flow, &world->config, world->calendar, world_problem, world);
}

static struct td_queue *queue_named(struct world *world, const char *name)
{
    for (uint32_t i = 0; i < world->config.queues_count; i++) {
        if (strcmp(world->queues[i].name, name) == 0)
            return &world->queues[i];
    }
    fail_msg("no queue %s", name);
    return NULL;
}

static struct td_entry_point *entry_named(struct world *world, const char *name)
{
    for (uint32_t i = 0; i < world->config.entry_points_count; i++) {
        if (strcmp(world->entries[i].name, name) == 0)
            return &world->entries[i];
    }
    fail_msg("no entry %s", name);
    return NULL;
}

static struct td_diversion diversion(enum td_diversion_action action, const char *queue)
{
    struct td_diversion made = {.action = action};

    td_str_clip(made.queue, sizeof(made.queue), queue);
    return made;
}

static void close_entry(struct world *world, const char *name, struct td_diversion way)
{
    struct td_entry_point *entry = entry_named(world, name);

    open_at(world, "09:00-17:00");
    td_str_clip(entry->timetable, sizeof(entry->timetable), OFFICE);
    entry->has_when_closed = true;
    entry->when_closed = way;
    configure(world);
}

static const struct td_interaction_event *said(const struct world *world, const char *topic,
                                               uint64_t number)
{
    for (size_t i = world->event_count; i > 0; i--) {
        const struct world_event *event = &world->events[i - 1];

        if (strcmp(event->topic, topic) == 0 && td_id_equal(event->id.id, call_id(number).id))
            return &event->said;
    }
    fail_msg("no %s of call %u", topic, (unsigned)number);
    return NULL;
}

static void assert_account(const struct world *world, const char *queue, uint64_t offered,
                           uint64_t overflowed, uint64_t waiting)
{
    struct td_router_queue_gauge gauge = gauge_of(world, queue);

    assert_int_equal(gauge.offered, offered);
    assert_int_equal(gauge.overflowed, overflowed);
    assert_int_equal(gauge.waiting, waiting);
    assert_int_equal(gauge.offered,
                     gauge.answered + gauge.abandoned + gauge.overflowed + gauge.waiting);
}

static const char *variable(const struct world_command *command, const char *name)
{
    for (size_t i = 0; i < 32; i++) {
        if (strcmp(command->variables[i].name, name) == 0)
            return command->variables[i].value;
    }
    return "";
}

static void end_recorded(struct world *world, uint64_t number, enum td_dialog_result result,
                         uint32_t recorded_ms)
{
    struct td_dialog_ended ended = {.dialog_id =
                                        command_of(world, FLOW_DIALOG_START, number)->dialog,
                                    .interaction_id = call_id(number),
                                    .result = result,
                                    .recorded_ms = recorded_ms};

    world_step(world, &(struct flow_input){.type = FLOW_DIALOG_ENDED, .dialog_ended = &ended});
}

/* --- an entry point that is closed --- */

static void a_closed_entry_is_busy_without_being_answered(void **state)
{
    struct world *world = *state;
    struct td_interaction_arrived_reply reply;

    close_entry(world, "sales", diversion(TD_DIVERSION_ACTION_BUSY, ""));
    reply = arrive(world, 1, "sales");
    assert_int_equal(reply.result, TD_ARRIVED_RESULT_REFUSED);
    assert_int_equal(reply.turn_away, TD_TURN_AWAY_BUSY);
    assert_int_equal(reply.retry_after_s, 3600); // Until nine.
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_CLOSED);
    assert_int_equal(summary_of(world, 1)->cause, TD_OVERFLOW_CAUSE_CLOSED);
    assert_int_equal(count_commands(world, FLOW_RELEASE, 1), 0);
    assert_int_equal(said(world, "interaction.diverted", 1)->action, TD_DIVERSION_ACTION_BUSY);
    assert_account(world, "sales", 0, 0, 0);

    world->now += 3600 * SECOND;
    assert_int_equal(arrive(world, 2, "sales").result, TD_ARRIVED_RESULT_ACCEPTED);
    assert_int_equal(stored(world, 2).phase, TD_INTERACTION_PHASE_QUEUED);
}

static void a_closed_entry_may_be_unavailable_for_a_time_of_its_own(void **state)
{
    struct world *world = *state;
    struct td_diversion way = diversion(TD_DIVERSION_ACTION_UNAVAILABLE, "");
    struct td_interaction_arrived_reply reply;

    way.retry_after_s = 77;
    close_entry(world, "sales", way);
    reply = arrive(world, 1, "sales");
    assert_int_equal(reply.turn_away, TD_TURN_AWAY_UNAVAILABLE);
    assert_int_equal(reply.retry_after_s, 77);
}

static void a_closed_entry_says_its_message_in_the_callers_language(void **state)
{
    struct world *world = *state;
    struct td_diversion way = diversion(TD_DIVERSION_ACTION_MESSAGE, "");

    way.texts_count = 2;
    way.texts[0] = (struct td_spoken_text){"en", "We are closed."};
    way.texts[1] = (struct td_spoken_text){"zh", "现在不营业。"};
    (void)snprintf(entry_named(world, "sales")->language, 16, "zh-CN");
    close_entry(world, "sales", way);
    assert_int_equal(arrive(world, 1, "sales").result, TD_ARRIVED_RESULT_ACCEPTED);

    struct world_command *start = command_of(world, FLOW_DIALOG_START, 1);
    assert_string_equal(start->document, "message.vxml");
    assert_string_equal(start->language, "zh");
    assert_string_equal(variable(start, "message"), "现在不营业。");
    assert_string_equal(variable(start, "cause"), "closed");
    assert_int_equal(start->purpose, TD_DIALOG_PURPOSE_MESSAGE);
    end_recorded(world, 1, TD_DIALOG_RESULT_DONE, 0);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_CLOSED);
    assert_string_equal(summary_of(world, 1)->ended_by, "system");
    assert_int_equal(command_of(world, FLOW_RELEASE, 1)->reason, TD_RELEASE_REASON_UNAVAILABLE);
}

static void a_closed_entry_may_lead_to_a_queue(void **state)
{
    struct world *world = *state;

    close_entry(world, "menu", diversion(TD_DIVERSION_ACTION_QUEUE, "plain"));
    make_ready(world, "ann");
    (void)arrive(world, 1, "menu"); // No dialog any more.
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_OFFERED);
    assert_string_equal(stored(world, 1).queue, "plain");
    assert_account(world, "plain", 1, 0, 1);
}

static void without_an_ivr_a_message_is_a_busy_line(void **state)
{
    struct world *world = *state;

    close_entry(world, "sales", diversion(TD_DIVERSION_ACTION_MESSAGE, ""));
    world_gone(world, "ivr", "ivr-1");
    assert_int_equal(arrive(world, 1, "sales").result, TD_ARRIVED_RESULT_REFUSED);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_CLOSED);
}

/* --- queues --- */

static void a_full_queue_leads_to_another_where_the_wait_goes_on(void **state)
{
    struct world *world = *state;
    struct td_queue *small = queue_named(world, "small");

    small->has_when_full = true;
    small->when_full = diversion(TD_DIVERSION_ACTION_QUEUE, "plain");
    configure(world);
    (void)arrive(world, 1, "small");
    world_wait(world, 10 * SECOND);
    (void)arrive(world, 2, "small");
    assert_string_equal(stored(world, 2).queue, "plain");
    assert_int_equal(said(world, "interaction.overflowed", 2)->cause, TD_OVERFLOW_CAUSE_FULL);
    assert_string_equal(said(world, "interaction.overflowed", 2)->to_queue, "plain");
    assert_string_equal(said(world, "interaction.overflowed", 2)->queue, "small");
    assert_string_equal(said(world, "interaction.queued", 2)->queue, "plain");
    assert_account(world, "small", 2, 1, 1);
    assert_account(world, "plain", 1, 0, 1);
    abandon(world, 2);
    assert_int_equal(summary_of(world, 2)->outcome, TD_OUTCOME_ABANDONED);
    assert_int_equal(summary_of(world, 2)->overflows, 1);
    assert_account(world, "plain", 1, 0, 0);
}

static void who_waited_long_enough_elsewhere_comes_first(void **state)
{
    struct world *world = *state;
    struct td_queue *sales = queue_named(world, "sales");

    sales->max_wait_s = 30;
    sales->has_when_waited = true;
    sales->when_waited = diversion(TD_DIVERSION_ACTION_QUEUE, "plain");
    configure(world);
    (void)arrive(world, 1, "sales");
    world_wait(world, 20 * SECOND);
    (void)arrive(world, 2, "plain");
    world_wait(world, 11 * SECOND);
    assert_string_equal(stored(world, 1).queue, "plain");
    assert_int_equal(said(world, "interaction.overflowed", 1)->cause, TD_OVERFLOW_CAUSE_MAX_WAIT);
    assert_int_equal(said(world, "interaction.overflowed", 1)->wait_ms, 30000);
    assert_int_equal(count_commands(world, FLOW_DIALOG_STOP, 1), 1); // The wait dialog of sales.
    make_ready(world, "ann");
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_OFFERED);
    accept(world, 1, offer_of(world, 1));
    connect_call(world, 1);
    assert_int_equal(said(world, "interaction.connected", 1)->wait_ms, 1000); // In this queue.
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(summary_of(world, 1)->wait_ms, 31000); // The customer's.
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_ANSWERED);
    assert_account(world, "sales", 1, 1, 0);
    assert_account(world, "plain", 2, 0, 1);
}

static void a_chain_ends_where_the_last_queue_says(void **state)
{
    struct world *world = *state;
    struct td_queue *sales = queue_named(world, "sales");
    struct td_queue *plain = queue_named(world, "plain");

    sales->has_when_no_agent = plain->has_when_no_agent = true;
    sales->when_no_agent = diversion(TD_DIVERSION_ACTION_QUEUE, "plain");
    plain->when_no_agent = diversion(TD_DIVERSION_ACTION_BUSY, "");
    configure(world);
    assert_int_equal(arrive(world, 1, "sales").turn_away, TD_TURN_AWAY_BUSY);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_OVERFLOWED);
    assert_int_equal(summary_of(world, 1)->cause, TD_OVERFLOW_CAUSE_NO_AGENT);
    assert_int_equal(summary_of(world, 1)->overflows, 2);
    assert_account(world, "sales", 1, 1, 0);
    assert_account(world, "plain", 1, 1, 0);
}

static void circles_that_nobody_checked_end(void **state)
{
    struct world *world = *state;
    struct td_queue *sales = queue_named(world, "sales");
    struct td_queue *plain = queue_named(world, "plain");

    sales->has_when_no_agent = plain->has_when_no_agent = true;
    sales->when_no_agent = diversion(TD_DIVERSION_ACTION_QUEUE, "plain");
    plain->when_no_agent = diversion(TD_DIVERSION_ACTION_QUEUE, "sales");
    configure(world);
    (void)arrive(world, 1, "sales");
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_OVERFLOWED);
}

static void who_waits_leaves_when_the_last_agent_logs_out(void **state)
{
    struct world *world = *state;
    struct td_queue *sales = queue_named(world, "sales");

    sales->has_when_no_agent = true;
    sales->when_no_agent = diversion(TD_DIVERSION_ACTION_VOICE_MAIL, "");
    configure(world);
    make_ready(world, "ann");
    assert_true(say(world, "ann", TD_FEATURE_ACTION_NOT_READY, "lunch").accepted);
    (void)arrive(world, 1, "sales");
    world_wait(world, 20 * SECOND);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_QUEUED); // She is at lunch.
    assert_true(say(world, "ann", TD_FEATURE_ACTION_LOG_OUT, "").accepted);
    world_wait(world, 6 * SECOND);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_DIALOG);
    assert_string_equal(command_of(world, FLOW_DIALOG_START, 1)->document, "voicemail.vxml");
    assert_account(world, "sales", 1, 1, 0);
}

static void a_closed_queue_is_offered_to_nobody(void **state)
{
    struct world *world = *state;
    struct td_queue *sales = queue_named(world, "sales");

    open_at(world, "");
    td_str_clip(sales->timetable, sizeof(sales->timetable), OFFICE);
    sales->has_when_closed = true;
    sales->when_closed = diversion(TD_DIVERSION_ACTION_UNAVAILABLE, "");
    configure(world);
    make_ready(world, "ann");
    struct td_interaction_arrived_reply reply = arrive(world, 1, "sales");
    assert_int_equal(reply.turn_away, TD_TURN_AWAY_UNAVAILABLE);
    assert_int_equal(reply.retry_after_s, 5); // It never opens.
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 0);
    assert_int_equal(said(world, "interaction.overflowed", 1)->cause, TD_OVERFLOW_CAUSE_CLOSED);
    assert_account(world, "sales", 1, 1, 0);
}

/* --- voice mail --- */

/* A call in the voice mail of a queue without agents, at an entry that answers at the agent. */
static void leave_message(struct world *world, uint64_t number)
{
    struct td_queue *plain = queue_named(world, "plain");

    plain->has_when_no_agent = true;
    plain->when_no_agent = diversion(TD_DIVERSION_ACTION_VOICE_MAIL, "");
    entry_named(world, "plain")->answer = TD_ANSWER_MODE_AT_AGENT;
    configure(world);
    assert_true(arrive(world, number, "plain").answer_now);
    assert_int_equal(command_of(world, FLOW_DIALOG_START, number)->purpose,
                     TD_DIALOG_PURPOSE_VOICE_MAIL);
}

static void a_message_that_was_left_closes_as_voice_mail(void **state)
{
    struct world *world = *state;

    leave_message(world, 1);
    world_wait(world, 7 * SECOND);
    end_recorded(world, 1, TD_DIALOG_RESULT_DONE, 4200);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_VOICE_MAIL);
    assert_int_equal(summary_of(world, 1)->voice_mail_ms, 4200);
    assert_int_equal(summary_of(world, 1)->wait_ms, 0);
    assert_int_equal(summary_of(world, 1)->dialog_ms, 7000);
    assert_int_equal(count_commands(world, FLOW_RELEASE, 1), 1);
}

static void an_entry_dialog_may_take_a_message_too(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "menu");
    end_recorded(world, 1, TD_DIALOG_RESULT_DONE, 1200);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_VOICE_MAIL);
    assert_int_equal(summary_of(world, 1)->voice_mail_ms, 1200);
}

static void who_hangs_up_has_left_a_message_all_the_same(void **state)
{
    struct world *world = *state;

    leave_message(world, 1);
    world_wait(world, 3 * SECOND);
    abandon(world, 1);
    assert_true(is_stored(world, 1)); // The dialog has the last word.
    assert_int_equal(count_commands(world, FLOW_DIALOG_STOP, 1), 0);
    world->now += SECOND;
    end_recorded(world, 1, TD_DIALOG_RESULT_HANG_UP, 2500);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_VOICE_MAIL);
    assert_string_equal(summary_of(world, 1)->ended_by, "customer");
    assert_int_equal(summary_of(world, 1)->ended_at_unix_us, START_US + 3 * SECOND);
    assert_int_equal(count_commands(world, FLOW_RELEASE, 1), 0);
    assert_false(is_stored(world, 1));
}

static void a_dialog_that_never_says_its_last_word_is_not_waited_for_long(void **state)
{
    struct world *world = *state;

    leave_message(world, 1);
    abandon(world, 1);
    world_wait(world, 20 * SECOND);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_OVERFLOWED);
    assert_false(is_stored(world, 1));
}

static void a_voice_mail_whose_ivr_dies_begins_again(void **state)
{
    struct world *world = *state;

    leave_message(world, 1);
    world_up(world, "ivr", "ivr-2");
    world_gone(world, "ivr", "ivr-1");
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 2);
    assert_string_equal(command_of(world, FLOW_DIALOG_START, 1)->document, "voicemail.vxml");
    world_gone(world, "ivr", "ivr-2");
    world_wait(world, 4 * SECOND);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_OVERFLOWED);
}

static void an_early_caller_is_answered_before_the_message(void **state)
{
    struct world *world = *state;
    struct td_queue *plain = queue_named(world, "plain");

    entry_named(world, "plain")->answer = TD_ANSWER_MODE_AT_AGENT;
    plain->max_wait_s = 30;
    plain->has_when_waited = true;
    plain->when_waited = diversion(TD_DIVERSION_ACTION_VOICE_MAIL, "");
    configure(world);
    assert_false(arrive(world, 1, "plain").answer_now);
    world_wait(world, 31 * SECOND);
    assert_int_equal(count_commands(world, FLOW_ANSWER, 1), 1);
    assert_true(stored(world, 1).answered);
}

static void a_router_that_takes_over_waits_for_the_last_word_too(void **state)
{
    struct world *world = *state;

    leave_message(world, 1);
    struct td_dialog_id dialog = command_of(world, FLOW_DIALOG_START, 1)->dialog;
    abandon(world, 1);
    world_crash(world);
    world_step(world, &(struct flow_input){.type = FLOW_SYNC_ENDED});
    struct td_dialog_ended ended = {.dialog_id = dialog,
                                    .interaction_id = call_id(1),
                                    .result = TD_DIALOG_RESULT_HANG_UP,
                                    .recorded_ms = 900};
    if (is_stored(world, 1))
        world_step(world, &(struct flow_input){.type = FLOW_DIALOG_ENDED, .dialog_ended = &ended});
    assert_false(is_stored(world, 1));
    assert_true(summary_of(world, 1)->outcome == TD_OUTCOME_VOICE_MAIL ||
                summary_of(world, 1)->outcome == TD_OUTCOME_OVERFLOWED);
}

/* --- recording --- */

static void announce(struct world *world, enum td_notice_mode mode)
{
    struct td_queue *sales = queue_named(world, "sales");

    sales->has_recording_notice = true;
    sales->recording_notice.mode = mode;
    sales->recording_notice.texts_count = 1;
    sales->recording_notice.texts[0] = (struct td_spoken_text){"en", "This call is recorded."};
    configure(world);
}

static void nobody_is_offered_a_call_before_it_knows_it_is_recorded(void **state)
{
    struct world *world = *state;

    announce(world, TD_NOTICE_MODE_BEFORE_AGENT);
    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    assert_int_equal(command_of(world, FLOW_DIALOG_START, 1)->purpose, TD_DIALOG_PURPOSE_NOTICE);
    assert_string_equal(variable(command_of(world, FLOW_DIALOG_START, 1), "message"),
                        "This call is recorded.");
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 0);
    world_wait(world, 3 * SECOND);
    end_recorded(world, 1, TD_DIALOG_RESULT_DONE, 0);
    accept(world, 1, offer_of(world, 1));
    assert_true(command_of(world, FLOW_CONNECT, 1)->record);
    assert_account(world, "sales", 1, 0, 1);
}

static void who_could_not_be_told_is_not_recorded(void **state)
{
    struct world *world = *state;

    announce(world, TD_NOTICE_MODE_BEFORE_AGENT);
    world_gone(world, "ivr", "ivr-1");
    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    accept(world, 1, offer_of(world, 1));
    assert_false(command_of(world, FLOW_CONNECT, 1)->record);
}

static void a_dialog_that_said_it_says_so(void **state)
{
    struct world *world = *state;
    struct td_entry_point *entry = entry_named(world, "plain");
    static struct td_attribute announced = {"recording.announced", TD_ATTRIBUTE_TYPE_FLAG, 0, ""};

    announce(world, TD_NOTICE_MODE_IN_DIALOG);
    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    accept(world, 1, offer_of(world, 1));
    assert_false(command_of(world, FLOW_CONNECT, 1)->record); // Nobody did.
    td_str_clip(entry->queue, sizeof(entry->queue), "sales");
    entry->attributes = &announced;
    entry->attributes_count = 1;
    configure(world);
    (void)arrive(world, 2, "plain");
    accept(world, 2, offer_of(world, 2));
    assert_true(command_of(world, FLOW_CONNECT, 2)->record);
}

static void a_notice_outlives_the_router(void **state)
{
    struct world *world = *state;

    announce(world, TD_NOTICE_MODE_BEFORE_AGENT);
    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    struct td_dialog_id dialog = command_of(world, FLOW_DIALOG_START, 1)->dialog;
    world_crash(world);
    world_up(world, "edge", "edge-1");
    world_up(world, "media", "media-1");
    world_up(world, "ivr", "ivr-1");
    struct td_sync_item item = {
        .interaction_id = call_id(1), .phase = TD_CHANNEL_PHASE_ANSWERED, .customer_side = true};
    struct td_dialog_sync_item running = {.dialog_id = dialog, .interaction_id = call_id(1)};
    world_step(world,
               &(struct flow_input){.type = FLOW_SYNC_ITEM, .sync = &item, .instance = "edge-1"});
    world_step(world, &(struct flow_input){.type = FLOW_DIALOG_SYNC_ITEM,
                                           .dialog_sync = &running,
                                           .instance = "ivr-1"});
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 0);
    end_dialog(world, 1, dialog, TD_DIALOG_RESULT_DONE, "");
    accept(world, 1, offer_of(world, 1));
    assert_true(command_of(world, FLOW_CONNECT, 1)->record);
}

/* --- tiers --- */

static void arrive_as(struct world *world, uint64_t number, const char *entry, const char *tier)
{
    struct td_interaction_arrived arrived = world_arrival(number, entry);

    arrived.has_customer = true;
    td_str_clip(arrived.customer.tier, sizeof(arrived.customer.tier), tier);
    world_step(world, &(struct flow_input){.type = FLOW_ARRIVED, .arrived = &arrived});
}

static void gold_customers_come_first_by_so_many_seconds(void **state)
{
    struct world *world = *state;

    world->config.tiers_count = 1;
    world->config.tiers[0] = (struct td_tier_priority){"gold", 60};
    configure(world);
    arrive_as(world, 1, "plain", "silver");
    world_wait(world, 30 * SECOND);
    arrive_as(world, 2, "plain", "gold");
    make_ready(world, "ann");
    assert_int_equal(stored(world, 2).phase, TD_INTERACTION_PHASE_OFFERED);
    assert_int_equal(stored(world, 2).decision.tier_s, 60);
    assert_string_equal(stored(world, 2).decision.tier, "gold");
    assert_non_null(strstr(stored(world, 2).decision.why, "gold customers count as waiting 1 min"));
}

static void a_queue_may_value_tiers_otherwise(void **state)
{
    struct world *world = *state;

    world->config.tiers_count = 1;
    world->config.tiers[0] = (struct td_tier_priority){"gold", 60};
    queue_named(world, "plain")->tiers_count = 1;
    queue_named(world, "plain")->tiers[0] = (struct td_tier_priority){"silver", 10};
    configure(world);
    arrive_as(world, 1, "plain", "silver");
    world_wait(world, 5 * SECOND);
    arrive_as(world, 2, "plain", "gold");
    make_ready(world, "ann");
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_OFFERED);
    assert_int_equal(stored(world, 1).decision.tier_s, 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_closed_entry_is_busy_without_being_answered),
        TEST(a_closed_entry_may_be_unavailable_for_a_time_of_its_own),
        TEST(a_closed_entry_says_its_message_in_the_callers_language),
        TEST(a_closed_entry_may_lead_to_a_queue),
        TEST(without_an_ivr_a_message_is_a_busy_line),
        TEST(a_full_queue_leads_to_another_where_the_wait_goes_on),
        TEST(who_waited_long_enough_elsewhere_comes_first),
        TEST(a_chain_ends_where_the_last_queue_says),
        TEST(circles_that_nobody_checked_end),
        TEST(who_waits_leaves_when_the_last_agent_logs_out),
        TEST(a_closed_queue_is_offered_to_nobody),
        TEST(a_message_that_was_left_closes_as_voice_mail),
        TEST(an_entry_dialog_may_take_a_message_too),
        TEST(who_hangs_up_has_left_a_message_all_the_same),
        TEST(a_dialog_that_never_says_its_last_word_is_not_waited_for_long),
        TEST(a_voice_mail_whose_ivr_dies_begins_again),
        TEST(an_early_caller_is_answered_before_the_message),
        TEST(a_router_that_takes_over_waits_for_the_last_word_too),
        TEST(nobody_is_offered_a_call_before_it_knows_it_is_recorded),
        TEST(who_could_not_be_told_is_not_recorded),
        TEST(a_dialog_that_said_it_says_so),
        TEST(a_notice_outlives_the_router),
        TEST(gold_customers_come_first_by_so_many_seconds),
        TEST(a_queue_may_value_tiers_otherwise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
