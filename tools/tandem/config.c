/* tandem config: a company's configuration, checked, compared, put in force. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "io/timer.h"
#include "service/company_file.h"
#include "tandem/command.h"

#define HISTORY_DEADLINE_MS 10000
#define CUSTOMERS_PER_CALL 100
#define CUSTOMERS_DEADLINE_MS 30000
#define CONTEXT_PATIENCE_MS 10000
#define CONTEXT_POLL_MS 50
#define ARENA_MAX (1U << 30)

enum what { SHOW, DIFF, APPLY };

struct config_run {
    const struct command_options *options;
    struct td_service *service;
    enum what what;
    const char *path;
    uint64_t version; /* to show; 0: the newest */

    /* in force */
    uint64_t stored_version; /* 0: none yet */
    struct td_company_config stored;
    void *stored_memory;
    bool is_stored;

    struct td_company_file *file;
    char *text;   /* of the file's company, canonical */
    void *packed; /* of the file's company */
    uint32_t customers_sent;
    struct td_customers_apply_reply customers_total;
    struct td_timer context_poll;
    uint32_t context_waited_ms;
};

static void end(struct config_run *run, int status)
{
    td_tool_exit(run->service, status);
}

/* --- the version in force ----------------------------------------------------------------------
 */

static enum td_err decode_stored(struct config_run *run, struct td_bytes document)
{
    enum td_err err = TD_ERR_LIMIT;

    for (size_t size = 1U << 20; size <= ARENA_MAX && err == TD_ERR_LIMIT; size *= 2) {
        struct td_arena arena;

        free(run->stored_memory);
        run->stored_memory = malloc(size);
        if (run->stored_memory == NULL)
            return TD_ERR_NO_MEMORY;
        td_arena_init(&arena, run->stored_memory, size);
        err = td_company_config_decode(&arena, document, &run->stored, NULL);
    }
    run->stored.tenant = run->options->tenant;
    return err;
}

static char *text_of(const struct td_company_config *config)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        abort();
    td_company_write(config, out);
    (void)fclose(out);
    return text;
}

/* --- diff --------------------------------------------------------------------------------------
 */

static bool write_temporary(const char *text, char path[32])
{
    (void)snprintf(path, 32, "/tmp/tandem-diff-XXXXXX");
    int fd = mkstemp(path);
    size_t size = strlen(text);

    if (fd < 0)
        return false;
    bool written = write(fd, text, size) == (ssize_t)size;
    (void)close(fd);
    return written;
}

/* diff(1) is on every Debian, and knows better than we do how to compare two texts. */
static int run_diff(const char *old_path, const char *new_path, const char *old_label)
{
    int status;

    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)execlp("diff", "diff", "-u", "--label", old_label, "--label", "the file", old_path,
                     new_path, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return 127;
    return WEXITSTATUS(status);
}

static void show_diff(struct config_run *run)
{
    char *stored = run->is_stored ? text_of(&run->stored) : strdup("");
    char old_path[32];
    char new_path[32];
    char label[48];

    (void)snprintf(label, sizeof(label), "in force (version %llu)",
                   (unsigned long long)run->stored_version);
    bool old_written = write_temporary(stored, old_path);
    bool new_written = write_temporary(run->text, new_path);
    int status = old_written && new_written ? run_diff(old_path, new_path, label) : 127;
    (void)unlink(old_path);
    (void)unlink(new_path);
    free(stored);
    if (status == 0)
        (void)puts("no change");
    end(run, status <= 1 ? 0 : command_fail(1, "the two versions could not be compared"));
}

/* --- customers ---------------------------------------------------------------------------------
 */

static void send_customers(void *ctx);

static void print_customers(const struct config_run *run)
{
    (void)printf("customers: %u created, %u updated, %u unchanged\n", run->customers_total.created,
                 run->customers_total.updated, run->customers_total.unchanged);
}

static void on_customers(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct config_run *run = ctx;
    struct td_customers_apply_reply reply = {0};

    if (err == TD_OK)
        err =
            td_customers_apply_reply_decode(td_service_arena(run->service), payload, &reply, NULL);
    if (err != TD_OK) {
        end(run, command_fail(1, "customers: %s; the company itself is in force",
                              command_why_failed(err, message)));
        return;
    }
    run->customers_total.created += reply.created;
    run->customers_total.updated += reply.updated;
    run->customers_total.unchanged += reply.unchanged;
    send_customers(run);
}

/* Context may still be starting when a whole site comes up. */
static bool wait_for_context(struct config_run *run)
{
    if (td_service_find_instance(run->service, "context", NULL) != NULL)
        return false;
    run->context_waited_ms += CONTEXT_POLL_MS;
    if (run->context_waited_ms > CONTEXT_PATIENCE_MS)
        end(run, command_fail(1, "customers: the context service is not running; the company "
                                 "itself is in force"));
    else
        td_timer_start(&run->context_poll, CONTEXT_POLL_MS);
    return true;
}

static void send_customers(void *ctx)
{
    struct config_run *run = ctx;
    uint32_t left = run->file->customers_count - run->customers_sent;

    if (left == 0) {
        if (run->file->customers_count > 0)
            print_customers(run);
        end(run, 0);
        return;
    }
    if (wait_for_context(run))
        return;
    struct td_customers_apply apply = {
        .customers = run->file->customers + run->customers_sent,
        .customers_count = left < CUSTOMERS_PER_CALL ? left : CUSTOMERS_PER_CALL,
    };
    run->customers_sent += apply.customers_count;
    const struct td_call call = {
        .to = "context",
        .type = "CustomersApply",
        .tenant = run->options->tenant,
        .payload = td_customers_apply_encode(td_service_arena(run->service), &apply),
        .deadline_ms = CUSTOMERS_DEADLINE_MS,
    };
    td_call(run->service, &call, on_customers, run);
}

/* --- apply -------------------------------------------------------------------------------------
 */

static void on_applied(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct config_run *run = ctx;

    if (err == TD_ERR_EXISTS) {
        end(run, command_fail(1, "somebody else applied a configuration at the same moment: look "
                                 "at it (tandem config diff) and apply again"));
        return;
    }
    if (err != TD_OK) {
        end(run,
            command_fail(1, "nothing was changed: %s", command_why_failed(err, answer->message)));
        return;
    }
    (void)printf("%s: version %llu is in force\n", run->file->config.name,
                 (unsigned long long)run->stored_version + 1);
    send_customers(run);
}

/* Packed into memory of its own: a company may be larger than the tool's scratch. */
static struct td_bytes pack(struct config_run *run)
{
    size_t size = (64U << 20) + (size_t)run->file->config.agents_count * 16384;
    struct td_arena arena;

    run->packed = malloc(size); // Only what is used is ever touched.
    if (run->packed == NULL)
        abort();
    td_arena_init(&arena, run->packed, size);
    return td_company_config_encode(&arena, &run->file->config);
}

static bool is_same(const struct config_run *run, struct td_bytes packed, struct td_bytes stored)
{
    return run->is_stored && stored.data != NULL && packed.size == stored.size &&
           memcmp(packed.data, stored.data, packed.size) == 0;
}

static void apply(struct config_run *run, struct td_bytes stored_document)
{
    static const struct td_history_statement statement = {
        "config_apply", "INSERT INTO tandem.config (tenant, version, document, text) "
                        "VALUES ($1, $2, $3, $4)"};
    struct td_bytes packed = pack(run);

    if (is_same(run, packed, stored_document)) {
        (void)printf("%s: no change, version %llu stays in force\n", run->file->config.name,
                     (unsigned long long)run->stored_version);
        send_customers(run);
        return;
    }
    const struct td_param params[] = {
        td_param_i32((int32_t)run->options->tenant),
        td_param_i64((int64_t)run->stored_version + 1),
        td_param_bytes(packed),
        td_param_text(run->text),
    };
    const struct td_history_query query = {
        .statement = &statement,
        .params = params,
        .param_count = sizeof(params) / sizeof(params[0]),
        .deadline_ms = HISTORY_DEADLINE_MS,
    };
    enum td_err err = td_history_query(td_service_history(run->service), &query, on_applied, run);
    if (err != TD_OK)
        end(run, command_fail(1, "nothing was changed: %s", td_err_text(err)));
}

/* --- all three ---------------------------------------------------------------------------------
 */

static bool load_file(struct config_run *run)
{
    char fault[TD_YAML_FAULT_SIZE];

    if (td_company_file_load(run->path, run->is_stored ? &run->stored : NULL, &run->file, fault) !=
        TD_OK) {
        end(run, command_fail(1, "%s", fault));
        return false;
    }
    if (run->file->config.tenant != run->options->tenant) {
        end(run, command_fail(1, "%s is for tenant %u: say --tenant %u", run->path,
                              run->file->config.tenant, run->file->config.tenant));
        return false;
    }
    run->text = text_of(&run->file->config);
    return true;
}

static void on_stored(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct config_run *run = ctx;
    struct td_bytes document = {0};

    if (err == TD_OK && td_rows_count(answer->steps[0]) > 0) {
        document = td_rows_bytes(answer->steps[0], 0, 1);
        run->stored_version = (uint64_t)td_rows_i64(answer->steps[0], 0, 0);
        err = decode_stored(run, document);
        run->is_stored = err == TD_OK;
    }
    if (err != TD_OK) {
        end(run, command_fail(1, "the configuration in force cannot be read: %s",
                              command_why_failed(err, answer->message)));
        return;
    }
    if (run->what == SHOW) {
        if (run->is_stored)
            td_company_write(&run->stored, stdout);
        end(run, run->is_stored ? 0 : command_fail(1, "no such configuration"));
        return;
    }
    if (!load_file(run))
        return;
    if (run->what == DIFF)
        show_diff(run);
    else
        apply(run, document);
}

static void start(struct td_service *service, void *ctx)
{
    static const struct td_history_statement statement = {
        "config_stored", "SELECT version, document FROM tandem.config WHERE tenant = $1 "
                         "AND ($2 = 0 OR version = $2) ORDER BY version DESC LIMIT 1"};
    struct config_run *run = ctx;
    const struct td_param params[] = {td_param_i32((int32_t)run->options->tenant),
                                      td_param_i64((int64_t)run->version)};
    const struct td_history_query query = {.statement = &statement,
                                           .params = params,
                                           .param_count = 2,
                                           .deadline_ms = HISTORY_DEADLINE_MS,
                                           .repeatable = true};

    run->service = service;
    td_timer_init(&run->context_poll, td_service_loop(service), send_customers, run);
    if (td_history_query(td_service_history(service), &query, on_stored, run) != TD_OK)
        end(run, command_fail(1, "the configuration in force cannot be read"));
}

static void stop(struct td_service *service, void *ctx)
{
    struct config_run *run = ctx;

    (void)service;
    td_timer_stop(&run->context_poll);
}

static int run_config(struct config_run *run)
{
    const struct td_tool tool = {
        .site_file = run->options->site_file,
        .uses_history = true,
        .start = start,
        .stop = stop,
        .ctx = run,
    };
    int status = td_tool_run(&tool);

    td_company_file_destroy(&run->file);
    free(run->stored_memory);
    free(run->packed);
    free(run->text);
    return status;
}

int command_config_apply(const struct command_options *options, int argc, char **argv)
{
    struct config_run run = {.options = options, .what = APPLY};

    if (argc != 1)
        return command_fail(2, "usage: tandem config apply FILE");
    run.path = argv[0];
    return run_config(&run);
}

int command_config_diff(const struct command_options *options, int argc, char **argv)
{
    struct config_run run = {.options = options, .what = DIFF};

    if (argc != 1)
        return command_fail(2, "usage: tandem config diff FILE");
    run.path = argv[0];
    return run_config(&run);
}

int command_config_show(const struct command_options *options, int argc, char **argv)
{
    struct config_run run = {.options = options, .what = SHOW};
    bool has_version = argc == 2 && td_str_equal(argv[0], "--version") &&
                       td_str_to_u64(argv[1], INT64_MAX, &run.version) == TD_OK;

    if (argc != 0 && !has_version)
        return command_fail(2, "usage: tandem config show [--version N]");
    return run_config(&run);
}
