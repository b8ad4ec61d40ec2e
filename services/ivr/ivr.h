/**
 * @file ivr.h  The ivr service: runs dialogs on the legs of interactions.
 *
 * A dialog is a session of the core (core/session.h) in a slot of a table. Requests and answers
 * find it by its ids; what comes for a dialog that is gone, or for a request that it no longer
 * waits for, finds nothing and is forgotten. The files: requests.c (what others ask), dialogs.c
 * (the table), perform.c (effects: media, scripts, documents), report.c (events, checkpoints, the
 * result).
 *
 * One loop, no locks.
 */
#ifndef IVR_IVR_H
#define IVR_IVR_H

#include "base/id.h"
#include "io/timer.h"
#include "ivr/core/facts.h"
#include "ivr/core/session.h"
#include "ivr/library.h"
#include "ivr/script_pool.h"
#include "service/commit.h"
#include "service/outbox.h"
#include "service/service.h"
#include "wire/dialog_wire.h"
#include "wire/media_wire.h"

#define IVR_DIALOGS_MAX 10000
/** Tenants whose old checkpoints one instance sweeps. */
#define IVR_TENANTS_MAX 256

struct ivr_config {
    char documents[256];
    uint32_t dialogs_max;
    uint32_t script_workers;
    uint32_t script_deadline_ms;
    uint32_t script_memory_kb;
};

extern const struct td_config_key ivr_config_keys[];
extern const size_t ivr_config_key_count;

/** One running dialog. */
struct dialog {
    struct ivr *ivr;
    bool used;
    bool asked;          /**< media was asked, and has not told the outcome. */
    uint32_t generation; /**< Tells this dialog from those that had the slot before. */
    uint32_t
        next_by_id; /**< Slot + 1 in the chain of its id; 0: last. Free slots: in the free list. */
    uint32_t next_by_leg;
    struct td_dialog_id id;
    struct td_interaction_id interaction;
    char key[TD_ID_TEXT_SIZE]; /**< The interaction, as text. */
    uint32_t tenant;
    struct td_media_leg leg;
    enum td_dialog_purpose purpose;
    char document[IVR_URI_SIZE]; /**< It was started with. */
    char current[IVR_URI_SIZE];  /**< It is in. */
    char language[IVR_LANGUAGE_SIZE];
    struct td_command_id request_id; /**< Of what media was asked. */
    uint64_t saved_hash;             /**< Of the last checkpoint. */
    struct library_document *library_document;
    struct ivr_facts facts;
    struct ivr_session session;
};

struct ivr_counters {
    uint64_t *running;
    uint64_t *started;
    uint64_t *resumed;
    uint64_t *refused;
    uint64_t *stopped;
    uint64_t *ended[TD_DIALOG_RESULT_COUNT];
    uint64_t *inputs;
    uint64_t *media_failed;
    uint64_t *commits_failed;
    uint64_t *scripts_evaluated;
    uint64_t *scripts_killed;
    uint64_t *scripts_failed;
    uint64_t *documents_refused;
};

struct ivr {
    struct td_service *service;
    struct ivr_config config;
    struct library *library;
    struct script_pool *scripts;
    struct td_outbox *outbox;
    struct ivr_counters counters;
    struct dialog *dialogs; /* config.dialogs_max of them */
    uint32_t *by_id;        /* slot + 1 of the first in each chain */
    uint32_t *by_leg;
    uint32_t free_slot; /* slot + 1 */
    uint32_t chain_count;
    uint64_t epoch; /* highest of a router that spoke to us */
    uint64_t script_number;
    struct td_timer sweep;
    uint32_t tenants[IVR_TENANTS_MAX];
    uint32_t tenant_count;
};

/* ivr.c: life */
enum td_err ivr_start(struct td_service *service, void *ctx);
void ivr_stop(void *ctx);
const char *ivr_unhealthy(void *ctx);
/** Tells routers how full this instance is. */
void ivr_tell_load(struct ivr *ivr);

/* requests.c */
void ivr_dialog_start(void *ctx, struct td_request *request, struct td_bytes payload);
void ivr_dialog_update(void *ctx, struct td_request *request, struct td_bytes payload);
void ivr_dialog_stop(void *ctx, struct td_request *request, struct td_bytes payload);
void ivr_dialog_sync(void *ctx, struct td_request *request, struct td_bytes payload);
void ivr_media_done(void *ctx, struct td_request *request, struct td_bytes payload);

/* dialogs.c */

/** Allocates the table. @return TD_OK, TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK dialogs_create(struct ivr *ivr);
void dialogs_destroy(struct ivr *ivr);
/** A slot for a dialog that is not there yet; NULL when all are taken. */
struct dialog *dialogs_add(struct ivr *ivr, struct td_dialog_id id, const struct td_media_leg *leg);
void dialogs_remove(struct dialog *dialog);
struct dialog *dialogs_find(const struct ivr *ivr, struct td_dialog_id id);
/** The dialog on this leg that waits for this request; NULL if none does. */
struct dialog *dialogs_find_asked(const struct ivr *ivr, struct td_leg_id leg,
                                  struct td_command_id request);
/** Names a dialog where it may have gone when the answer comes. */
uint64_t dialogs_token(const struct dialog *dialog);
struct dialog *dialogs_of_token(const struct ivr *ivr, uint64_t token);
/** The page of running dialogs after an id, in the order of ids. */
void dialogs_page(const struct ivr *ivr, struct td_dialog_id after,
                  struct td_dialog_sync_reply *reply);
/** The customers of a media instance that died are gone. */
void dialogs_lost_media(struct ivr *ivr, const char *instance);

/* perform.c */

/** Feeds an input and carries out what comes of it. The dialog may be gone afterwards. */
void dialog_step(struct dialog *dialog, const struct ivr_input *input);
/** Puts the facts into session.tandem, the numbers into session.connection as well. */
void dialog_put_facts(struct dialog *dialog);

/* ask_media.c: PLAY, COLLECT and RECORD; MediaDone or a refusal answers */
void dialog_play(struct dialog *dialog, const struct ivr_effect *effect);
void dialog_collect(struct dialog *dialog, const struct ivr_effect *effect);
void dialog_record(struct dialog *dialog, const struct ivr_effect *effect);
/** Silences what the dialog plays, if it still does. */
void dialog_silence(struct dialog *dialog);

/* ask_script.c */

/** EVALUATE. @return TD_OK: an answer will come; otherwise none. */
enum td_err TD_MUST_CHECK dialog_ask_script(struct dialog *dialog, const struct ivr_effect *effect);
/** Answers of script workers; `ctx` is the struct ivr. */
void dialog_evaluated(void *ctx, uint64_t token, enum script_outcome outcome,
                      const struct td_script_reply *reply);

/* report.c */
void report_started(struct dialog *dialog, bool resumed);
void report_input(struct dialog *dialog, const char *field, const char *digits);
/** To history and, with the result, to the router. */
void report_ended(struct dialog *dialog);
/** Of a dialog that the router stopped: there is no result. */
void report_stopped(struct dialog *dialog);

/* checkpoint.c */

/** Writes down where the dialog is, unless it was there already. */
void checkpoint_save(struct dialog *dialog);
/** Forgets it, as part of a commit. */
void checkpoint_delete(const struct dialog *dialog, struct td_commit *commit);
/** Takes the session to where the stored bytes say. @return Whether it goes on from there. */
bool checkpoint_restore(struct dialog *dialog, struct td_bytes stored);
/** Removes the checkpoints of interactions that are long over, now and each hour. */
void checkpoint_sweep(void *ivr);
/** Remembers that this tenant may have checkpoints. */
void checkpoint_saw_tenant(struct ivr *ivr, uint32_t tenant);

#endif
