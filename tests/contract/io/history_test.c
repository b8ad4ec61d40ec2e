#include "history_fixture.h"

static const struct td_history_statement insert = {"insert", "INSERT INTO t VALUES ($1, $2)"};
static const struct td_history_statement count = {"count", "SELECT count(*) FROM t"};
static const struct td_history_statement own_pid = {"own_pid", "SELECT pg_backend_pid()"};
static const struct td_history_statement sleep_for = {
    "sleep_for", "SELECT count(*) FROM (SELECT pg_sleep($1)) AS slept"};

static void make_table(struct history_fixture *fixture)
{
    private_postgres_do(&fixture->postgres,
                        "CREATE TABLE t (n integer PRIMARY KEY CHECK (n < 1000000), text text)");
}

static struct answer insert_one(struct history_fixture *fixture, int32_t number, const char *text)
{
    const struct td_param params[] = {td_param_i32(number), td_param_text(text)};

    return run_statement(fixture, &insert, params, 2);
}

static enum td_err queue_insert(struct history_fixture *fixture, int32_t number,
                                uint32_t deadline_ms, bool repeatable, struct answer *answer)
{
    const struct td_param params[] = {td_param_i32(number), td_param_text("x")};
    const struct td_history_query query = {.statement = &insert,
                                           .params = params,
                                           .param_count = 2,
                                           .deadline_ms = deadline_ms,
                                           .repeatable = repeatable};

    *answer = (struct answer){0};
    return td_history_query(fixture->history, &query, take_answer, answer);
}

struct everything {
    uint32_t told;
    uint32_t nulls;
};

static const struct td_history_statement echo = {
    "echo", "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $2::int2, $4::float4, "
            "jsonb_build_object('k', $5), 4000000000::oid, 'infinity'::timestamptz"};

static void check_echo(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct everything *everything = ctx;

    assert_string_equal(answer->message, "");
    assert_int_equal(err, TD_OK);
    const struct td_rows *rows = answer->steps[0];
    everything->told++;
    everything->nulls = 0;
    for (uint32_t column = 0; column < 8; column++)
        everything->nulls += td_rows_is_null(rows, 0, column);
    if (everything->nulls > 0) {
        assert_false(td_rows_bool(rows, 0, 0));
        assert_int_equal(td_rows_i64(rows, 0, 2), 0);
        assert_string_equal(td_rows_text(rows, 0, 4), "");
        assert_true(td_id_is_nil(td_rows_id(rows, 0, 6)));
        assert_int_equal(td_rows_unix_us(rows, 0, 7), 0);
        return;
    }
    assert_true(td_rows_bool(rows, 0, 0));
    assert_int_equal(td_rows_i64(rows, 0, 1), -7);
    assert_true(td_rows_i64(rows, 0, 2) == INT64_MIN);
    assert_true(td_rows_f64(rows, 0, 3) == -1.5);
    assert_string_equal(td_rows_text(rows, 0, 4), "Ms Chen 陈");
    assert_int_equal(td_rows_bytes(rows, 0, 5).size, 4);
    assert_memory_equal(td_rows_bytes(rows, 0, 5).data, "\0\xff'\\", 4);
    assert_int_equal(td_id_unix_ms(td_rows_id(rows, 0, 6)), UINT64_C(1700000000123));
    assert_int_equal(td_rows_unix_us(rows, 0, 7), UINT64_C(1700000000123456));
    assert_int_equal(td_rows_i64(rows, 0, 8), -7);
    assert_true(td_rows_f64(rows, 0, 9) == -1.5);
    assert_string_equal(td_rows_text(rows, 0, 10), "{\"k\": \"Ms Chen 陈\"}");
    assert_int_equal(td_rows_i64(rows, 0, 11), INT64_C(4000000000));
    assert_true(td_rows_unix_us(rows, 0, 12) == INT64_MAX);
}

static void every_kind_goes_there_and_back(void **state)
{
    struct history_fixture *fixture = *state;
    struct everything everything = {0};
    static const uint8_t random[10] = {1, 2, 3};
    struct td_param params[] = {td_param_bool(true),
                                td_param_i32(-7),
                                td_param_i64(INT64_MIN),
                                td_param_f64(-1.5),
                                td_param_text("Ms Chen 陈"),
                                td_param_bytes(td_bytes("\0\xff'\\", 4)),
                                td_param_id(td_id_make(UINT64_C(1700000000123), random)),
                                td_param_unix_us(UINT64_C(1700000000123456))};
    const struct td_history_query query = {
        .statement = &echo, .params = params, .param_count = 8, .deadline_ms = 10000};

    assert_int_equal(td_history_query(fixture->history, &query, check_echo, &everything), TD_OK);
    assert_int_equal(everything.told, 0);
    await(fixture->loop, everything.told == 1);
    assert_int_equal(everything.nulls, 0);
    for (uint32_t i = 0; i < 8; i++)
        params[i] = td_param_null(params[i].kind);
    assert_int_equal(td_history_query(fixture->history, &query, check_echo, &everything), TD_OK);
    await(fixture->loop, everything.told == 2);
    assert_int_equal(everything.nulls, 8);
}

static void errors_are_told_apart_and_do_not_spoil_what_follows(void **state)
{
    struct history_fixture *fixture = *state;
    static const struct td_history_statement wrong = {"wrong", "SELEKT 1"};
    static const struct td_history_statement refers = {"refers", "INSERT INTO r VALUES ($1)"};
    struct td_param number = td_param_i32(99);

    make_table(fixture);
    private_postgres_do(&fixture->postgres, "CREATE TABLE r (n integer REFERENCES t)");
    assert_int_equal(insert_one(fixture, 1, "a").err, TD_OK);
    struct answer answer = insert_one(fixture, 1, "b");
    assert_int_equal(answer.err, TD_ERR_EXISTS);
    assert_string_equal(answer.message,
                        "duplicate key value violates unique constraint \"t_pkey\"");
    assert_int_equal(insert_one(fixture, 1000000, "c").err, TD_ERR_RANGE);
    assert_int_equal(insert_one(fixture, 2, "\xff").err, TD_ERR_RANGE);
    assert_int_equal(run_statement(fixture, &refers, &number, 1).err, TD_ERR_NOT_FOUND);
    answer = run_statement(fixture, &wrong, NULL, 0);
    assert_int_equal(answer.err, TD_ERR_INTERNAL);
    assert_string_equal(answer.message, "statement wrong cannot be prepared: "
                                        "syntax error at or near \"SELEKT\"");
    assert_int_equal(run_statement(fixture, &wrong, NULL, 0).err, TD_ERR_INTERNAL);
    answer = run_statement(fixture, &count, NULL, 0);
    assert_int_equal(answer.err, TD_OK);
    assert_int_equal(answer.number, 1);
    assert_int_equal(fixture->downs, 0);
}

static void many_in_flight_each_get_their_own_answer(void **state)
{
    struct history_fixture *fixture = *state;
    enum { MANY = 3000 };
    static struct answer answers[MANY];

    make_table(fixture);
    for (int32_t i = 0; i < MANY; i++) // Every tenth fails.
        assert_int_equal(queue_insert(fixture, i % 10 == 9 ? i - 1 : i, 60000, false, &answers[i]),
                         TD_OK);
    assert_int_equal(td_history_pending(fixture->history), MANY);
    await(fixture->loop, answers[MANY - 1].count == 1);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(answers[i].count, 1);
        assert_int_equal(answers[i].err, i % 10 == 9 ? TD_ERR_EXISTS : TD_OK);
    }
    assert_int_equal(td_history_pending(fixture->history), 0);
    assert_int_equal(run_statement(fixture, &count, NULL, 0).number, MANY * 9 / 10);
}

static struct td_history_unit *make_unit(void)
{
    struct td_history_unit *unit = NULL;

    assert_int_equal(td_history_unit_create(&unit), TD_OK);
    return unit;
}

static void add_insert(struct td_history_unit *unit, int32_t number)
{
    const struct td_param params[] = {td_param_i32(number), td_param_text("u")};

    td_history_unit_add(unit, &insert, params, 2);
}

static struct answer run_unit(struct history_fixture *fixture, struct td_history_unit *unit)
{
    struct answer answer = {0};

    assert_int_equal(td_history_run(fixture->history, &unit, 20000, take_answer, &answer), TD_OK);
    assert_null(unit);
    await(fixture->loop, answer.count == 1);
    return answer;
}

static void a_unit_is_one_transaction(void **state)
{
    struct history_fixture *fixture = *state;
    struct td_history_unit *unit = make_unit();

    make_table(fixture);
    for (int32_t i = 0; i < 5; i++)
        add_insert(unit, i);
    td_history_unit_add(unit, &count, NULL, 0);
    struct answer answer = run_unit(fixture, unit);
    assert_int_equal(answer.err, TD_OK);
    assert_int_equal(answer.steps, 6);
    assert_int_equal(answer.number, 5);

    unit = make_unit();
    add_insert(unit, 10);
    add_insert(unit, 11);
    add_insert(unit, 0); // Is there already.
    add_insert(unit, 12);
    answer = run_unit(fixture, unit);
    assert_int_equal(answer.err, TD_ERR_EXISTS);
    assert_int_equal(answer.steps, 2);
    assert_int_equal(run_statement(fixture, &count, NULL, 0).number, 5);
}

static void what_fails_at_the_commit_fails_the_unit(void **state)
{
    struct history_fixture *fixture = *state;
    struct td_history_unit *unit = make_unit();
    static const struct td_history_statement defer = {"defer", "INSERT INTO d VALUES ($1)"};
    struct td_param number = td_param_i32(1);

    make_table(fixture);
    private_postgres_do(&fixture->postgres,
                        "CREATE TABLE d (n integer REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
    assert_int_equal(run_statement(fixture, &defer, &number, 1).err, TD_ERR_NOT_FOUND);
    td_history_unit_add(unit, &defer, &number, 1);
    add_insert(unit, 1); // In time.
    assert_int_equal(run_unit(fixture, unit).err, TD_OK);
    assert_int_equal(run_statement(fixture, &count, NULL, 0).number, 1);
    assert_int_equal(fixture->downs, 0);
}

static const struct td_history_statement take_over = {
    "take_over", "INSERT INTO t SELECT n, text FROM staging ON CONFLICT DO NOTHING"};
static const struct td_history_statement clear_staging = {"clear_staging", "DELETE FROM staging"};
static const char copy_sql[] = "COPY staging (n, text, at) FROM STDIN (FORMAT binary)";

static struct td_history_unit *make_copy(int32_t from, int32_t to)
{
    struct td_history_unit *unit = make_unit();

    td_history_unit_add(unit, &clear_staging, NULL, 0);
    td_history_unit_copy(unit, copy_sql);
    for (int32_t i = from; i < to; i++) {
        const struct td_param params[] = {
            td_param_i32(i), i % 2 == 0 ? td_param_null(TD_PARAM_TEXT) : td_param_text("a\tb\n\\"),
            td_param_unix_us(UINT64_C(1700000000000000))};

        td_history_unit_row(unit, params, 3);
    }
    td_history_unit_add(unit, &take_over, NULL, 0);
    return unit;
}

static void make_staging(struct history_fixture *fixture)
{
    make_table(fixture);
    private_postgres_do(&fixture->postgres,
                        "CREATE TABLE staging (n integer, text text, at timestamptz)");
}

static void a_copy_and_its_statements_are_one_transaction(void **state)
{
    struct history_fixture *fixture = *state;
    static const struct td_history_statement check = {
        "check", "SELECT count(*) FROM t WHERE text IS NULL OR text = E'a\\tb\\n\\\\'"};

    make_staging(fixture);
    struct answer answer = run_unit(fixture, make_copy(0, 50000));
    assert_int_equal(answer.err, TD_OK);
    assert_int_equal(answer.steps, 3);
    assert_int_equal(answer.affected, 50000);
    answer = run_unit(fixture, make_copy(49990, 50010)); // Some of them again.
    assert_int_equal(answer.affected, 10);
    assert_int_equal(run_statement(fixture, &check, NULL, 0).number, 50010);

    struct td_history_unit *failing = make_copy(60000, 60010);
    add_insert(failing, 1); // Is there already.
    answer = run_unit(fixture, failing);
    assert_int_equal(answer.err, TD_ERR_EXISTS);
    assert_int_equal(answer.steps, 3);
    assert_int_equal(run_statement(fixture, &count, NULL, 0).number, 50010);
}

static void a_copy_the_server_refuses_is_an_error_like_any_other(void **state)
{
    struct history_fixture *fixture = *state;
    struct td_history_unit *unit = make_unit();
    const struct td_param wrong_kind = td_param_i64(1);

    make_staging(fixture);
    private_postgres_do(&fixture->postgres, "ALTER TABLE staging ADD CHECK (n <> 7)");
    struct answer answer = run_unit(fixture, make_copy(0, 100000)); // It fails early on.
    assert_int_equal(answer.err, TD_ERR_RANGE);
    assert_int_equal(answer.steps, 1);

    td_history_unit_copy(unit, "COPY staging (n) FROM STDIN (FORMAT binary)");
    td_history_unit_row(unit, &wrong_kind, 1);
    assert_int_equal(run_unit(fixture, unit).err, TD_ERR_RANGE);
    unit = make_unit();
    td_history_unit_copy(unit, "COPY absent FROM STDIN (FORMAT binary)");
    assert_int_equal(run_unit(fixture, unit).err, TD_ERR_INTERNAL);
    assert_int_equal(run_unit(fixture, make_copy(10, 20)).err, TD_OK);
    assert_int_equal(fixture->downs, 0);
}

static void copies_and_queries_keep_their_order(void **state)
{
    struct history_fixture *fixture = *state;
    struct answer counts[6] = {0};
    struct answer copies[5] = {0};

    make_staging(fixture);
    for (int i = 0; i < 6; i++) {
        const struct td_history_query query = {.statement = &count, .deadline_ms = 20000};

        assert_int_equal(td_history_query(fixture->history, &query, take_answer, &counts[i]),
                         TD_OK);
        if (i == 5)
            break;
        struct td_history_unit *unit = make_copy(i * 10, i * 10 + 10);
        assert_int_equal(td_history_run(fixture->history, &unit, 20000, take_answer, &copies[i]),
                         TD_OK);
    }
    await(fixture->loop, counts[5].count == 1);
    for (int i = 0; i < 6; i++)
        assert_int_equal(counts[i].number, i * 10);
}

static void what_is_too_large_or_empty_is_refused(void **state)
{
    struct history_fixture *fixture = *state;
    struct td_history_unit *unit = make_unit();
    char *large = calloc(1, TD_HISTORY_UNIT_BYTES_MAX);

    assert_int_equal(td_history_run(fixture->history, &unit, 1000, take_answer, NULL),
                     TD_ERR_INVALID);
    assert_null(unit);
    unit = make_unit();
    for (int i = 0; i <= TD_HISTORY_UNIT_STEPS_MAX; i++)
        td_history_unit_add(unit, &count, NULL, 0);
    assert_int_equal(td_history_run(fixture->history, &unit, 1000, take_answer, NULL),
                     TD_ERR_LIMIT);
    assert_non_null(large);
    const struct td_param param = td_param_bytes(td_bytes(large, TD_HISTORY_UNIT_BYTES_MAX));
    unit = make_unit();
    td_history_unit_add(unit, &echo, &param, 1);
    assert_int_equal(td_history_run(fixture->history, &unit, 1000, take_answer, NULL),
                     TD_ERR_LIMIT);
    free(large);
}

static void a_full_queue_answers_busy(void **state)
{
    struct history_fixture *fixture = *state;
    struct answer answers[3];

    make_table(fixture);
    td_history_destroy(&fixture->history);
    const struct td_history_config config = {.conninfo = fixture->postgres.conninfo,
                                             .units_max = 2};
    assert_int_equal(td_history_create(fixture->loop, &config, &fixture->history), TD_OK);
    assert_int_equal(queue_insert(fixture, 1, 10000, false, &answers[0]), TD_OK);
    assert_int_equal(queue_insert(fixture, 2, 10000, false, &answers[1]), TD_OK);
    assert_int_equal(queue_insert(fixture, 3, 10000, false, &answers[2]), TD_ERR_BUSY);
    await(fixture->loop, answers[1].count == 1);
    assert_int_equal(queue_insert(fixture, 3, 10000, false, &answers[2]), TD_OK);
    await(fixture->loop, answers[2].count == 1);
}

static void while_the_server_is_away_units_wait_until_their_deadlines(void **state)
{
    struct history_fixture *fixture = *state;
    struct answer short_wait;
    struct answer long_wait;

    make_table(fixture);
    private_postgres_kill(&fixture->postgres);
    await(fixture->loop, fixture->downs == 1);
    assert_false(td_history_is_up(fixture->history));
    assert_int_equal(queue_insert(fixture, 1, 60, false, &short_wait), TD_OK);
    assert_int_equal(queue_insert(fixture, 2, 60000, false, &long_wait), TD_OK);
    await(fixture->loop, short_wait.count == 1);
    assert_int_equal(short_wait.err, TD_ERR_UNAVAILABLE);
    private_postgres_start(&fixture->postgres);
    await(fixture->loop, long_wait.count == 1);
    assert_int_equal(long_wait.err, TD_OK);
    assert_int_equal(run_statement(fixture, &count, NULL, 0).number, 1);
}

static void a_connection_lost_in_flight_repeats_only_what_may_be_repeated(void **state)
{
    struct history_fixture *fixture = *state;
    struct answer sleeping = {0};
    struct answer once;
    struct answer repeated;
    struct td_param long_time = td_param_f64(0.5);
    const struct td_history_query query = {.statement = &sleep_for,
                                           .params = &long_time,
                                           .param_count = 1,
                                           .deadline_ms = 20000,
                                           .repeatable = true};
    char sql[64];

    make_table(fixture);
    int64_t pid = run_statement(fixture, &own_pid, NULL, 0).number;
    assert_int_equal(td_history_query(fixture->history, &query, take_answer, &sleeping), TD_OK);
    assert_int_equal(queue_insert(fixture, 1, 20000, false, &once), TD_OK);
    assert_int_equal(queue_insert(fixture, 2, 20000, true, &repeated), TD_OK);
    uint64_t sent_ns = td_loop_now_ns() + UINT64_C(50000000);
    await(fixture->loop, td_loop_now_ns() > sent_ns);
    (void)snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d)", (int)pid);
    private_postgres_do(&fixture->postgres, sql);
    await(fixture->loop, repeated.count == 1);
    assert_int_equal(fixture->downs, 1);
    assert_int_equal(once.err, TD_ERR_TIMEOUT);
    assert_int_equal(sleeping.err, TD_OK);
    assert_int_equal(repeated.err, TD_OK);
    assert_int_equal(run_statement(fixture, &count, NULL, 0).number, 1);
}

static void a_late_answer_is_a_timeout_and_told_once(void **state)
{
    struct history_fixture *fixture = *state;
    struct answer answer = {0};
    struct td_param short_time = td_param_f64(0.3);
    const struct td_history_query query = {
        .statement = &sleep_for, .params = &short_time, .param_count = 1, .deadline_ms = 50};

    assert_int_equal(td_history_query(fixture->history, &query, take_answer, &answer), TD_OK);
    await(fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, TD_ERR_TIMEOUT);
    assert_int_equal(run_statement(fixture, &own_pid, NULL, 0).err, TD_OK);
    assert_int_equal(answer.count, 1);
    assert_int_equal(fixture->downs, 0);
}

static void a_server_that_answers_no_more_is_given_up(void **state)
{
    struct history_fixture *fixture = *state;
    struct answer answer;

    make_table(fixture);
    pid_t pid = (pid_t)run_statement(fixture, &own_pid, NULL, 0).number;
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_int_equal(queue_insert(fixture, 1, 50, false, &answer), TD_OK);
    await(fixture->loop, fixture->downs == 1);
    assert_int_equal(answer.err, TD_ERR_TIMEOUT);
    await(fixture->loop, fixture->ups == 2);
    assert_int_equal(kill(pid, SIGCONT), 0);
}

struct notices {
    uint32_t begun;
    uint32_t count;
    char last[64];
};

static void note_notice(void *ctx, const char *payload)
{
    struct notices *notices = ctx;

    if (payload == NULL) {
        notices->begun++;
        return;
    }
    notices->count++;
    (void)snprintf(notices->last, sizeof(notices->last), "%s", payload);
}

static void notifications_come_over_reconnects_too(void **state)
{
    struct history_fixture *fixture = *state;
    struct notices notices = {0};
    struct td_history *history = fixture->history;

    assert_int_equal(td_history_listen(history, "news", note_notice, &notices), TD_OK);
    assert_int_equal(td_history_listen(history, "news", note_notice, &notices), TD_ERR_EXISTS);
    await(fixture->loop, notices.begun == 1);
    private_postgres_do(&fixture->postgres, "NOTIFY news, 'one'; NOTIFY other, 'two'");
    await(fixture->loop, notices.count == 1);
    assert_string_equal(notices.last, "one");
    private_postgres_kill(&fixture->postgres);
    await(fixture->loop, fixture->downs == 1);
    private_postgres_start(&fixture->postgres);
    await(fixture->loop, notices.begun == 2);
    private_postgres_do(&fixture->postgres, "NOTIFY news, 'three'");
    await(fixture->loop, notices.count == 2);
    td_history_unlisten(history, "news");
    private_postgres_do(&fixture->postgres, "NOTIFY news, 'four'");
    assert_int_equal(run_statement(fixture, &own_pid, NULL, 0).err, TD_OK);
    assert_int_equal(notices.count, 2);
}

static void destroying_tells_what_is_due(void **state)
{
    struct history_fixture *fixture = *state;
    struct answer answers[100];

    make_table(fixture);
    for (int32_t i = 0; i < 100; i++)
        assert_int_equal(queue_insert(fixture, i, 10000, i % 2 == 0, &answers[i]), TD_OK);
    await(fixture->loop, answers[0].count == 1);
    td_history_destroy(&fixture->history);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(answers[i].count, 1);
        assert_true(answers[i].err == TD_OK || answers[i].err == TD_ERR_TIMEOUT ||
                    answers[i].err == TD_ERR_UNAVAILABLE);
    }
}

static void destroy_it(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct history_fixture *fixture = ctx;

    (void)err;
    td_history_destroy(&fixture->history);
    assert_int_equal(td_rows_count(answer->steps[0]), 1); // The rows are still there.
}

static void it_may_be_destroyed_from_a_callback(void **state)
{
    struct history_fixture *fixture = *state;
    const struct td_history_query query = {.statement = &own_pid, .deadline_ms = 10000};
    struct answer answer = {0};

    assert_int_equal(td_history_query(fixture->history, &query, destroy_it, fixture), TD_OK);
    assert_int_equal(td_history_query(fixture->history, &query, take_answer, &answer), TD_OK);
    await(fixture->loop, fixture->history == NULL);
    assert_int_equal(answer.count, 1);
}

static void a_host_is_found_by_its_name(void **state)
{
    struct history_fixture *fixture = *state;
    char conninfo[96];

    td_history_destroy(&fixture->history);
    (void)snprintf(conninfo, sizeof(conninfo), "host=localhost port=%d dbname=postgres user=tandem",
                   fixture->postgres.port);
    const struct td_history_config config = {.conninfo = conninfo};
    assert_int_equal(td_history_create(fixture->loop, &config, &fixture->history), TD_OK);
    assert_int_equal(run_statement(fixture, &own_pid, NULL, 0).err, TD_OK);
}

static void wrong_places_are_refused_or_retried(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct td_history *history = NULL;
    struct td_history_config config = {.conninfo = "nonsense"};

    assert_int_equal(td_history_create(loop, &config, &history), TD_ERR_INVALID);
    config.conninfo = "host=name.invalid dbname=x";
    assert_int_equal(td_history_create(loop, &config, &history), TD_OK);
    uint64_t until_ns = td_loop_now_ns() + UINT64_C(100000000);
    await(loop, td_loop_now_ns() > until_ns);
    assert_false(td_history_is_up(history));
    td_history_destroy(&history);
    td_loop_destroy(&loop);
}

#define WITH_POSTGRES(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_POSTGRES(every_kind_goes_there_and_back),
        WITH_POSTGRES(errors_are_told_apart_and_do_not_spoil_what_follows),
        WITH_POSTGRES(many_in_flight_each_get_their_own_answer),
        WITH_POSTGRES(a_unit_is_one_transaction),
        WITH_POSTGRES(what_fails_at_the_commit_fails_the_unit),
        WITH_POSTGRES(a_copy_and_its_statements_are_one_transaction),
        WITH_POSTGRES(a_copy_the_server_refuses_is_an_error_like_any_other),
        WITH_POSTGRES(copies_and_queries_keep_their_order),
        WITH_POSTGRES(what_is_too_large_or_empty_is_refused),
        WITH_POSTGRES(a_full_queue_answers_busy),
        WITH_POSTGRES(while_the_server_is_away_units_wait_until_their_deadlines),
        WITH_POSTGRES(a_connection_lost_in_flight_repeats_only_what_may_be_repeated),
        WITH_POSTGRES(a_late_answer_is_a_timeout_and_told_once),
        WITH_POSTGRES(a_server_that_answers_no_more_is_given_up),
        WITH_POSTGRES(notifications_come_over_reconnects_too),
        WITH_POSTGRES(destroying_tells_what_is_due),
        WITH_POSTGRES(it_may_be_destroyed_from_a_callback),
        WITH_POSTGRES(a_host_is_found_by_its_name),
        cmocka_unit_test(wrong_places_are_refused_or_retried),
    };

    return cmocka_run_group_tests_name("io/history", tests, fixture_start_server,
                                       fixture_stop_server);
}
