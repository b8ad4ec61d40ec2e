#include "io/live.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/live_private.h"

#define SILENCE_MS 1000
#define COMMANDS_MAX 10000

struct td_live_command {
    struct td_live_request request; /* first: a request is its command */
    struct td_live *live;
    td_live_reply_fn fn; /* NULL: was told already */
    void *ctx;
    struct td_timer deadline;
    struct td_live_command *next;
    struct td_live_command **place; /* what points to it */
};

/* --- errors of Redis --- */

static bool reply_begins_with(const struct td_live_reply *reply, const char *const *words)
{
    const char *text = (const char *)td_live_reply_bytes(reply).data;

    for (; *words != NULL; words++) {
        if (td_str_starts_with(text, *words))
            return true;
    }
    return false;
}

bool td_live_reply_is_passing(const struct td_live_reply *reply)
{
    static const char *const words[] = {"LOADING ",    "BUSY ",     "MISCONF ", "READONLY ",
                                        "MASTERDOWN ", "TRYAGAIN ", NULL};

    return reply_begins_with(reply, words);
}

enum td_err td_live_reply_err(const struct td_live_reply *reply)
{
    static const char *const denied[] = {"NOAUTH", "WRONGPASS", "NOPERM", NULL};
    static const char *const full[] = {"OOM ", NULL};
    static const char *const mistyped[] = {"WRONGTYPE ", NULL};

    if (td_live_reply_kind(reply) != TD_LIVE_ERROR)
        return TD_OK;
    if (td_live_reply_is_passing(reply))
        return TD_ERR_UNAVAILABLE;
    if (reply_begins_with(reply, denied))
        return TD_ERR_DENIED;
    if (reply_begins_with(reply, full))
        return TD_ERR_LIMIT;
    return reply_begins_with(reply, mistyped) ? TD_ERR_INVALID : TD_ERR_INTERNAL;
}

/* --- commands --- */

static void link_command(struct td_live *live, struct td_live_command *command)
{
    command->next = live->commands;
    command->place = &live->commands;
    if (command->next != NULL)
        command->next->place = &command->next;
    live->commands = command;
    live->command_count++;
}

static void unlink_command(struct td_live_command *command)
{
    *command->place = command->next;
    if (command->next != NULL)
        command->next->place = command->place;
    command->live->command_count--;
}

/* In no list any more. */
static void tell(struct td_live_command *command, enum td_err err,
                 const struct td_live_reply *reply)
{
    td_live_reply_fn fn = command->fn;
    void *ctx = command->ctx;

    td_timer_stop(&command->deadline);
    free(command);
    if (fn != NULL)
        fn(ctx, err, reply);
}

static void on_reply(struct td_live_request *request, const struct td_live_reply *reply)
{
    struct td_live_command *command = (struct td_live_command *)request;

    unlink_command(command);
    tell(command, reply != NULL ? td_live_reply_err(reply) : TD_ERR_UNAVAILABLE, reply);
}

/* The command stays until its late answer comes: hiredis still holds it. */
static void on_deadline(void *ctx)
{
    struct td_live_command *command = ctx;
    td_live_reply_fn fn = command->fn;

    command->fn = NULL;
    command->live->stats.timeouts++;
    fn(command->ctx, TD_ERR_TIMEOUT, NULL);
}

enum td_err td_live_command(struct td_live *live, const struct td_bytes *args, uint32_t arg_count,
                            uint32_t deadline_ms, td_live_reply_fn fn, void *ctx)
{
    if (!td_live_is_up(live))
        return TD_ERR_UNAVAILABLE;
    if (live->command_count >= live->commands_max)
        return TD_ERR_BUSY;

    struct td_live_command *command = calloc(1, sizeof(*command));
    if (command == NULL)
        return TD_ERR_NO_MEMORY;
    command->request.fn = on_reply;
    command->live = live;
    command->fn = fn;
    command->ctx = ctx;
    enum td_err err = td_live_link_send(&live->link, args, arg_count, &command->request);
    if (err != TD_OK) {
        free(command);
        return err;
    }
    link_command(live, command);
    live->stats.commands++;
    td_timer_init(&command->deadline, live->loop, on_deadline, command);
    td_timer_start(&command->deadline, deadline_ms);
    return TD_OK;
}

enum td_err td_live_eval(struct td_live *live, const struct td_live_eval *eval, td_live_reply_fn fn,
                         void *ctx)
{
    struct td_bytes args[TD_LIVE_ARGS_MAX];
    char key_count[16];
    uint32_t count = 0;

    assert(eval->key_count + eval->arg_count <= TD_LIVE_ARGS_MAX - 4);
    (void)snprintf(key_count, sizeof(key_count), "%u", eval->key_count);
    args[count++] = td_live_text("EVAL");
    args[count++] = td_live_text(eval->script);
    args[count++] = td_live_text(key_count);
    for (uint32_t i = 0; i < eval->key_count; i++)
        args[count++] = eval->keys[i];
    for (uint32_t i = 0; i < eval->arg_count; i++)
        args[count++] = eval->args[i];
    return td_live_command(live, args, count, eval->deadline_ms, fn, ctx);
}

/* --- life --- */

static void on_state(void *ctx, bool up)
{
    struct td_live *live = ctx;

    if (up) {
        live->stats.connects++;
        if (live->committer != NULL)
            td_live_committer_on_up(live->committer);
    }
    if (live->state != NULL)
        live->state(live->ctx, up);
}

static enum td_err open_parts(struct td_live *live, const struct td_live_config *config)
{
    const struct td_live_link_options options = {
        .address = config->address,
        .password = config->password,
        .silence_ms = config->silence_ms != 0 ? config->silence_ms : SILENCE_MS,
        .state = on_state,
        .ctx = live,
    };

    if (config->committer != NULL) {
        live->committer = td_live_committer_create(live, config);
        if (live->committer == NULL)
            return TD_ERR_NO_MEMORY;
    }
    return td_live_link_open(&live->link, live->loop, &options);
}

enum td_err td_live_create(struct td_loop *loop, const struct td_live_config *config,
                           struct td_live **live)
{
    struct td_live *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->loop = loop;
    self->commands_max = config->commands_max != 0 ? config->commands_max : COMMANDS_MAX;
    self->state = config->state;
    self->ctx = config->ctx;
    enum td_err err = open_parts(self, config);
    if (err != TD_OK) {
        td_live_destroy(&self);
        return err;
    }
    *live = self;
    return TD_OK;
}

void td_live_destroy(struct td_live **live)
{
    struct td_live *self = *live;

    if (self == NULL)
        return;
    *live = NULL;
    self->is_closing = true;
    td_live_link_leave(&self->link); // From here on nothing can be sent.
    td_live_committer_destroy(&self->committer);
    for (struct td_live_command *command = self->commands, *next; command != NULL; command = next) {
        next = command->next;
        tell(command, TD_ERR_UNAVAILABLE, NULL);
    }
    free(self);
}

bool td_live_is_up(const struct td_live *live)
{
    return td_live_link_is_up(&live->link);
}

struct td_live_stats td_live_stats(const struct td_live *live)
{
    return live->stats;
}
