#include "edge/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* --- table --- */

struct edge_session *edge_session_find(const struct edge *edge, struct td_interaction_id id)
{
    struct edge_index_node *node = edge_index_first(&edge->sessions, td_id_hash(id.id));

    for (; node != NULL; node = edge_index_next(node)) {
        struct edge_session *session = (struct edge_session *)node; // Its first member.
        if (td_id_equal(session->id.id, id.id))
            return session;
    }
    return NULL;
}

struct edge_session *edge_session_create(struct edge *edge, uint32_t tenant,
                                         struct td_interaction_id id)
{
    struct edge_session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->edge = edge;
    session->tenant = tenant;
    session->id = id;
    session->phase_at_unix_us = td_loop_now_unix_us(edge->loop);
    session->retry_after_s = edge->config->retry_after_s;
    edge_call_init(&session->call);
    edge_index_add(&edge->sessions, &session->node, td_id_hash(id.id));
    *edge->counters.calls_now = edge->sessions.count;
    return session;
}

void edge_session_destroy(struct edge_session *session)
{
    struct edge *edge = session->edge;

    for (uint8_t side = 0; side < EDGE_CALL_SIDES; side++)
        edge_session_close_dialog(session, side);
    edge_index_remove(&edge->sessions, &session->node);
    *edge->counters.calls_now = edge->sessions.count;
    free(session);
}

void edge_session_settle(struct edge_session *session)
{
    if (!session->stepping && edge_call_is_over(&session->call) && session->reports_waiting == 0)
        edge_session_destroy(session);
}

struct td_leg_id edge_session_leg(const struct edge_session *session, uint8_t side)
{
    return side == EDGE_CALL_CUSTOMER ? session->call.customer_leg
                                      : session->call.agents[side - 1].leg;
}

const char *edge_session_key(const struct edge_session *session, char text[TD_ID_TEXT_SIZE])
{
    return td_id_format(session->id.id, text);
}

/* --- dialogs --- */

struct edge_dialog *edge_session_add_dialog(struct edge_session *session, uint8_t side,
                                            struct td_leg_id leg)
{
    struct edge_dialog *dialog = calloc(1, sizeof(*dialog));

    assert(session->sides[side] == NULL);
    if (dialog == NULL)
        return NULL;
    dialog->edge = session->edge;
    dialog->session = session;
    dialog->side = side;
    dialog->leg_id = leg;
    session->sides[side] = dialog;
    return dialog;
}

void edge_session_close_dialog(struct edge_session *session, uint8_t side)
{
    struct edge_dialog *dialog = session->sides[side];

    if (dialog == NULL)
        return;
    session->sides[side] = NULL;
    td_timer_stop(&dialog->guard);
    // Transactions that are not over go on by themselves; the library frees them in its time.
    if (dialog->invited != NULL)
        nta_incoming_destroy(dialog->invited);
    if (dialog->reoffer != NULL)
        nta_incoming_destroy(dialog->reoffer);
    if (dialog->referring != NULL)
        nta_incoming_destroy(dialog->referring);
    if (dialog->probe != NULL)
        nta_outgoing_destroy(dialog->probe);
    if (dialog->inviting != NULL)
        nta_outgoing_destroy(dialog->inviting);
    if (dialog->leg != NULL)
        nta_leg_destroy(dialog->leg);
    free(dialog->remote_sdp);
    free(dialog->local_sdp);
    free(dialog);
}

/* --- effects --- */

static void perform_ask(struct edge_session *session, const struct edge_call_effect *effect)
{
    switch (effect->type) {
    case EDGE_EFFECT_MEDIA_ANSWER:
        edge_ask_media_answer(session);
        break;
    case EDGE_EFFECT_MEDIA_OFFER:
        edge_agent_prepare(session, effect->side);
        edge_ask_media_offer(session, effect->side);
        break;
    case EDGE_EFFECT_MEDIA_ACCEPT:
        edge_ask_media_accept(session, effect->side);
        break;
    case EDGE_EFFECT_MEDIA_CONNECT:
        edge_ask_media_connect(session, effect->leg, effect->record);
        break;
    case EDGE_EFFECT_MEDIA_REANSWER:
        edge_ask_media_reanswer(session, effect->side);
        break;
    case EDGE_EFFECT_IDENTIFY:
        edge_ask_identify(session);
        break;
    case EDGE_EFFECT_ARRIVE:
        edge_ask_arrive(session);
        break;
    case EDGE_EFFECT_TRANSFER:
        edge_ask_transfer(session, effect->side);
        break;
    default:
        edge_store_put(session, effect->side);
        break;
    }
}

static void perform_tell(struct edge_session *session, const struct edge_call_effect *effect)
{
    struct edge_dialog *dialog = session->sides[effect->side];

    switch (effect->type) {
    case EDGE_EFFECT_MEDIA_RELEASE:
        edge_tell_media_release(session, effect->leg);
        break;
    case EDGE_EFFECT_MEDIA_PARK:
        edge_tell_media_park(session, effect->leg);
        break;
    case EDGE_EFFECT_REFER_RESPOND:
        edge_dialog_respond_refer(dialog, effect->status);
        break;
    case EDGE_EFFECT_NOTIFY:
        edge_dialog_notify(dialog, effect->status);
        break;
    case EDGE_EFFECT_FORGET:
        edge_store_forget(session, effect->side);
        break;
    case EDGE_EFFECT_RESPOND:
        edge_customer_respond(session, effect->status);
        break;
    case EDGE_EFFECT_REOFFER_RESPOND:
        edge_dialog_respond_reoffer(dialog, effect->status);
        break;
    case EDGE_EFFECT_INVITE:
        edge_agent_invite(session, effect->side);
        break;
    case EDGE_EFFECT_ACK:
        edge_agent_ack(session, effect->side);
        break;
    case EDGE_EFFECT_CANCEL:
        edge_agent_cancel(session, effect->side);
        break;
    case EDGE_EFFECT_BYE:
        edge_dialog_bye(dialog);
        break;
    case EDGE_EFFECT_CLOSE:
        edge_session_close_dialog(session, effect->side);
        break;
    default:
        edge_report_effect(session, effect);
        break;
    }
}

static void note_phase(struct edge_session *session)
{
    uint8_t side;
    enum edge_call_phase phase = edge_call_phase(&session->call, &side);

    if (phase == session->phase)
        return;
    session->phase = phase;
    session->phase_at_unix_us = td_loop_now_unix_us(session->edge->loop);
}

static bool step_once(struct edge_session *session, const struct edge_call_event *event)
{
    struct edge_call_effects effects;

    edge_call_step(&session->call, event, &effects);
    for (uint32_t i = 0; i < effects.count; i++) {
        if (effects.items[i].type <= EDGE_EFFECT_STORE)
            perform_ask(session, &effects.items[i]);
        else
            perform_tell(session, &effects.items[i]);
    }
    note_phase(session);
    return !effects.unknown;
}

bool edge_session_step(struct edge_session *session, const struct edge_call_event *event)
{
    if (session->stepping) { // An effect failed at once: its consequence comes after the others.
        assert(session->queued_count < sizeof(session->queued) / sizeof(session->queued[0]));
        session->queued[session->queued_count++] = *event;
        return true;
    }
    // Hundreds of messages may be read in one turn of the loop: none leaves scratch memory behind.
    struct td_arena *arena = td_service_arena(session->edge->service);
    size_t mark = arena->used;
    session->stepping = true;
    bool known = step_once(session, event);
    for (uint32_t i = 0; i < session->queued_count; i++)
        (void)step_once(session, &session->queued[i]);
    session->queued_count = 0;
    session->stepping = false;
    edge_session_settle(session);
    td_arena_rewind(arena, mark);
    return known;
}
