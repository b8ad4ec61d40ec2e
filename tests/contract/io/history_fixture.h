/**
 * @file history_fixture.h  A private PostgreSQL, a loop and a connection; and answers one can wait
 * for.
 *
 * The server is made once for all tests of a program; each test begins with an empty schema.
 */
#ifndef TD_TESTS_CONTRACT_IO_HISTORY_FIXTURE_H
#define TD_TESTS_CONTRACT_IO_HISTORY_FIXTURE_H

#include "private_postgres.h"

#include "io/history.h"

struct history_fixture {
    struct private_postgres postgres;
    struct td_loop *loop;
    struct td_history *history;
    uint32_t ups;
    uint32_t downs;
};

static inline void fixture_note_state(void *ctx, bool up)
{
    struct history_fixture *fixture = ctx;

    if (up)
        fixture->ups++;
    else
        fixture->downs++;
}

static inline int fixture_start_server(void **state)
{
    static struct history_fixture fixture;

    fixture = (struct history_fixture){0};
    private_postgres_prepare(&fixture.postgres);
    private_postgres_start(&fixture.postgres);
    *state = &fixture;
    return 0;
}

static inline int fixture_stop_server(void **state)
{
    struct history_fixture *fixture = *state;

    private_postgres_remove(&fixture->postgres);
    return 0;
}

static inline int fixture_setup(void **state)
{
    struct history_fixture *fixture = *state;

    private_postgres_do(&fixture->postgres, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    fixture->ups = 0;
    fixture->downs = 0;
    fixture->loop = make_loop();
    const struct td_history_config config = {
        .conninfo = fixture->postgres.conninfo, .state = fixture_note_state, .ctx = fixture};
    assert_int_equal(td_history_create(fixture->loop, &config, &fixture->history), TD_OK);
    await(fixture->loop, fixture->ups == 1);
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct history_fixture *fixture = *state;

    td_history_destroy(&fixture->history);
    td_loop_destroy(&fixture->loop);
    return 0;
}

/** What came of a unit. */
struct answer {
    uint32_t count;
    enum td_err err;
    uint32_t steps;
    uint32_t rows;     /* of the last step */
    uint64_t affected; /* by the last step */
    int64_t number;    /* the first column of its first row, if it is one */
    char message[256];
};

/* Only for statements whose first column is a number. */
static inline void take_answer(void *ctx, enum td_err err, const struct td_history_answer *got)
{
    struct answer *answer = ctx;

    answer->count++;
    answer->err = err;
    answer->steps = got->step_count;
    (void)snprintf(answer->message, sizeof(answer->message), "%s", got->message);
    if (err != TD_OK || got->step_count == 0)
        return;
    const struct td_rows *rows = got->steps[got->step_count - 1];
    answer->rows = td_rows_count(rows);
    answer->affected = td_rows_affected(rows);
    answer->number = answer->rows > 0 ? td_rows_i64(rows, 0, 0) : 0;
}

static inline struct answer run_statement(struct history_fixture *fixture,
                                          const struct td_history_statement *statement,
                                          const struct td_param *params, uint32_t param_count)
{
    struct answer answer = {0};
    const struct td_history_query query = {
        .statement = statement, .params = params, .param_count = param_count, .deadline_ms = 10000};

    assert_int_equal(td_history_query(fixture->history, &query, take_answer, &answer), TD_OK);
    await(fixture->loop, answer.count == 1);
    return answer;
}

#endif
