/*
 * tandem top: what is under way, on one screen. Figures come each second from the hub (metrics.*);
 * agents and calls are listed by the active router and kept up to date by events; they are listed
 * again now and then, since a subscriber may miss events.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "io/timer.h"
#include "service/publish.h"
#include "tandem/command.h"
#include "tandem/screen.h"
#include "tandem/top_board.h"
#include "wire/envelope_wire.h"

#define EVERY_MS 1000
#define LIST_EVERY_S 15
#define LIST_DEADLINE_MS 2000
#define ONCE_LOOK_MS 50
#define ONCE_PATIENCE_MS 4000 /* figures are said each second */
#define FORGET_QUEUE_US UINT64_C(5000000)
#define WIDTH 80

struct top {
    const struct command_options *options;
    struct td_service *service;
    struct td_bus_subscriber *subscriber;
    struct screen *screen;
    struct td_timer second;
    struct td_timer patience;
    struct board board;
    struct top_view view;
    struct top_row *rows;
    uint32_t rows_size;
    char *text;
    size_t text_size;
    bool once; /* one picture in plain text, no screen */
    bool colour;
    bool joined;

    /* the list under way */
    bool asking;
    bool listed; /* the last one came to its end */
    char after_agent[64];
    uint32_t after_call;
    uint32_t seconds_to_list;

    uint64_t figures_ns;      /* when some came last; 0: never */
    uint64_t figures_unix_us; /* when they were made */
    uint32_t rounds_of_figures;
    uint32_t gauges;
};

/* --- drawing -----------------------------------------------------------------------------------
 */

static void note_active(void *ctx, const struct td_instance *instance)
{
    bool *active = ctx;

    *active = *active || instance->active;
}

static struct top_model make_model(struct top *top, char clock[16])
{
    uint64_t now = td_loop_now_unix_us(td_service_loop(top->service));
    time_t seconds = (time_t)(now / 1000000);
    struct tm local;
    bool active = false;

    (void)localtime_r(&seconds, &local);
    (void)strftime(clock, 16, "%H:%M:%S", &local);
    td_service_each_instance(top->service, "router", note_active, &active);
    return (struct top_model){
        .site = td_service_site(top->service),
        .clock = clock,
        .now_unix_us = now,
        .queues = top->board.queues,
        .queue_count = top->board.queue_count,
        .agents = top->board.agents,
        .agent_count = top->board.agent_count,
        .calls = top->board.calls,
        .call_count = top->board.call_count,
        .has_router = active,
        .has_hub = td_service_find_instance(top->service, "hub", NULL) != NULL,
        .figures_age_s = top->figures_ns == 0
                             ? 0
                             : (uint32_t)((td_loop_now_ns() - top->figures_ns) / 1000000000),
    };
}

static void *at_least(void *memory, size_t *size, size_t wanted)
{
    if (*size >= wanted)
        return memory;
    memory = realloc(memory, wanted);
    if (memory == NULL)
        abort();
    *size = wanted;
    return memory;
}

/* Room for `lines` lines of any characters in any colours. */
static void make_room(struct top *top, uint32_t width, uint32_t lines)
{
    size_t rows_bytes = top->rows_size * sizeof(struct top_row);

    top->rows =
        at_least(top->rows, &rows_bytes, (board_rows(&top->board) + 1) * sizeof(struct top_row));
    top->rows_size = (uint32_t)(rows_bytes / sizeof(struct top_row));
    top->text = at_least(top->text, &top->text_size, (size_t)(lines + 16) * (width * 4 + 256));
}

static void draw(struct top *top)
{
    const struct top_size size = screen_size(top->screen);
    char clock[16];
    const struct top_model model = make_model(top, clock);
    struct td_text text;

    make_room(top, size.width, size.height);
    td_text_init(&text, top->text, top->text_size);
    top_draw(&model, &top->view, size, top->colour, top->rows, &text);
    screen_show(top->screen, top->text);
}

static uint32_t plain_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    uint64_t width = WIDTH;

    if (columns != NULL && td_str_to_u64(columns, 1000, &width) == TD_OK && width > 0)
        return (uint32_t)width;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return WIDTH;
}

/* What fills a screen's line is of no use in a file. */
static void trim_lines(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        while (*from == '\n' && to > text && to[-1] == ' ')
            to--;
        *to++ = *from;
    }
    *to = '\0';
}

static void print_once(struct top *top)
{
    uint32_t width = plain_width();
    char clock[16];
    const struct top_model model = make_model(top, clock);
    struct td_text text;

    make_room(top, width, model.queue_count + model.agent_count + model.call_count);
    td_text_init(&text, top->text, top->text_size);
    top_draw_all(&model, &top->view, width, top->rows, &text);
    trim_lines(top->text);
    (void)fputs(top->text, stdout);
    td_tool_exit(top->service, 0);
}

/* --- a list from the router --------------------------------------------------------------------
 */

static void ask_agents(struct top *top);
static void ask_calls(struct top *top);

static void end_list(struct top *top, bool complete)
{
    top->asking = false;
    top->listed = complete;
    top->seconds_to_list = complete ? LIST_EVERY_S : 1;
    if (complete)
        board_end(&top->board);
}

static void on_calls(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct top *top = ctx;
    struct td_interaction_query_reply page;

    (void)message;
    if (err == TD_OK)
        err =
            td_interaction_query_reply_decode(td_service_arena(top->service), payload, &page, NULL);
    if (err != TD_OK) {
        end_list(top, false);
        return;
    }
    for (uint32_t i = 0; i < page.interactions_count; i++)
        board_list_call(&top->board, &page.interactions[i]);
    top->after_call = page.next;
    if (page.done)
        end_list(top, true);
    else
        ask_calls(top);
}

static void on_agents(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct top *top = ctx;
    struct td_agent_query_reply page;

    (void)message;
    if (err == TD_OK)
        err = td_agent_query_reply_decode(td_service_arena(top->service), payload, &page, NULL);
    if (err != TD_OK) {
        end_list(top, false);
        return;
    }
    for (uint32_t i = 0; i < page.agents_count; i++) {
        board_list_agent(&top->board, &page.agents[i]);
        td_str_clip(top->after_agent, sizeof(top->after_agent), page.agents[i].agent);
    }
    if (page.done || page.agents_count == 0)
        ask_calls(top);
    else
        ask_agents(top);
}

static void ask(struct top *top, const char *type, struct td_bytes payload, td_reply_fn *done)
{
    const struct td_call call = {.to = "router",
                                 .type = type,
                                 .tenant = top->options->tenant,
                                 .payload = payload,
                                 .deadline_ms = LIST_DEADLINE_MS};

    td_call(top->service, &call, done, top);
}

static void ask_agents(struct top *top)
{
    struct td_agent_query query = {0};

    td_str_clip(query.after, sizeof(query.after), top->after_agent);
    ask(top, "AgentQuery", td_agent_query_encode(td_service_arena(top->service), &query),
        on_agents);
}

static void ask_calls(struct top *top)
{
    const struct td_interaction_query query = {.after = top->after_call};

    ask(top, "InteractionQuery",
        td_interaction_query_encode(td_service_arena(top->service), &query), on_calls);
}

static void list(struct top *top)
{
    if (top->asking)
        return;
    top->asking = true;
    top->after_agent[0] = '\0';
    top->after_call = 0;
    board_begin(&top->board);
    ask_agents(top);
}

/* --- what is said ------------------------------------------------------------------------------
 */

static void take_queue(struct top *top, struct td_arena *arena, struct td_bytes payload)
{
    struct td_queue_metrics metrics;

    if (td_queue_metrics_decode(arena, payload, &metrics, NULL) != TD_OK)
        return;
    board_take_queue(&top->board, &metrics);
    top->figures_ns = td_loop_now_ns();
    top->figures_unix_us = metrics.at_unix_us;
}

/* Said after the queues of the same second. */
static void take_round(struct top *top)
{
    top->rounds_of_figures++;
    if (top->figures_unix_us > FORGET_QUEUE_US)
        board_drop_queues(&top->board, top->figures_unix_us - FORGET_QUEUE_US);
}

static void take_gauges(struct top *top, struct td_arena *arena, struct td_bytes payload)
{
    struct td_router_gauges gauges;

    if (td_router_gauges_decode(arena, payload, &gauges, NULL) != TD_OK)
        return;
    for (uint32_t i = 0; i < gauges.queues_count; i++)
        board_take_gauge(&top->board, &gauges.queues[i]);
    top->gauges++;
}

static void take_event(struct top *top, struct td_arena *arena, const struct td_envelope *envelope)
{
    struct td_interaction_event event;
    struct td_interaction_summary summary;
    struct td_agent_record agent;

    if (td_str_equal(envelope->type, "InteractionEvent") &&
        td_interaction_event_decode(arena, envelope->payload, &event, NULL) == TD_OK)
        board_hear_call(&top->board, envelope->topic, &event);
    else if (td_str_equal(envelope->type, "InteractionSummary") &&
             td_interaction_summary_decode(arena, envelope->payload, &summary, NULL) == TD_OK)
        board_close_call(&top->board, summary.interaction_id);
    else if (td_str_equal(envelope->type, "AgentRecord") &&
             td_agent_record_decode(arena, envelope->payload, &agent, NULL) == TD_OK)
        board_hear_agent(&top->board, &agent);
}

static void on_message(void *ctx, const struct td_bus_message *message)
{
    struct top *top = ctx;
    struct td_arena *arena = td_service_arena(top->service);
    size_t mark = arena->used;
    struct td_envelope envelope;

    if (td_envelope_decode(arena, message->body, &envelope, NULL) == TD_OK &&
        envelope.tenant == top->options->tenant) {
        if (td_str_equal(envelope.type, "QueueMetrics"))
            take_queue(top, arena, envelope.payload);
        else if (td_str_equal(envelope.type, "AgentMetrics"))
            take_round(top);
        else if (td_str_equal(envelope.type, "RouterGauges"))
            take_gauges(top, arena, envelope.payload);
        else
            take_event(top, arena, &envelope);
    }
    td_arena_rewind(arena, mark);
}

/* From here on all is heard: what was before, the router lists. */
static void on_joined(void *ctx)
{
    struct top *top = ctx;

    top->joined = true;
    top->listed = false;
    list(top);
}

/* --- time and keys -----------------------------------------------------------------------------
 */

static void on_second(void *ctx)
{
    struct top *top = ctx;

    if (top->seconds_to_list > 0)
        top->seconds_to_list--;
    if (top->seconds_to_list == 0)
        list(top);
    draw(top);
}

static void on_look(void *ctx)
{
    struct top *top = ctx;

    // The first round may have been heard from its middle on.
    if (!top->joined || !top->listed || top->rounds_of_figures < 2 || top->gauges == 0)
        return;
    td_timer_stop(&top->second);
    td_timer_stop(&top->patience);
    print_once(top);
}

static void on_impatient(void *ctx)
{
    struct top *top = ctx;

    td_timer_stop(&top->second);
    print_once(top);
}

static void on_key(void *ctx, int key)
{
    struct top *top = ctx;

    if (top_view_press(&top->view, key, top_page(screen_size(top->screen).height)))
        draw(top);
    else
        td_tool_exit(top->service, 0);
}

static void on_resized(void *ctx)
{
    draw(ctx);
}

static void on_hung_up(void *ctx)
{
    struct top *top = ctx;

    td_tool_exit(top->service, 1);
}

/* --- life --------------------------------------------------------------------------------------
 */

static enum td_err subscribe(struct top *top)
{
    static const char *const topics[] = {"metrics.queue.", "metrics.agents", "metrics.router",
                                         "interaction.", "agent.state"};
    const struct td_bus_subscriber_options options = {on_message, on_joined, top};
    enum td_err err =
        td_bus_subscriber_create(td_service_bus(top->service), &options, &top->subscriber);

    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]) && err == TD_OK; i++)
        err = td_bus_subscribe(top->subscriber, topics[i]);
    if (err == TD_OK)
        td_publish_follow(top->service, top->subscriber);
    return err;
}

static enum td_err open_screen(struct top *top)
{
    const struct screen_events events = {on_key, on_resized, on_hung_up, top};
    enum td_err err = screen_open(td_service_loop(top->service), &events, &top->screen);

    if (err == TD_OK)
        draw(top);
    return err;
}

static void start(struct td_service *service, void *ctx)
{
    struct top *top = ctx;

    top->service = service;
    enum td_err err = subscribe(top);
    if (err == TD_OK && !top->once)
        err = open_screen(top);
    if (err != TD_OK) {
        td_tool_exit(service, command_fail(1, "%s", td_err_text(err)));
        return;
    }
    td_timer_init(&top->second, td_service_loop(service), top->once ? on_look : on_second, top);
    td_timer_start_repeating(&top->second, top->once ? ONCE_LOOK_MS : EVERY_MS);
    td_timer_init(&top->patience, td_service_loop(service), on_impatient, top);
    if (top->once)
        td_timer_start(&top->patience, ONCE_PATIENCE_MS);
}

static void stop(struct td_service *service, void *ctx)
{
    struct top *top = ctx;

    td_timer_stop(&top->second);
    td_timer_stop(&top->patience);
    screen_close(&top->screen);
    td_publish_follow(service, NULL);
    td_bus_subscriber_destroy(&top->subscriber);
}

static bool speaks_chinese(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return td_str_starts_with(value, "zh");
    }
    return false;
}

int command_top(const struct command_options *options, int argc, char **argv)
{
    const char *no_colour = getenv("NO_COLOR");
    bool once = argc == 1 && td_str_equal(argv[0], "--once");
    struct top top = {.options = options,
                      .colour = no_colour == NULL || no_colour[0] == '\0',
                      .once = once || !screen_is_there()};

    if (argc > 0 && !once)
        return command_fail(2, "usage: tandem top [--once]");
    (void)setlocale(LC_CTYPE, "C.UTF-8"); // For the width of characters.
    top_view_init(&top.view, speaks_chinese());
    const struct td_tool tool = {
        .site_file = options->site_file, .start = start, .stop = stop, .ctx = &top};
    int status = td_tool_run(&tool);
    board_fini(&top.board);
    free(top.rows);
    free(top.text);
    return status;
}
