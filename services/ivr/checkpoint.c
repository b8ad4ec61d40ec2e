#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/live_read.h"
#include "ivr/ivr.h"

#define HASH "dialogs"
#define STATE_VERSION 1
#define PAGE_DEADLINE_MS 2000
/* No interaction is in a dialog for longer; what is older was left by an ivr that died. */
#define FORGOTTEN_MS (24ULL * 3600 * 1000)

/* --- saving --- */

static void on_saved(void *ctx, enum td_err err)
{
    struct ivr *ivr = ctx;

    if (err != TD_OK)
        ++*ivr->counters.commits_failed; // The dialog goes on; it could only not be resumed.
}

/* What the router tells again is not kept, nor what belongs to one block, nor what is sensitive. */
static bool is_kept(const struct ivr_variables *variables, uint32_t index, enum ivr_scope scope)
{
    return scope != IVR_SCOPE_SESSION && scope != IVR_SCOPE_ANONYMOUS &&
           !ivr_variables_is_private(variables, index);
}

static uint32_t keep_variables(const struct dialog *dialog, struct td_script_variable *kept)
{
    const struct ivr_variables *variables = ivr_session_variables(&dialog->session);
    enum ivr_scope scope;
    const char *name;
    const char *value;
    uint32_t count = 0;

    for (uint32_t i = 0; ivr_variables_at(variables, i, &scope, &name, &value); i++) {
        if (!is_kept(variables, i, scope))
            continue;
        kept[count].scope = (enum td_script_scope)scope;
        td_str_clip(kept[count].name, sizeof(kept[count].name), name);
        kept[count++].value = td_bytes(value, strlen(value));
    }
    return count;
}

static struct td_bytes encode(const struct dialog *dialog, struct td_arena *arena)
{
    struct ivr_position position = ivr_session_position(&dialog->session);
    struct td_dialog_state state = {
        .dialog_id = dialog->id,
        .interaction_id = dialog->interaction,
        .state_version = STATE_VERSION,
        .purpose = dialog->purpose,
        .current_hash = position.document_hash,
        .form = position.form,
        .filled = position.filled,
        .recorded_ms = position.recorded_ms,
        .variables = td_arena_array(arena, IVR_VARIABLES_MAX, sizeof(*state.variables)),
    };

    if (state.variables == NULL)
        abort(); // The arena is empty at the start of every callback, and far larger.
    state.variables_count = keep_variables(dialog, state.variables);
    td_str_clip(state.document, sizeof(state.document), dialog->document);
    td_str_clip(state.current, sizeof(state.current), dialog->current);
    td_str_clip(state.instance, sizeof(state.instance), td_service_instance(dialog->ivr->service));
    return td_dialog_state_encode(arena, &state);
}

void checkpoint_save(struct dialog *dialog)
{
    struct ivr *ivr = dialog->ivr;
    struct td_arena *arena = td_service_arena(ivr->service);
    size_t mark = arena->used;
    struct td_bytes bytes = encode(dialog, arena);
    uint64_t hash = td_str_hash(bytes.data, bytes.size);

    // Whoever is asked the same again, or waits in a loop, is where they were.
    if (hash != dialog->saved_hash) {
        struct td_commit *commit = td_commit_begin(ivr->service, dialog->tenant);

        td_commit_put(commit, HASH, dialog->key, bytes);
        td_commit_run(commit, TD_COMMIT_KEPT_MS, on_saved, ivr);
        dialog->saved_hash = hash;
    }
    td_arena_rewind(arena, mark);
}

void checkpoint_delete(const struct dialog *dialog, struct td_commit *commit)
{
    td_commit_delete(commit, HASH, dialog->key);
}

/* --- restoring --- */

/* The session begins in the document it was in, if that is still to be had. */
static bool enter_current(struct dialog *dialog, const char *name)
{
    struct library_document *document = NULL;
    char fault[LIBRARY_FAULT_SIZE];

    if (td_str_equal(name, dialog->document))
        return true;
    if (library_take(dialog->ivr->library, dialog->tenant, name, &document, fault) != TD_OK)
        return false;
    library_release(&dialog->library_document);
    dialog->library_document = document;
    td_str_clip(dialog->current, sizeof(dialog->current), name);
    ivr_session_init(&dialog->session, &document->document, dialog->language);
    return true;
}

static void restore_variable(struct dialog *dialog, const struct td_script_variable *variable)
{
    char value[IVR_VALUE_SIZE];
    bool kept = variable->scope == TD_SCRIPT_SCOPE_APPLICATION ||
                variable->scope == TD_SCRIPT_SCOPE_DOCUMENT ||
                variable->scope == TD_SCRIPT_SCOPE_DIALOG;

    if (!kept || td_str_copy_span(value, sizeof(value), (const char *)variable->value.data,
                                  variable->value.size) != TD_OK)
        return;
    if (ivr_session_restore_variable(&dialog->session, (enum ivr_scope)variable->scope,
                                     variable->name, value) != TD_OK)
        return; // It found room before; without it the field is asked for again.
}

bool checkpoint_restore(struct dialog *dialog, struct td_bytes stored)
{
    struct td_arena *arena = td_service_arena(dialog->ivr->service);
    struct td_dialog_state state;

    if (td_dialog_state_decode(arena, stored, &state, NULL) != TD_OK ||
        state.state_version != STATE_VERSION || state.purpose != dialog->purpose ||
        !td_str_equal(state.document, dialog->document) || !enter_current(dialog, state.current))
        return false;
    struct ivr_position position = {
        .document_hash = state.current_hash,
        .form = state.form,
        .filled = state.filled,
        .recorded_ms = state.recorded_ms,
    };
    if (!ivr_session_resume(&dialog->session, &position))
        return false;
    for (uint32_t i = 0; i < state.variables_count; i++)
        restore_variable(dialog, &state.variables[i]);
    return true;
}

/* --- sweeping --- */

struct sweep {
    struct ivr *ivr;
    struct td_commit *commit;
    uint64_t before_unix_ms;
    uint32_t count;
};

static void on_entry(void *ctx, struct td_bytes field, struct td_bytes value)
{
    struct sweep *sweep = ctx;
    char text[TD_ID_TEXT_SIZE];
    struct td_id id;

    (void)value;
    if (td_str_copy_span(text, sizeof(text), (const char *)field.data, field.size) != TD_OK ||
        td_id_parse(text, &id) != TD_OK || td_id_unix_ms(id) >= sweep->before_unix_ms)
        return;
    td_commit_delete(sweep->commit, HASH, text);
    sweep->count++;
}

static void on_swept(void *ctx, enum td_err err)
{
    struct sweep *sweep = ctx;

    if (err == TD_OK && sweep->count > 0) {
        td_log_info(td_service_log(sweep->ivr->service), "checkpoints.swept",
                    td_u64("count", sweep->count));
        td_commit_run(sweep->commit, TD_COMMIT_KEPT_MS, on_saved, sweep->ivr);
    } else {
        td_commit_drop(sweep->commit);
    }
    free(sweep);
}

static void sweep_tenant(struct ivr *ivr, uint32_t tenant)
{
    struct sweep *sweep = calloc(1, sizeof(*sweep));
    struct td_live_hash_reader reader = {on_entry, on_swept, sweep};
    uint64_t now_unix_ms = td_loop_now_unix_us(td_service_loop(ivr->service)) / 1000;
    char key[TD_KEY_SIZE];

    if (sweep == NULL)
        return; // Next hour.
    sweep->ivr = ivr;
    sweep->before_unix_ms = now_unix_ms - FORGOTTEN_MS;
    sweep->commit = td_commit_begin(ivr->service, tenant);
    enum td_err err = td_live_load_hash(td_service_live(ivr->service),
                                        td_service_key(ivr->service, tenant, HASH, key),
                                        PAGE_DEADLINE_MS, &reader);
    if (err != TD_OK)
        on_swept(sweep, err); // It will not be called.
}

void checkpoint_sweep(void *ctx)
{
    struct ivr *ivr = ctx;

    for (uint32_t i = 0; i < ivr->tenant_count; i++)
        sweep_tenant(ivr, ivr->tenants[i]);
}

void checkpoint_saw_tenant(struct ivr *ivr, uint32_t tenant)
{
    for (uint32_t i = 0; i < ivr->tenant_count; i++) {
        if (ivr->tenants[i] == tenant)
            return;
    }
    if (ivr->tenant_count < IVR_TENANTS_MAX)
        ivr->tenants[ivr->tenant_count++] = tenant;
}
