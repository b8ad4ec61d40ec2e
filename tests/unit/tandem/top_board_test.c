/* Unit tests of what `tandem top` knows, from lists and events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "tandem/top_board.h"

static struct td_interaction_id call_id(uint8_t number)
{
    struct td_interaction_id id = {{{0}}};

    id.id.bytes[15] = number;
    return id;
}

static struct td_interaction_event event_of(uint8_t call, enum td_interaction_phase phase,
                                            uint64_t at_unix_us)
{
    return (struct td_interaction_event){
        .interaction_id = call_id(call), .phase = phase, .at_unix_us = at_unix_us};
}

static const struct td_interaction_status *find(const struct board *board, uint8_t call)
{
    for (uint32_t i = 0; i < board->call_count; i++) {
        if (td_id_equal(board->calls[i].interaction_id.id, call_id(call).id))
            return &board->calls[i];
    }
    return NULL;
}

static void a_call_is_followed_from_its_arrival_to_its_end(void **state)
{
    struct board board = {0};
    struct td_interaction_event event = event_of(1, TD_INTERACTION_PHASE_ARRIVED, 100);

    (void)state;
    td_str_clip(event.caller, sizeof(event.caller), "+44");
    board_hear_call(&board, "interaction.arrived", &event);
    event = event_of(1, TD_INTERACTION_PHASE_QUEUED, 200);
    td_str_clip(event.queue, sizeof(event.queue), "sales");
    board_hear_call(&board, "interaction.queued", &event);
    event = event_of(1, TD_INTERACTION_PHASE_QUEUED, 250);
    board_hear_call(&board, "interaction.relaxed", &event);
    assert_int_equal(find(&board, 1)->since_unix_us, 200); // Still the same wait.
    event = event_of(1, TD_INTERACTION_PHASE_OFFERED, 300);
    td_str_clip(event.agent, sizeof(event.agent), "ada");
    board_hear_call(&board, "interaction.offered", &event);
    assert_string_equal(find(&board, 1)->agent, "ada");
    event = event_of(1, TD_INTERACTION_PHASE_QUEUED, 400);
    td_str_clip(event.agent, sizeof(event.agent), "ada");
    board_hear_call(&board, "interaction.offer_ended", &event);
    assert_string_equal(find(&board, 1)->agent, ""); // She declined.
    event = event_of(1, TD_INTERACTION_PHASE_CONNECTED, 500);
    board_hear_call(&board, "interaction.connected", &event);
    board_hear_call(&board, "interaction.held", &event);
    assert_true(find(&board, 1)->held);
    board_hear_call(&board, "interaction.resumed", &event);
    assert_false(find(&board, 1)->held);
    assert_string_equal(find(&board, 1)->caller, "+44");
    assert_string_equal(find(&board, 1)->queue, "sales");
    assert_int_equal(find(&board, 1)->arrived_at_unix_us, 100);
    board_close_call(&board, call_id(1));
    assert_int_equal(board.call_count, 0);
    event = event_of(1, TD_INTERACTION_PHASE_CLOSED, 600);
    board_hear_call(&board, "interaction.abandoned", &event);
    assert_int_equal(board.call_count, 0); // What is over does not come back.
    board_fini(&board);
}

static void what_is_not_listed_again_is_dropped(void **state)
{
    struct board board = {0};
    struct td_interaction_status listed = {.interaction_id = call_id(1)};
    struct td_agent_status agent = {.agent = "ada"};
    const struct td_interaction_event event = event_of(3, TD_INTERACTION_PHASE_QUEUED, 5);

    (void)state;
    board_begin(&board);
    board_list_call(&board, &listed);
    listed.interaction_id = call_id(2);
    board_list_call(&board, &listed);
    board_list_agent(&board, &agent);
    board_end(&board);
    assert_int_equal(board.call_count, 2);
    board_begin(&board);
    board_hear_call(&board, "interaction.queued", &event);
    board_list_call(&board, &listed);
    board_end(&board);
    assert_null(find(&board, 1));
    assert_non_null(find(&board, 2));
    assert_non_null(find(&board, 3)); // Younger than the list.
    assert_int_equal(board.agent_count, 0);
    board_fini(&board);
}

static void an_event_is_younger_than_the_list_that_was_under_way(void **state)
{
    struct board board = {0};
    const struct td_interaction_event event = event_of(1, TD_INTERACTION_PHASE_CONNECTED, 50);
    const struct td_interaction_status listed = {.interaction_id = call_id(1),
                                                 .phase = TD_INTERACTION_PHASE_QUEUED,
                                                 .arrived_at_unix_us = 7,
                                                 .caller = "+44"};

    (void)state;
    board_begin(&board);
    board_hear_call(&board, "interaction.connected", &event);
    board_list_call(&board, &listed);
    board_end(&board);
    assert_int_equal(find(&board, 1)->phase, TD_INTERACTION_PHASE_CONNECTED);
    assert_int_equal(find(&board, 1)->arrived_at_unix_us, 7); // The event did not know.
    assert_string_equal(find(&board, 1)->caller, "+44");
    board_fini(&board);
}

static void agents_stand_in_order_whatever_order_they_come_in(void **state)
{
    struct board board = {0};
    char name[16];

    (void)state;
    board_begin(&board);
    for (int i = 0; i < 200; i++) {
        struct td_agent_record record = {.state = TD_AGENT_STATE_READY};

        (void)snprintf(name, sizeof(name), "agent-%03d", i * 7 % 200);
        td_str_clip(record.agent, sizeof(record.agent), name);
        board_hear_agent(&board, &record);
        board_hear_agent(&board, &record);
    }
    board_end(&board);
    assert_int_equal(board.agent_count, 200);
    for (uint32_t i = 1; i < board.agent_count; i++)
        assert_true(strcmp(board.agents[i - 1].agent, board.agents[i].agent) < 0);
    assert_int_equal(board_rows(&board), 200);
    board_fini(&board);
}

static void a_queue_without_figures_is_forgotten(void **state)
{
    struct board board = {0};
    struct td_queue_metrics metrics = {.queue = "sales", .at_unix_us = 100};
    const struct td_router_queue_gauge gauge = {.queue = "loans", .talking = 4};

    (void)state;
    board_take_queue(&board, &metrics);
    td_str_clip(metrics.queue, sizeof(metrics.queue), "loans");
    metrics.at_unix_us = 200;
    board_take_queue(&board, &metrics);
    board_take_gauge(&board, &gauge);
    board_take_queue(&board, &metrics);
    board_drop_queues(&board, 150);
    assert_int_equal(board.queue_count, 1);
    assert_string_equal(board.queues[0].metrics.queue, "loans");
    assert_int_equal(board.queues[0].talking, 4);
    board_fini(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_followed_from_its_arrival_to_its_end),
        cmocka_unit_test(what_is_not_listed_again_is_dropped),
        cmocka_unit_test(an_event_is_younger_than_the_list_that_was_under_way),
        cmocka_unit_test(agents_stand_in_order_whatever_order_they_come_in),
        cmocka_unit_test(a_queue_without_figures_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
