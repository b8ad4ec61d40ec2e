/* The configuration of every tenant: what was there, what comes, what cannot be read. */
#include "../io/private_postgres.h"
#include "stage.h"

#include "service/company.h"

#define SQL_SIZE 65536

static struct private_postgres postgres;

static void apply_migration(const char *path)
{
    static char sql[SQL_SIZE];
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    sql[fread(sql, 1, sizeof(sql) - 1, file)] = '\0';
    (void)fclose(file);
    private_postgres_do(&postgres, sql);
}

static int open_with_postgres(void **state)
{
    private_postgres_prepare(&postgres);
    private_postgres_start(&postgres);
    private_postgres_do(&postgres, "CREATE SCHEMA tandem");
    apply_migration("deploy/sql/001_config.sql");
    (void)stage_open(state);
    stage_write_site(stage.site_file, postgres.conninfo, "");
    return 0;
}

static int close_with_postgres(void **state)
{
    private_postgres_remove(&postgres);
    return stage_close(state);
}

/* --- what is stored ----------------------------------------------------------------------------
 */

/* A company of that name as stored, or bytes that are none. */
static struct td_bytes document_of(struct td_arena *arena, uint32_t tenant, const char *name)
{
    struct td_company_config config = {.tenant = tenant};

    if (name == NULL)
        return td_bytes("\xff\xff\xff", 3);
    td_str_clip(config.name, sizeof(config.name), name);
    td_str_clip(config.domain, sizeof(config.domain), "example.org");
    return td_company_config_encode(arena, &config);
}

static void store_at_once(uint32_t tenant, const char *name)
{
    TD_ARENA_ON_STACK(arena, TD_WIRE_ARENA_SIZE);
    struct td_bytes document = document_of(&arena, tenant, name);
    char sql[4096];
    int at = snprintf(sql, sizeof(sql),
                      "INSERT INTO tandem.config (tenant, version, document, text) "
                      "VALUES (%u, 1, '\\x",
                      tenant);

    for (size_t i = 0; i < document.size; i++)
        at += snprintf(sql + at, sizeof(sql) - (size_t)at, "%02x", document.data[i]);
    (void)snprintf(sql + at, sizeof(sql) - (size_t)at, "', '')");
    private_postgres_do(&postgres, sql);
}

static void on_stored(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    (void)ctx;
    (void)answer;
    assert_int_equal(err, TD_OK);
}

static void store(struct td_service *service, uint32_t tenant, int64_t version, const char *name)
{
    static const struct td_history_statement statement = {
        "test_store",
        "INSERT INTO tandem.config (tenant, version, document, text) VALUES ($1, $2, $3, '')"};
    const struct td_param params[] = {
        td_param_i32((int32_t)tenant), td_param_i64(version),
        td_param_bytes(document_of(td_service_arena(service), tenant, name))};
    const struct td_history_query query = {
        .statement = &statement, .params = params, .param_count = 3, .deadline_ms = 5000};

    assert_int_equal(td_history_query(td_service_history(service), &query, on_stored, NULL), TD_OK);
}

/* --- the scene ---------------------------------------------------------------------------------
 */

struct watched {
    struct scene *scene;
    char text[512]; /* "tenant version name; " of each change, "loaded; " */
};

static void note(struct watched *watched, const char *what)
{
    size_t used = strlen(watched->text);

    (void)snprintf(watched->text + used, sizeof(watched->text) - used, "%s; ", what);
}

/* Order among tenants at the start is nobody's business: only what comes after is checked by it. */
static void on_changed(void *ctx, const struct td_company *company)
{
    struct watched *watched = ctx;
    struct td_service *service = watched->scene->service;
    char text[160];

    (void)snprintf(text, sizeof(text), "%u v%llu %s", company->config.tenant,
                   (unsigned long long)company->version, company->config.name);
    note(watched, text);
    assert_ptr_equal(td_company_find(service, company->config.tenant), company);
    if (td_str_equal(company->config.name, "Second")) {
        store(service, 1, 3, NULL);    // Cannot be read: the one before stays.
        store(service, 2, 2, "Third"); // Comes after it.
    }
    if (td_str_equal(company->config.name, "Third"))
        scene_end(watched->scene);
}

static void on_loaded(void *ctx)
{
    struct watched *watched = ctx;

    note(watched, "loaded");
    store(watched->scene->service, 1, 2, "Second");
}

static void watch(struct scene *scene)
{
    struct watched *watched = scene->ctx;

    watched->scene = scene;
    assert_int_equal(td_company_watch(scene->service, on_changed, watched), TD_OK);
    td_company_on_loaded(scene->service, on_loaded, watched);
    assert_null(td_company_find(scene->service, 1));
}

static void look_at_the_end(struct scene *scene)
{
    const struct td_company *first = td_company_find(scene->service, 1);

    assert_non_null(first);
    assert_string_equal(first->config.name, "Second");
    assert_null(td_company_find(scene->service, 3));
    assert_null(td_company_find(scene->service, 4));
}

static void companies_are_loaded_and_followed(void **state)
{
    (void)state;
    struct watched watched = {.text = ""};
    struct scene scene = {
        .begin = watch, .stop = look_at_the_end, .uses_history = true, .ctx = &watched};

    store_at_once(1, "First");
    store_at_once(2, "Other");
    store_at_once(3, NULL);
    play(&scene);
    assert_non_null(strstr(watched.text, "1 v1 First; "));
    assert_non_null(strstr(watched.text, "2 v1 Other; "));
    assert_string_equal(strstr(watched.text, "loaded; "), "loaded; 1 v2 Second; 2 v2 Third; ");
}

/* PostgreSQL dies and comes back: what was applied meanwhile is seen. */
static void die_and_come_back(struct watched *watched)
{
    private_postgres_kill(&postgres);
    note(watched, "away");
    private_postgres_start(&postgres);
    store_at_once(5, "Fifth");
}

static void on_changed_over_death(void *ctx, const struct td_company *company)
{
    struct watched *watched = ctx;

    if (company->config.tenant != 5)
        return;
    note(watched, company->config.name);
    scene_end(watched->scene);
}

static void on_loaded_over_death(void *ctx)
{
    die_and_come_back(ctx);
}

static void watch_over_death(struct scene *scene)
{
    struct watched *watched = scene->ctx;

    watched->scene = scene;
    assert_int_equal(td_company_watch(scene->service, on_changed_over_death, watched), TD_OK);
    td_company_on_loaded(scene->service, on_loaded_over_death, watched);
}

static void what_was_applied_while_nobody_listened_is_seen(void **state)
{
    (void)state;
    struct watched watched = {.text = ""};
    struct scene scene = {.begin = watch_over_death, .uses_history = true, .ctx = &watched};

    play(&scene);
    assert_string_equal(watched.text, "away; Fifth; ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(companies_are_loaded_and_followed),
        cmocka_unit_test(what_was_applied_while_nobody_listened_is_seen),
    };

    return cmocka_run_group_tests(tests, open_with_postgres, close_with_postgres);
}
