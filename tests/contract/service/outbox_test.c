/* Observations: in order of their key, until they are acknowledged, and no more than fit. */
#include "stage.h"

#include "service/outbox.h"

#define NOTES_MAX 4096
#define PER_KEY 30

/* --- the service that is told ------------------------------------------------------------------
 */

struct notes {
    struct td_service *service;
    char text[NOTES_MAX];
    uint32_t refusals; /* as BUSY, before the next note is taken */
};

/* "a7 ": key and number. Each third is refused twice before it is taken. */
static void note(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct notes *notes = ctx;
    size_t used = strlen(notes->text);

    if (used % 3 == 0 && notes->refusals < 2) {
        notes->refusals++;
        td_request_fail(request, TD_ERR_BUSY, "not now");
        return;
    }
    notes->refusals = 0;
    (void)snprintf(notes->text + used, sizeof(notes->text) - used, "%.*s ", (int)payload.size,
                   (const char *)payload.data);
    td_request_reply(request, td_bytes(NULL, 0));
}

static void read_notes(void *ctx, struct td_request *request, struct td_bytes payload)
{
    const struct notes *notes = ctx;

    (void)payload;
    td_request_reply(request, bytes_of(notes->text));
}

static void refuse(void *ctx, struct td_request *request, struct td_bytes payload)
{
    (void)ctx;
    (void)payload;
    td_request_fail(request, TD_ERR_RANGE, "leg: unknown");
}

static enum td_err notes_start(struct td_service *service, void *ctx)
{
    ((struct notes *)ctx)->service = service;
    return TD_OK;
}

static void notes_stop(void *ctx)
{
    td_service_stopped(((struct notes *)ctx)->service);
}

static int run_notes(int argc, char **argv)
{
    static struct notes notes;
    static const struct td_handler handlers[] = {
        {"Note", note}, {"Read", read_notes}, {"Refuse", refuse}};
    const struct td_service_definition definition = {
        .name = "notes",
        .description = "writes down what it is told",
        .handlers = handlers,
        .handler_count = sizeof(handlers) / sizeof(handlers[0]),
        .start = notes_start,
        .stop = notes_stop,
        .ctx = &notes,
    };

    return td_service_main(argc, argv, &definition);
}

/* --- the one that tells ------------------------------------------------------------------------
 */

static struct td_outbox *outbox;
static pid_t notes_pid;

static void close_outbox(struct scene *scene)
{
    (void)scene;
    td_outbox_destroy(&outbox);
}

static void open_outbox(const struct scene *scene)
{
    assert_int_equal(td_outbox_create(scene->service, &outbox), TD_OK);
}

static enum td_err tell(const char *type, const char *key, const char *text, td_reply_fn *done,
                        void *ctx)
{
    const struct td_call call = {.to = "notes",
                                 .type = type,
                                 .tenant = 1,
                                 .key = key,
                                 .payload = bytes_of(text),
                                 .deadline_ms = 500};

    return td_outbox_send_with(outbox, &call, done, ctx);
}

static void on_told(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    static const struct td_call read_it = {.to = "notes", .type = "Read", .tenant = 1};
    struct scene *scene = ctx;

    (void)payload;
    (void)message;
    assert_int_equal(err, TD_OK);
    if (td_outbox_waiting(outbox) == 0)
        scene_call(scene, 0, &read_it);
}

static void tell_two_keys(struct scene *scene)
{
    char text[16];

    open_outbox(scene);
    for (int i = 0; i < PER_KEY; i++) {
        (void)snprintf(text, sizeof(text), "a%d", i);
        assert_int_equal(tell("Note", "a", text, on_told, scene), TD_OK);
        (void)snprintf(text, sizeof(text), "b%d", i);
        assert_int_equal(tell("Note", "b", text, on_told, scene), TD_OK);
    }
}

static void assert_all_in_order(const char *text, char key)
{
    int next = 0;

    for (const char *at = strchr(text, key); at != NULL; at = strchr(at + 1, key))
        assert_int_equal(atoi(at + 1), next++);
    assert_int_equal(next, PER_KEY);
}

static void entries_of_a_key_arrive_once_and_in_order_over_refusals(void **state)
{
    (void)state;
    struct scene scene = {.begin = tell_two_keys, .stop = close_outbox, .needs = "notes-1"};

    notes_pid = stage_start("notes", "notes-1");
    play(&scene);
    assert_all_in_order(scene.outcomes[0].text, 'a');
    assert_all_in_order(scene.outcomes[0].text, 'b');
    assert_int_equal(stage_stop(notes_pid), 0);
}

/* The service comes only when some tries have failed. */
static void on_first_tries(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    (void)ctx;
    (void)payload;
    (void)message;
    assert_int_equal(err, TD_ERR_UNAVAILABLE);
    notes_pid = stage_start("notes", "notes-1");
}

static void tell_nobody_yet(struct scene *scene)
{
    const struct td_call probe = {.to = "notes", .type = "Read", .tenant = 1};

    open_outbox(scene);
    assert_int_equal(tell("Note", "a", "a0", on_told, scene), TD_OK);
    td_call(scene->service, &probe, on_first_tries, scene);
}

static void entries_wait_for_a_receiver_that_is_away(void **state)
{
    (void)state;
    struct scene scene = {.begin = tell_nobody_yet, .stop = close_outbox};

    play(&scene);
    assert_string_equal(scene.outcomes[0].text, "a0 ");
    assert_int_equal(stage_stop(notes_pid), 0);
}

static void on_final_answer(void *ctx, enum td_err err, struct td_bytes payload,
                            const char *message)
{
    struct scene *scene = ctx;

    (void)payload;
    scene->outcomes[1].err = err;
    (void)snprintf(scene->outcomes[1].text, sizeof(scene->outcomes[1].text), "%s", message);
}

static void tell_wrong_then_right(struct scene *scene)
{
    open_outbox(scene);
    assert_int_equal(tell("Refuse", "a", "x", on_final_answer, scene), TD_OK);
    assert_int_equal(tell("Note", "a", "a0", on_told, scene), TD_OK);
}

static void what_is_refused_for_good_makes_way(void **state)
{
    (void)state;
    struct scene scene = {.begin = tell_wrong_then_right, .stop = close_outbox, .needs = "notes-1"};

    notes_pid = stage_start("notes", "notes-1");
    play(&scene);
    assert_int_equal(scene.outcomes[1].err, TD_ERR_RANGE);
    assert_string_equal(scene.outcomes[1].text, "leg: unknown");
    assert_string_equal(scene.outcomes[0].text, "a0 ");
    assert_int_equal(stage_stop(notes_pid), 0);
}

static void fill(struct scene *scene)
{
    char key[16];

    open_outbox(scene);
    for (int i = 0; i < TD_OUTBOX_MAX; i++) {
        (void)snprintf(key, sizeof(key), "%d", i / 2); // Half are in flight, half behind them.
        assert_int_equal(tell("Note", key, "x", NULL, NULL), TD_OK);
    }
    assert_int_equal(tell("Note", "more", "x", NULL, NULL), TD_ERR_LIMIT);
    assert_int_equal(td_outbox_waiting(outbox), TD_OUTBOX_MAX);
    assert_int_equal(*td_service_counter(scene->service, "outbox_dropped", ""), 1);
    scene_end(scene);
}

static void a_full_outbox_refuses_and_can_be_closed_with_all_in_flight(void **state)
{
    (void)state;
    struct scene scene = {.begin = fill, .stop = close_outbox};

    play(&scene); // The leak checker of the sanitizer says whether every entry came back.
}

int main(int argc, char **argv)
{
    static const struct role roles[] = {{"notes", run_notes}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_of_a_key_arrive_once_and_in_order_over_refusals),
        cmocka_unit_test(entries_wait_for_a_receiver_that_is_away),
        cmocka_unit_test(what_is_refused_for_good_makes_way),
        cmocka_unit_test(a_full_outbox_refuses_and_can_be_closed_with_all_in_flight),
    };
    int status = stage_main(argc, argv, roles, 1);

    return status >= 0 ? status : cmocka_run_group_tests(tests, stage_open, stage_close);
}
