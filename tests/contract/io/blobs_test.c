#include "history_fixture.h"

#include "io/blobs.h"

#define TENANTS 40
#define SQL_SIZE 65536

struct watcher {
    struct td_blobs *blobs;
    uint32_t changes;
    uint32_t loads;
    uint32_t changes_at_load;
    uint64_t version[TENANTS + 1];
    char document[64]; /* the last */
    uint32_t destroy_at;
};

static void on_changed(void *ctx, uint32_t tenant, uint64_t version, struct td_bytes document)
{
    struct watcher *watcher = ctx;

    assert_true(tenant >= 1 && tenant <= TENANTS);
    assert_true(version > watcher->version[tenant]);
    watcher->version[tenant] = version;
    watcher->changes++;
    (void)snprintf(watcher->document, sizeof(watcher->document), "%.*s", (int)document.size,
                   (const char *)document.data);
    if (watcher->changes == watcher->destroy_at)
        td_blobs_destroy(&watcher->blobs);
}

static void on_loaded(void *ctx)
{
    struct watcher *watcher = ctx;

    watcher->loads++;
    watcher->changes_at_load = watcher->changes;
}

static void watch(struct history_fixture *fixture, struct watcher *watcher)
{
    const struct td_blobs_config config = {
        .changed = on_changed, .loaded = on_loaded, .ctx = watcher};

    assert_int_equal(td_blobs_create(fixture->loop, fixture->history, &config, &watcher->blobs),
                     TD_OK);
}

/* The table as the site has it. */
static int setup(void **state)
{
    static char sql[SQL_SIZE];
    int result = fixture_setup(state);
    struct history_fixture *fixture = *state;
    FILE *file = fopen("deploy/sql/001_config.sql", "rb");

    assert_non_null(file);
    sql[fread(sql, 1, sizeof(sql) - 1, file)] = '\0';
    (void)fclose(file);
    private_postgres_do(&fixture->postgres,
                        "DROP SCHEMA IF EXISTS tandem CASCADE; CREATE SCHEMA tandem");
    private_postgres_do(&fixture->postgres, sql);
    return result;
}

static void apply(struct history_fixture *fixture, int tenant, int version)
{
    char sql[256];

    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO tandem.config (tenant, version, document, text) "
                   "VALUES (%d, %d, 'document %d/%d', 'text')",
                   tenant, version, tenant, version);
    private_postgres_do(&fixture->postgres, sql);
}

static void the_newest_of_each_tenant_is_loaded_and_then_each_new_one(void **state)
{
    struct history_fixture *fixture = *state;
    struct watcher watcher = {0};

    apply(fixture, 1, 1);
    apply(fixture, 1, 10);
    apply(fixture, 1, 9);
    apply(fixture, 2, 3);
    watch(fixture, &watcher);
    await(fixture->loop, watcher.loads == 1);
    assert_int_equal(watcher.changes_at_load, 2);
    assert_int_equal(watcher.version[1], 10);
    assert_int_equal(watcher.version[2], 3);

    apply(fixture, 2, 4);
    await(fixture->loop, watcher.changes == 3);
    assert_string_equal(watcher.document, "document 2/4");
    apply(fixture, 3, 1); // A new tenant.
    await(fixture->loop, watcher.changes == 4);
    apply(fixture, 2, 2); // An older one is none.
    private_postgres_do(&fixture->postgres, "NOTIFY tandem_config, 'whatever'");
    apply(fixture, 1, 11);
    await(fixture->loop, watcher.version[1] == 11);
    assert_int_equal(watcher.changes, 5);
    assert_int_equal(watcher.loads, 1);
    td_blobs_destroy(&watcher.blobs);
}

static void an_empty_table_is_loaded_too(void **state)
{
    struct history_fixture *fixture = *state;
    struct watcher watcher = {0};

    watch(fixture, &watcher);
    await(fixture->loop, watcher.loads == 1);
    assert_int_equal(watcher.changes, 0);
    td_blobs_destroy(&watcher.blobs);
}

static void many_tenants_are_loaded_before_it_says_so(void **state)
{
    struct history_fixture *fixture = *state;
    struct watcher watcher = {0};

    for (int tenant = TENANTS; tenant >= 1; tenant--)
        apply(fixture, tenant, tenant);
    watch(fixture, &watcher);
    await(fixture->loop, watcher.loads == 1);
    assert_int_equal(watcher.changes_at_load, TENANTS);
    td_blobs_destroy(&watcher.blobs);
}

static void what_was_applied_while_it_was_away_comes_after(void **state)
{
    struct history_fixture *fixture = *state;
    struct watcher watcher = {0};

    apply(fixture, 1, 1);
    watch(fixture, &watcher);
    await(fixture->loop, watcher.loads == 1);
    private_postgres_kill(&fixture->postgres);
    await(fixture->loop, fixture->downs == 1);
    private_postgres_start(&fixture->postgres);
    apply(fixture, 1, 2); // Before the watch is back: its notification is lost.
    await(fixture->loop, watcher.version[1] == 2);
    assert_int_equal(watcher.changes, 2);
    td_blobs_destroy(&watcher.blobs);
}

static void a_table_that_comes_later_is_found(void **state)
{
    struct history_fixture *fixture = *state;
    struct watcher watcher = {0};
    uint64_t until_ns = td_loop_now_ns() + UINT64_C(100000000);

    private_postgres_do(&fixture->postgres, "ALTER TABLE tandem.config RENAME TO elsewhere");
    watch(fixture, &watcher);
    await(fixture->loop, td_loop_now_ns() > until_ns);
    assert_int_equal(watcher.loads, 0);
    private_postgres_do(&fixture->postgres, "ALTER TABLE tandem.elsewhere RENAME TO config");
    apply(fixture, 1, 1);
    await(fixture->loop, watcher.loads == 1);
    assert_int_equal(watcher.version[1], 1);
    td_blobs_destroy(&watcher.blobs);
}

static void it_may_be_destroyed_from_its_callback_and_with_questions_under_way(void **state)
{
    struct history_fixture *fixture = *state;
    struct watcher watcher = {.destroy_at = 3};

    for (int tenant = 1; tenant <= TENANTS; tenant++)
        apply(fixture, tenant, 1);
    watch(fixture, &watcher);
    await(fixture->loop, watcher.blobs == NULL);
    await(fixture->loop, td_history_pending(fixture->history) == 0);
    assert_int_equal(watcher.changes, 3);
    watcher = (struct watcher){0};
    watch(fixture, &watcher); // The channel is free again.
    await(fixture->loop, watcher.changes >= 1);
    td_blobs_destroy(&watcher.blobs);
}

#define WITH_POSTGRES(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_POSTGRES(the_newest_of_each_tenant_is_loaded_and_then_each_new_one),
        WITH_POSTGRES(an_empty_table_is_loaded_too),
        WITH_POSTGRES(many_tenants_are_loaded_before_it_says_so),
        WITH_POSTGRES(what_was_applied_while_it_was_away_comes_after),
        WITH_POSTGRES(a_table_that_comes_later_is_found),
        WITH_POSTGRES(it_may_be_destroyed_from_its_callback_and_with_questions_under_way),
    };

    return cmocka_run_group_tests_name("io/blobs", tests, fixture_start_server,
                                       fixture_stop_server);
}
