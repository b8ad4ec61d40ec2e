/*
 * Dialogs in Redis. What stands there is enough to take a call up again after a restart: ids, tags,
 * sequence numbers, route set, target. INVITE transactions die with the process, so only dialogs
 * that were confirmed are taken up; the rest is tidied up and reported.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "edge/session.h"
#include "io/live_read.h"
#include "service/commit.h"

#define COMMIT_DEADLINE_MS 450
#define LOAD_DEADLINE_MS 2000
/** What nobody waits for goes with what somebody waits for, of this call or another. */
#define LINGER_MS 5
#define STATE_VERSION 1
#define CSEQ_MARGIN 1000

static const char *hash_name(const struct edge *edge, char name[96])
{
    (void)snprintf(name, 96, "sip_dialogs:%s", td_service_instance(edge->service));
    return name;
}

/* --- writing --- */

static bool add_routes(const sip_route_t *route, char *to, size_t size)
{
    struct td_text writer;

    td_text_init(&writer, to, size);
    for (; route != NULL; route = route->r_next) {
        char one[512];
        if (url_e(one, sizeof(one), route->r_url) >= (issize_t)sizeof(one))
            return false;
        td_text_add(&writer, writer.length > 0 ? ", <" : "<");
        td_text_add(&writer, one);
        td_text_add(&writer, ">");
    }
    return !writer.cut;
}

/* Where the dialog leads. @return False: it does not fit, and cannot be taken up again. */
static bool describe_route(const struct edge_dialog *dialog, struct td_sip_dialog *stored)
{
    const sip_route_t *route = NULL;
    const sip_contact_t *target = NULL;

    (void)nta_leg_get_route(dialog->leg, &route, &target);
    if (!add_routes(route, stored->route_set, sizeof(stored->route_set)))
        return false;
    if (target != NULL && url_e(stored->target, sizeof(stored->target), target->m_url) >=
                              (issize_t)sizeof(stored->target))
        return false;
    if (target == NULL) // An agent's phone that has not answered yet.
        td_str_clip(stored->target, sizeof(stored->target), dialog->target);
    return dialog->local[0] != '\0' && dialog->remote[0] != '\0' && target != NULL;
}

static void describe_peer(const struct edge_dialog *dialog, struct td_sip_dialog *stored)
{
    // An agent who is not yet heard by media is hung up by a next process, not taken up.
    bool through = dialog->side == EDGE_CALL_CUSTOMER ||
                   dialog->session->call.agents[dialog->side - 1].state == EDGE_AGENT_UP;

    stored->confirmed = describe_route(dialog, stored) && dialog->confirmed && through;
    td_str_clip(stored->call_id, sizeof(stored->call_id), dialog->call_id);
    td_str_clip(stored->local, sizeof(stored->local), dialog->local);
    td_str_clip(stored->remote, sizeof(stored->remote), dialog->remote);
    td_str_clip(stored->next_hop, sizeof(stored->next_hop), dialog->next_hop);
    stored->local_cseq = nta_leg_get_seq(dialog->leg);
    stored->remote_cseq = nta_leg_get_rseq(dialog->leg);
}

static bool is_customers(const struct edge_dialog *dialog)
{
    return dialog->side == EDGE_CALL_CUSTOMER;
}

static struct td_bytes encode(const struct edge_session *session, const struct edge_dialog *dialog)
{
    const struct edge_call *call = &session->call;
    struct td_sip_dialog stored = {
        .interaction_id = session->id,
        .offer_id = dialog->offer,
        .has_leg = true,
        .leg = {.leg_id = dialog->leg_id},
        .connected = call->connected && td_id_equal(call->peer.id, dialog->leg_id.id),
        .parked = dialog->side != EDGE_CALL_CUSTOMER && call->agents[dialog->side - 1].parked,
        .outbound = call->outbound,
        .arrived_at_unix_us = session->arrived_at_unix_us,
        .state_version = STATE_VERSION,
    };

    td_str_clip(stored.leg.instance, sizeof(stored.leg.instance), session->media);
    td_str_clip(stored.agent, sizeof(stored.agent), dialog->agent);
    td_str_clip(stored.entry_point, sizeof(stored.entry_point), session->entry_point);
    td_str_clip(stored.caller, sizeof(stored.caller), session->caller);
    td_str_clip(stored.called, sizeof(stored.called), session->called);
    td_str_clip(stored.music, sizeof(stored.music), session->music);
    if (call->outbound && dialog->side == EDGE_CALL_CUSTOMER)
        td_str_clip(stored.agent, sizeof(stored.agent), session->calling_agent);
    if (is_customers(dialog)) {
        stored.identified = session->identified;
        stored.has_customer = session->has_customer;
        stored.customer = session->customer;
    }
    describe_peer(dialog, &stored);
    return td_sip_dialog_encode(td_service_arena(session->edge->service), &stored);
}

/** The first commit of a side, under way. */
struct put {
    struct edge *edge;
    struct td_interaction_id id;
    struct td_leg_id leg;
};

static void on_put(void *ctx, enum td_err err)
{
    struct put *put = ctx;
    struct edge_session *session =
        put->edge->stopping ? NULL : edge_session_find(put->edge, put->id);
    int side = session == NULL ? -1 : edge_call_side_of_leg(&session->call, put->leg);

    free(put);
    if (side >= 0)
        (void)edge_session_step(session, &(struct edge_call_event){.type = EDGE_CALL_STORED,
                                                                   .side = (uint8_t)side,
                                                                   .ok = err == TD_OK});
}

void edge_store_put(struct edge_session *session, uint8_t side)
{
    struct edge_dialog *dialog = session->sides[side];
    struct td_commit *commit = td_commit_begin(session->edge->service, session->tenant);
    char name[96];
    char field[TD_ID_TEXT_SIZE];

    td_commit_put(commit, hash_name(session->edge, name), td_id_format(dialog->leg_id.id, field),
                  encode(session, dialog));
    if (dialog->stored) {
        td_commit_linger(commit, LINGER_MS);
        td_commit_run(commit, TD_COMMIT_KEPT_MS, NULL, NULL);
        return;
    }
    struct put *put = malloc(sizeof(*put));
    if (put == NULL)
        abort(); // Its answer was promised to the machine.
    *put = (struct put){.edge = session->edge, .id = session->id, .leg = dialog->leg_id};
    dialog->stored = true;
    td_commit_run(commit, COMMIT_DEADLINE_MS, on_put, put);
}

static void forget_leg(struct edge *edge, uint32_t tenant, struct td_leg_id leg)
{
    struct td_commit *commit = td_commit_begin(edge->service, tenant);
    char name[96];
    char field[TD_ID_TEXT_SIZE];

    td_commit_delete(commit, hash_name(edge, name), td_id_format(leg.id, field));
    td_commit_linger(commit, LINGER_MS);
    td_commit_run(commit, TD_COMMIT_KEPT_MS, NULL, NULL);
}

void edge_store_forget(struct edge_session *session, uint8_t side)
{
    forget_leg(session->edge, session->tenant, session->sides[side]->leg_id);
}

/* --- reading after a restart --- */

/** A dialog that a process of our name left behind. */
struct left {
    struct left *next;
    struct td_sip_dialog stored;
    bool taken;
};

struct load {
    struct edge *edge;
    uint32_t tenant;
    struct left *first;
};

static bool is_customer(const struct left *left)
{
    return td_id_is_nil(left->stored.offer_id.id);
}

nta_leg_t *edge_store_leg(struct edge *edge, const struct td_sip_dialog *stored,
                          struct edge_dialog *dialog)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    char cseq[32];
    char target[sizeof(stored->target) + 2];

    su_home_init(home);
    // OPTIONS and NOTIFY have taken numbers that nobody wrote down.
    (void)snprintf(cseq, sizeof(cseq), "%u INVITE", stored->local_cseq + CSEQ_MARGIN);
    (void)snprintf(target, sizeof(target), "<%s>", stored->target);
    nta_leg_t *leg =
        nta_leg_tcreate(edge->agent, dialog == NULL ? NULL : edge_dialog_request, dialog,
                        SIPTAG_CALL_ID_STR(stored->call_id), SIPTAG_FROM_STR(stored->local),
                        SIPTAG_TO_STR(stored->remote), SIPTAG_CSEQ_STR(cseq),
                        NTATAG_REMOTE_CSEQ(stored->remote_cseq), TAG_END());
    if (leg != NULL) // The stored route set is in the order of use, as a server finds it.
        (void)nta_leg_server_route(leg, sip_record_route_make(home, stored->route_set),
                                   sip_contact_make(home, target));
    su_home_deinit(home);
    return leg;
}

static struct edge_dialog *restore_dialog(struct edge_session *session, uint8_t side,
                                          const struct td_sip_dialog *stored)
{
    struct edge_dialog *dialog = edge_session_add_dialog(session, side, stored->leg.leg_id);

    if (dialog == NULL)
        abort();
    dialog->stored = true;
    dialog->confirmed = true;
    dialog->offer = stored->offer_id;
    td_str_clip(dialog->agent, sizeof(dialog->agent), stored->agent);
    td_str_clip(dialog->call_id, sizeof(dialog->call_id), stored->call_id);
    td_str_clip(dialog->local, sizeof(dialog->local), stored->local);
    td_str_clip(dialog->remote, sizeof(dialog->remote), stored->remote);
    td_str_clip(dialog->next_hop, sizeof(dialog->next_hop), stored->next_hop);
    bool tcp = strstr(stored->next_hop, "transport=tcp") != NULL;
    (void)edge_listener_contact(session->edge, tcp, dialog->contact);
    dialog->leg = edge_store_leg(session->edge, stored, dialog);
    return dialog;
}

static struct edge_session *session_for(struct load *load, const struct td_sip_dialog *stored)
{
    struct edge_session *session = edge_session_find(load->edge, stored->interaction_id);

    if (session != NULL)
        return session;
    session = edge_session_create(load->edge, load->tenant, stored->interaction_id);
    if (session == NULL)
        abort();
    td_str_clip(session->media, sizeof(session->media), stored->leg.instance);
    td_str_clip(session->entry_point, sizeof(session->entry_point), stored->entry_point);
    td_str_clip(session->caller, sizeof(session->caller), stored->caller);
    td_str_clip(session->called, sizeof(session->called), stored->called);
    td_str_clip(session->music, sizeof(session->music), stored->music);
    session->arrived_at_unix_us = stored->arrived_at_unix_us;
    return session;
}

static void log_restored(struct edge_session *session, const struct td_sip_dialog *stored)
{
    char key[TD_ID_TEXT_SIZE];

    td_log_info(session->edge->log, "dialog.restored",
                td_str("interaction", edge_session_key(session, key)),
                td_str("agent", stored->agent));
}

static void restore_customer(struct load *load, struct left *left)
{
    const struct td_sip_dialog *stored = &left->stored;
    struct edge_session *session = session_for(load, stored);

    edge_call_restore(&session->call, true, stored->leg.leg_id);
    session->call.outbound = stored->outbound;
    if (stored->outbound)
        td_str_clip(session->calling_agent, sizeof(session->calling_agent), stored->agent);
    session->identified = stored->identified;
    session->has_customer = stored->has_customer;
    session->customer = stored->customer;
    (void)restore_dialog(session, EDGE_CALL_CUSTOMER, stored);
    log_restored(session, stored);
    left->taken = true;
}

/* The agent of a customer who is here, or whose edge is another. */
static void restore_agent(struct load *load, struct left *left)
{
    const struct td_sip_dialog *stored = &left->stored;
    struct edge_session *session = session_for(load, stored);

    if (session->sides[1] != NULL)
        return; // One agent at a time talks; a second was being tidied up.
    if (session->sides[EDGE_CALL_CUSTOMER] == NULL)
        edge_call_restore(&session->call, false, (struct td_leg_id){0});
    edge_call_restore_agent(&session->call, stored->offer_id, stored->leg.leg_id,
                            stored->connected);
    session->call.agents[0].parked = stored->parked;
    (void)restore_dialog(session, 1, stored);
    log_restored(session, stored);
    left->taken = true;
}

/* A dialog whose INVITE was not over: it cannot be gone on with. */
static void bury(struct load *load, const struct left *left)
{
    const struct td_sip_dialog *stored = &left->stored;
    struct edge_session *session = session_for(load, stored);
    struct edge_call_effect report = {
        .type = EDGE_EFFECT_REPORT,
        .report = is_customer(left) ? EDGE_REPORT_ABANDONED : EDGE_REPORT_FAILED,
        .failure = EDGE_OFFER_UNREACHABLE,
        .offer = stored->offer_id,
        .reason = "edge restarted",
    };

    struct td_arena *arena = td_service_arena(load->edge->service);
    size_t mark = arena->used;

    edge_store_let_go(load->edge, stored);
    edge_tell_media_release(session, stored->leg.leg_id);
    forget_leg(load->edge, load->tenant, stored->leg.leg_id);
    edge_report_effect(session, &report);
    td_arena_rewind(arena, mark);
    if (is_customer(left)) // An agent who was to talk to him is let go.
        (void)edge_session_step(session, &(struct edge_call_event){.type = EDGE_CALL_RELEASE});
    else
        edge_session_settle(session);
}

static void each_left(struct load *load, bool customers, bool confirmed,
                      void (*take)(struct load *load, struct left *left))
{
    for (struct left *left = load->first; left != NULL; left = left->next) {
        if (!left->taken && is_customer(left) == customers && left->stored.confirmed == confirmed)
            take(load, left);
    }
}

static void bury_all(struct load *load)
{
    for (struct left *left = load->first; left != NULL; left = left->next) {
        if (!left->taken)
            bury(load, left);
    }
}

static void on_loaded_one(void *ctx, struct td_bytes field, struct td_bytes value)
{
    struct load *load = ctx;
    struct td_arena *arena = td_service_arena(load->edge->service);
    struct left *left = calloc(1, sizeof(*left));
    size_t mark = arena->used;

    (void)field;
    // What cannot be read is of a later release; what is there already arrived while we read.
    bool wanted = left != NULL && !load->edge->stopping &&
                  td_sip_dialog_decode(arena, value, &left->stored, NULL) == TD_OK &&
                  edge_session_find(load->edge, left->stored.interaction_id) == NULL;
    if (wanted) {
        left->next = load->first;
        load->first = left;
    } else {
        free(left);
    }
    td_arena_rewind(arena, mark);
}

static void on_loaded(void *ctx, enum td_err err)
{
    struct load *load = ctx;

    if (!load->edge->stopping) {
        if (err != TD_OK)
            td_log_warn(load->edge->log, "dialogs.unread", td_u64("tenant", load->tenant),
                        td_failure(err));
        each_left(load, true, true, restore_customer);
        each_left(load, false, true, restore_agent);
        bury_all(load);
    }
    while (load->first != NULL) {
        struct left *left = load->first;
        load->first = left->next;
        free(left);
    }
    edge_load_ends(load->edge);
    free(load);
}

void edge_store_load(struct edge *edge, uint32_t tenant)
{
    char name[96];
    char key[TD_KEY_SIZE];
    struct load *load = calloc(1, sizeof(*load));

    if (load == NULL)
        return;
    *load = (struct load){.edge = edge, .tenant = tenant};
    edge_load_begins(edge);
    const struct td_live_hash_reader reader = {on_loaded_one, on_loaded, load};
    enum td_err err =
        td_live_load_hash(td_service_live(edge->service),
                          td_service_key(edge->service, tenant, hash_name(edge, name), key),
                          LOAD_DEADLINE_MS, &reader);
    if (err != TD_OK)
        on_loaded(load, err);
}
