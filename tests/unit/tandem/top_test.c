/* Unit tests of the screen of `tandem top`: a model in, lines out. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "tandem/core/columns.h"
#include "tandem/core/top.h"
#include "tandem/core/top_table.h"

#define NOW_US UINT64_C(1800000000000000)
#define TEXT_SIZE 200000
#define LINES_MAX 64

struct scene {
    struct top_queue queues[40];
    struct td_agent_status agents[3];
    struct td_interaction_status calls[2];
    struct top_model model;
    struct top_view view;
    struct top_row rows[40];
    char text[TEXT_SIZE];
    char lines[LINES_MAX][2048];
    uint32_t line_count;
};

static struct scene scene;

static void name_queue(uint32_t i, const char *name, uint64_t waiting)
{
    struct td_queue_metrics *metrics = &scene.queues[i].metrics;

    td_str_clip(metrics->queue, sizeof(metrics->queue), name);
    metrics->waiting = waiting;
    metrics->longest_wait_ms = waiting * 1000;
    metrics->threshold_ms = 20000;
    metrics->answered = 10;
    metrics->answered_within = 9;
    metrics->service_level_permille = 900;
    metrics->service_level_target_permille = 800;
}

static void name_agent(uint32_t i, const char *name, enum td_agent_state state)
{
    td_str_clip(scene.agents[i].agent, sizeof(scene.agents[i].agent), name);
    scene.agents[i].state = state;
    scene.agents[i].since_unix_us = NOW_US - 65000000;
    scene.agents[i].device_registered = true;
}

static int make(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof(scene));
    name_queue(0, "sales", 2);
    name_queue(1, "客户服务", 30);
    name_queue(2, "Loans", 0);
    name_agent(0, "ada", TD_AGENT_STATE_BUSY);
    name_agent(1, "ben", TD_AGENT_STATE_LOGGED_OUT);
    name_agent(2, "cai", TD_AGENT_STATE_READY);
    scene.calls[0] = (struct td_interaction_status){
        .phase = TD_INTERACTION_PHASE_CONNECTED,
        .since_unix_us = NOW_US - 3000000,
        .arrived_at_unix_us = NOW_US - 3723000000,
        .queue = "客户服务",
        .agent = "ada",
        .caller = "+447700900123",
    };
    memset(scene.calls[0].interaction_id.id.bytes, 0xab, 16);
    scene.model = (struct top_model){.site = "here",
                                     .clock = "12:00:00",
                                     .now_unix_us = NOW_US,
                                     .queues = scene.queues,
                                     .queue_count = 3,
                                     .agents = scene.agents,
                                     .agent_count = 3,
                                     .calls = scene.calls,
                                     .call_count = 1,
                                     .has_router = true,
                                     .has_hub = true};
    top_view_init(&scene.view, false);
    return setlocale(LC_CTYPE, "C.UTF-8") == NULL;
}

/* Colours take no columns. */
static void strip(const char *from, char *to)
{
    while (*from != '\0') {
        if (*from == '\033') {
            from = strchr(from, 'm') + 1;
            continue;
        }
        *to++ = *from++;
    }
    *to = '\0';
}

static void split(void)
{
    char *line = scene.text;

    scene.line_count = 0;
    while (line != NULL && scene.line_count < LINES_MAX) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        strip(line, scene.lines[scene.line_count++]);
        line = end != NULL ? end + 1 : NULL;
    }
}

static void draw(uint32_t width, uint32_t height, bool colour)
{
    struct td_text text;

    td_text_init(&text, scene.text, sizeof(scene.text));
    top_draw(&scene.model, &scene.view, (struct top_size){width, height}, colour, scene.rows,
             &text);
    assert_false(text.cut);
    split();
}

static void press(const char *keys)
{
    for (; *keys != '\0'; keys++)
        assert_true(top_view_press(&scene.view, (unsigned char)*keys, 20));
}

static void every_size_is_filled_and_none_is_left(void **state)
{
    (void)state;
    for (int table = 0; table < 4; table++) {
        scene.view.table = table == 3 ? TOP_QUEUES : (enum top_table)table;
        scene.view.helping = table == 3;
        for (uint32_t width = 1; width < 220; width += 7) {
            for (uint32_t height = 1; height < 50; height += 5) {
                scene.view.chinese = (width + height) % 2 == 1;
                draw(width, height, width % 2 == 0);
                assert_int_equal(scene.line_count, height);
                for (uint32_t i = 0; i < height; i++)
                    assert_int_equal(columns_width(scene.lines[i]), width);
            }
        }
    }
}

static void everything_stands_in_eighty_columns(void **state)
{
    (void)state;
    draw(80, 24, false);
    assert_string_equal(
        scene.lines[0],
        "here 12:00:00  calls 1 talk 1 wait 32 longest 0:30 SL 90 %  agents 2 ready 1    ");
    assert_string_equal(
        scene.lines[1],
        "[1 Queues (3)] 2 Agents (3)  3 Calls (1)   sort WAIT                            ");
    assert_string_equal(
        scene.lines[2],
        "QUEUE           WAIT LONGEST  TALK  OFFER ANSWER ABAND OVERF    SL  AV.WT AV.TLK");
    assert_string_equal(
        scene.lines[3],
        "客户服务          30    0:30     0      0     10     0     0  90 %      -      -");
    assert_string_equal(
        scene.lines[4],
        "sales              2    0:02     0      0     10     0     0  90 %      -      -");
}

static void calls_and_agents_say_what_they_do_and_for_how_long(void **state)
{
    (void)state;
    press("2");
    draw(80, 10, false);
    assert_string_equal(
        scene.lines[3],
        "ada              busy           1:05                          yes               ");
    press("3");
    draw(80, 10, false);
    assert_string_equal(
        scene.lines[3],
        "abababababab connected    0:03 1:02:03 +447700900123  客户服务     ada          ");
    draw(160, 10, false);
    assert_non_null(strstr(scene.lines[2], "CUSTOMER"));
    draw(60, 10, false);
    assert_null(strstr(scene.lines[2], "CALLER"));
    assert_non_null(strstr(scene.lines[2], "QUEUE"));
}

static void a_filter_finds_text_in_any_case_and_in_chinese(void **state)
{
    (void)state;
    press("/LOA\r");
    draw(80, 24, false);
    assert_int_equal(strncmp(scene.lines[3], "Loans ", 6), 0);
    assert_int_equal(scene.lines[4][0], ' ');
    press("/客户x");
    press("\177");
    assert_string_equal(scene.view.filter, "客户");
    press("\177\r");
    assert_string_equal(scene.view.filter, "客");
    draw(80, 24, false);
    assert_int_equal(strncmp(scene.lines[3], "客户服务", strlen("客户服务")), 0);
    assert_int_equal(scene.lines[4][0], ' ');
    assert_true(top_view_press(&scene.view, TOP_KEY_ESCAPE, 20));
    assert_string_equal(scene.view.filter, "");
}

static void a_filter_that_is_too_long_stays_whole(void **state)
{
    (void)state;
    press("/0123456789012345678901234567890123456789012345678901234567890123456789");
    assert_int_equal(strlen(scene.view.filter), TOP_FILTER_SIZE - 1);
    draw(80, 24, false);
    assert_true(scene.view.typing);
    press("q"); // a letter of the filter, not the way out
}

static void rows_are_sorted_by_the_chosen_column(void **state)
{
    (void)state;
    press("<"); // from WAIT back to QUEUE
    for (int i = 0; i < 1; i++)
        draw(80, 24, false);
    assert_int_equal(strncmp(scene.lines[3], "Loans", 5), 0);
    assert_int_equal(strncmp(scene.lines[4], "sales", 5), 0);
    press("r");
    draw(80, 24, false);
    assert_int_equal(strncmp(scene.lines[4], "sales", 5), 0);
    assert_int_equal(strncmp(scene.lines[5], "Loans", 5), 0);
    press("<<"); // around the end
    assert_int_equal(scene.view.sort[TOP_QUEUES], 9);
    assert_false(scene.view.reversed[TOP_QUEUES]);
}

static void scrolling_ends_at_the_last_page(void **state)
{
    char name[16];

    (void)state;
    for (uint32_t i = 0; i < 40; i++) {
        (void)snprintf(name, sizeof(name), "queue-%02u", i);
        name_queue(i, name, 100 - i);
    }
    scene.model.queue_count = 40;
    assert_int_equal(top_page(24), 20);
    assert_true(top_view_press(&scene.view, TOP_KEY_PAGE_DOWN, 20));
    assert_true(top_view_press(&scene.view, TOP_KEY_PAGE_DOWN, 20));
    assert_true(top_view_press(&scene.view, TOP_KEY_PAGE_DOWN, 20));
    draw(80, 24, false);
    assert_int_equal(strncmp(scene.lines[3], "queue-20", 8), 0);
    assert_int_equal(strncmp(scene.lines[22], "queue-39", 8), 0);
    assert_true(top_view_press(&scene.view, TOP_KEY_UP, 20));
    draw(80, 24, false);
    assert_int_equal(strncmp(scene.lines[3], "queue-19", 8), 0);
    assert_true(top_view_press(&scene.view, TOP_KEY_HOME, 20));
    assert_true(top_view_press(&scene.view, TOP_KEY_UP, 20));
    draw(80, 24, false);
    assert_int_equal(strncmp(scene.lines[3], "queue-00", 8), 0);
}

static void what_makes_it_untrue_is_said(void **state)
{
    (void)state;
    scene.model.has_router = false;
    draw(80, 24, false);
    assert_non_null(strstr(scene.lines[1], "no router is active"));
    scene.model.has_hub = false;
    draw(80, 24, false);
    assert_non_null(strstr(scene.lines[1], "no hub"));
    scene.model.has_router = scene.model.has_hub = true;
    scene.model.figures_age_s = 9;
    scene.view.chinese = true;
    draw(80, 24, false);
    assert_non_null(strstr(scene.lines[1], "没有 reporting"));
}

static void colours_are_left_out_when_not_wanted(void **state)
{
    struct td_text text;

    (void)state;
    td_text_init(&text, scene.text, sizeof(scene.text));
    top_draw(&scene.model, &scene.view, (struct top_size){80, 24}, false, scene.rows, &text);
    assert_null(strchr(scene.text, '\033'));
    td_text_init(&text, scene.text, sizeof(scene.text));
    top_draw(&scene.model, &scene.view, (struct top_size){80, 24}, true, scene.rows, &text);
    assert_non_null(strstr(scene.text, "\033[1;31m   0:30\033[0m")); // late: red
    assert_non_null(strstr(scene.text, "\033[32m 90 %\033[0m"));     // on target: green
}

static void everything_at_once_has_all_tables(void **state)
{
    struct td_text text;

    (void)state;
    td_text_init(&text, scene.text, sizeof(scene.text));
    top_draw_all(&scene.model, &scene.view, 80, scene.rows, &text);
    split();
    assert_non_null(strstr(scene.lines[2], "QUEUE"));
    assert_non_null(strstr(scene.lines[7], "AGENT"));
    assert_non_null(strstr(scene.lines[12], "CALL"));
    assert_non_null(strstr(scene.lines[13], "abababababab"));
}

static void any_keys_leave_a_view_that_can_be_drawn(void **state)
{
    uint32_t random = 12345;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        random = random * 1103515245 + 12345;
        (void)top_view_press(&scene.view, (int)(random >> 16) % 264, 20);
        draw(80, 24, true);
        assert_int_equal(scene.line_count, 24);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_size_is_filled_and_none_is_left, make),
        cmocka_unit_test_setup(everything_stands_in_eighty_columns, make),
        cmocka_unit_test_setup(calls_and_agents_say_what_they_do_and_for_how_long, make),
        cmocka_unit_test_setup(a_filter_finds_text_in_any_case_and_in_chinese, make),
        cmocka_unit_test_setup(a_filter_that_is_too_long_stays_whole, make),
        cmocka_unit_test_setup(rows_are_sorted_by_the_chosen_column, make),
        cmocka_unit_test_setup(scrolling_ends_at_the_last_page, make),
        cmocka_unit_test_setup(what_makes_it_untrue_is_said, make),
        cmocka_unit_test_setup(colours_are_left_out_when_not_wanted, make),
        cmocka_unit_test_setup(everything_at_once_has_all_tables, make),
        cmocka_unit_test_setup(any_keys_leave_a_view_that_can_be_drawn, make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
