/* tandem client: who may enter from outside, and what they may touch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "io/bus_key.h"
#include "io/history.h"
#include "tandem/client_file.h"
#include "tandem/command.h"
#include "tandem/grant_list.h"

#define DEADLINE_MS 10000
#define NAME_SIZE 64

enum what { ADD, CHANGE, REMOVE, LIST, SHOW };

/* An option left out changes nothing: NULL, or 0 for a number. */
struct client_run {
    const struct command_options *options;
    struct td_service *service;
    enum what what;
    char name[NAME_SIZE];
    char publish_list[GRANT_LIST_SIZE];
    char subscribe_list[GRANT_LIST_SIZE];
    const char *publish;
    const char *subscribe;
    uint32_t publish_per_s;
    uint32_t bytes_per_s;
    uint32_t pending_max;
    uint32_t connections_max;
    bool new_key;
    const char *file;
    char public_key[TD_BUS_KEY_SIZE]; /* empty: leave it */
    char secret_key[TD_BUS_KEY_SIZE]; /* empty: not made here */
};

/* --- the answers -------------------------------------------------------------------------------
 */

enum { NAME, PUBLIC_KEY, PUBLISH, SUBSCRIBE, PUBLISH_PER_S, BYTES_PER_S, PENDING, CONNECTIONS, BY };
#define COLUMNS                                                                                    \
    "name, public_key, publish, subscribe, publish_per_s, bytes_per_s, pending_max, "              \
    "connections_max, changed_by || ', ' || to_char(changed_at, 'YYYY-MM-DD HH24:MI:SS')"

static const char *or_nothing(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static void print_list(const struct td_rows *rows)
{
    (void)printf("%-24s %-32s %-32s %9s %10s\n", "name", "may publish", "may subscribe", "events/s",
                 "bytes/s");
    for (uint32_t i = 0; i < td_rows_count(rows); i++)
        (void)printf("%-24s %-32s %-32s %9lld %10lld\n", td_rows_text(rows, i, NAME),
                     or_nothing(td_rows_text(rows, i, PUBLISH)),
                     or_nothing(td_rows_text(rows, i, SUBSCRIBE)),
                     (long long)td_rows_i64(rows, i, PUBLISH_PER_S),
                     (long long)td_rows_i64(rows, i, BYTES_PER_S));
}

static const struct td_instance *find_door(struct client_run *run)
{
    const struct td_instance *door = td_service_find_instance(run->service, "door", NULL);

    return door != NULL && door->outside[0] != '\0' ? door : NULL;
}

static void print_client(struct client_run *run, const struct td_rows *rows)
{
    const struct td_instance *door = find_door(run);

    (void)printf("client          %s of tenant %u\n", td_rows_text(rows, 0, NAME),
                 run->options->tenant);
    (void)printf("may publish     %s\n", or_nothing(td_rows_text(rows, 0, PUBLISH)));
    (void)printf("may subscribe   %s\n", or_nothing(td_rows_text(rows, 0, SUBSCRIBE)));
    (void)printf("requests        %lld/s, %lld bytes/s, %lld without an answer\n",
                 (long long)td_rows_i64(rows, 0, PUBLISH_PER_S),
                 (long long)td_rows_i64(rows, 0, BYTES_PER_S),
                 (long long)td_rows_i64(rows, 0, PENDING));
    (void)printf("connections     %lld\n", (long long)td_rows_i64(rows, 0, CONNECTIONS));
    (void)printf("public_key      %s\n", td_rows_text(rows, 0, PUBLIC_KEY));
    (void)printf("changed by      %s\n", td_rows_text(rows, 0, BY));
    (void)printf("endpoint        %s\n", door != NULL ? door->outside : "- (no door is open)");
    (void)printf("server_key      %s\n", door != NULL ? door->outside_key : "-");
}

static int give_file(struct client_run *run)
{
    const struct td_instance *door = find_door(run);
    const struct client_file file = {
        .name = run->name,
        .tenant = run->options->tenant,
        .endpoint = door != NULL ? door->outside : "",
        .server_key = door != NULL ? door->outside_key : "",
        .public_key = run->public_key,
        .secret_key = run->secret_key,
    };

    if (run->file == NULL) {
        client_file_print(&file, stdout);
        return 0;
    }
    enum td_err err = client_file_write(&file, run->file);
    if (err == TD_OK) {
        (void)printf("written to %s\n", run->file);
        return 0;
    }
    return command_fail(1,
                        "%s: %s; the key is in force: tandem client change %s --new-key makes "
                        "another",
                        run->file, td_err_text(err), run->name);
}

static int say_done(struct client_run *run, const struct td_rows *rows)
{
    static const char *const done[] = {[ADD] = "added", [CHANGE] = "changed", [REMOVE] = "removed"};

    if (run->what == LIST) {
        print_list(rows);
        return 0;
    }
    if (td_rows_count(rows) == 0)
        return command_fail(1, "there is no client \"%s\" of tenant %u", run->name,
                            run->options->tenant);
    if (run->what == SHOW) {
        print_client(run, rows);
        return 0;
    }
    (void)printf("client %s %s\n", run->name, done[run->what]);
    return run->public_key[0] != '\0' ? give_file(run) : 0;
}

static void on_answer(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct client_run *run = ctx;
    int status;

    if (err == TD_OK)
        status = say_done(run, answer->steps[0]);
    else if (err == TD_ERR_EXISTS)
        status = command_fail(1, "there is a client \"%s\" already, or another one with this key",
                              run->name);
    else
        status = command_fail(1, "%s", command_why_failed(err, answer->message));
    td_tool_exit(run->service, status);
}

/* --- the statements ----------------------------------------------------------------------------
 */

static const struct td_history_statement statements[] = {
    [ADD] = {"client_add",
             "INSERT INTO tandem.client AS c (tenant, name, public_key, publish, subscribe, "
             "publish_per_s, bytes_per_s, pending_max, connections_max) "
             "VALUES ($1, $2, $3, coalesce($4, ''), coalesce($5, ''), coalesce($6, 100), "
             "coalesce($7, 1048576), coalesce($8, 256), coalesce($9, 4)) RETURNING " COLUMNS},
    [CHANGE] = {"client_change",
                "UPDATE tandem.client SET public_key = coalesce($3, public_key), "
                "publish = coalesce($4, publish), subscribe = coalesce($5, subscribe), "
                "publish_per_s = coalesce($6, publish_per_s), "
                "bytes_per_s = coalesce($7, bytes_per_s), pending_max = coalesce($8, pending_max), "
                "connections_max = coalesce($9, connections_max), changed_at = now(), "
                "changed_by = session_user WHERE tenant = $1 AND name = $2 RETURNING " COLUMNS},
    [REMOVE] = {"client_remove",
                "DELETE FROM tandem.client WHERE tenant = $1 AND name = $2 RETURNING " COLUMNS},
    [LIST] = {"client_list",
              "SELECT " COLUMNS " FROM tandem.client WHERE tenant = $1 ORDER BY name"},
    [SHOW] = {"client_show",
              "SELECT " COLUMNS " FROM tandem.client WHERE tenant = $1 AND name = $2"},
};

static struct td_param number_or_null(uint32_t number)
{
    return number != 0 ? td_param_i32((int32_t)number) : td_param_null(TD_PARAM_I32);
}

static void start(struct td_service *service, void *ctx)
{
    struct client_run *run = ctx;
    const struct td_param params[] = {
        td_param_i32((int32_t)run->options->tenant),
        td_param_text(run->name),
        td_param_text(run->public_key[0] != '\0' ? run->public_key : NULL),
        td_param_text(run->publish),
        td_param_text(run->subscribe),
        number_or_null(run->publish_per_s),
        number_or_null(run->bytes_per_s),
        number_or_null(run->pending_max),
        number_or_null(run->connections_max),
    };
    static const uint32_t param_counts[] = {
        [ADD] = 9, [CHANGE] = 9, [REMOVE] = 2, [LIST] = 1, [SHOW] = 2};
    const struct td_history_query query = {
        .statement = &statements[run->what],
        .params = params,
        .param_count = param_counts[run->what],
        .deadline_ms = DEADLINE_MS,
    };

    run->service = service;
    enum td_err err = td_history_query(td_service_history(service), &query, on_answer, run);
    if (err != TD_OK)
        td_tool_exit(service, command_fail(1, "%s", td_err_text(err)));
}

/* --- arguments ---------------------------------------------------------------------------------
 */

static int take_grants(const char *option, const char *text, char list[GRANT_LIST_SIZE],
                       const char **value)
{
    const char *fault = grant_list_add(list, text, td_str_equal(option, "--publish"));

    if (fault != NULL)
        return command_fail(2, "%s \"%s\": %s", option, text, fault);
    *value = list;
    return 0;
}

static int take_number(const char *option, const char *text, uint32_t min, uint32_t max,
                       uint32_t *value)
{
    uint64_t number;

    if (td_str_to_u64(text, max, &number) != TD_OK || number < min)
        return command_fail(2, "%s: expected a number from %u to %u, found \"%s\"", option, min,
                            max, text);
    *value = (uint32_t)number;
    return 0;
}

static int take_key(struct client_run *run, const char *text)
{
    if (!td_bus_key_is_valid(text))
        return command_fail(2, "--public-key: expected the 40 characters of a CURVE key in Z85");
    td_str_clip(run->public_key, sizeof(run->public_key), text);
    return 0;
}

static int take_option(struct client_run *run, const char *option, const char *value)
{
    if (td_str_equal(option, "--publish"))
        return take_grants(option, value, run->publish_list, &run->publish);
    if (td_str_equal(option, "--subscribe"))
        return take_grants(option, value, run->subscribe_list, &run->subscribe);
    if (td_str_equal(option, "--public-key"))
        return take_key(run, value);
    if (td_str_equal(option, "--per-second"))
        return take_number(option, value, 1, 100000, &run->publish_per_s);
    if (td_str_equal(option, "--bytes-per-second"))
        return take_number(option, value, 1024, 1000000000, &run->bytes_per_s);
    if (td_str_equal(option, "--pending"))
        return take_number(option, value, 1, 1000, &run->pending_max);
    if (td_str_equal(option, "--connections"))
        return take_number(option, value, 1, 100, &run->connections_max);
    if (td_str_equal(option, "--file")) {
        run->file = value;
        return 0;
    }
    return command_fail(2, "unknown option %s; --help lists them", option);
}

static bool is_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length < NAME_SIZE &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
               length;
}

static int parse(struct client_run *run, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        int status = 0;

        if (td_str_equal(argv[i], "--new-key") && run->what == CHANGE)
            run->new_key = true;
        else if (td_str_starts_with(argv[i], "--") && i + 1 < argc &&
                 (run->what == ADD || run->what == CHANGE))
            status = take_option(run, argv[i], argv[i + 1]), i++;
        else if (run->name[0] == '\0' && run->what != LIST && is_name(argv[i]))
            td_str_clip(run->name, sizeof(run->name), argv[i]);
        else
            status = command_fail(2, "\"%s\": not expected here; --help says what is", argv[i]);
        if (status != 0)
            return status;
    }
    if (run->name[0] == '\0' && run->what != LIST)
        return command_fail(2, "NAME: expected 1 to 63 letters, digits, - and _");
    return 0;
}

/* A key of the client's own making is better; without one the pair is made here. */
static int make_key(struct client_run *run)
{
    if (run->public_key[0] != '\0' || (run->what == CHANGE && !run->new_key))
        return 0;
    if (td_bus_key_pair(run->public_key, run->secret_key) != TD_OK)
        return command_fail(1, "ZeroMQ on this machine has no CURVE");
    return 0;
}

static int run_client(const struct command_options *options, enum what what, int argc, char **argv)
{
    struct client_run run = {.options = options, .what = what};
    const struct td_tool tool = {
        .site_file = options->site_file, .uses_history = true, .start = start, .ctx = &run};
    int status = parse(&run, argc, argv);

    if (status == 0 && (what == ADD || what == CHANGE))
        status = make_key(&run);
    if (status == 0)
        status = td_tool_run(&tool);
    explicit_bzero(run.secret_key, sizeof(run.secret_key));
    return status;
}

int command_client_add(const struct command_options *options, int argc, char **argv)
{
    return run_client(options, ADD, argc, argv);
}

int command_client_change(const struct command_options *options, int argc, char **argv)
{
    return run_client(options, CHANGE, argc, argv);
}

int command_client_remove(const struct command_options *options, int argc, char **argv)
{
    return run_client(options, REMOVE, argc, argv);
}

int command_client_list(const struct command_options *options, int argc, char **argv)
{
    return run_client(options, LIST, argc, argv);
}

int command_client_show(const struct command_options *options, int argc, char **argv)
{
    return run_client(options, SHOW, argc, argv);
}
