/**
 * @file session.h  One interaction at this edge: its machine, its SIP dialogs, its replies to come.
 *
 * The machine of core/call decides; edge_session_step() hands it an event and carries out what it
 * says. Whoever calls it must not touch the session afterwards: the last effect may free it.
 * Replies find their session by the interaction's id and their side by the leg's, so one that comes
 * too late finds nothing.
 */
#ifndef EDGE_SESSION_H
#define EDGE_SESSION_H

#include "edge/core/call.h"
#include "edge/core/caller_id.h"
#include "edge/core/fence.h"
#include "edge/edge.h"
#include "edge/sip_read.h"
#include "wire/contract_wire.h"
#include "wire/sip_wire.h"

struct edge_session;

/** One SIP dialog of a session. */
struct edge_dialog {
    struct edge *edge;
    struct edge_session *session;
    uint8_t side;
    struct td_leg_id leg_id; /* at media and in the store */
    nta_leg_t *leg;
    nta_incoming_t *invited;   /* customer: their INVITE */
    nta_outgoing_t *inviting;  /* agent: our INVITE */
    nta_incoming_t *reoffer;   /* re-INVITE or UPDATE that waits for media, or for its ACK */
    bool reoffer_is_ours;      /* it has no SDP: our 200 offers, their ACK answers */
    nta_incoming_t *referring; /* REFER that is being answered */
    char refer_to[EDGE_NUMBER_SIZE];
    bool refer_silent; /* no NOTIFY is wanted (RFC 4488) */
    uint32_t refer_cseq;
    uint32_t refers;       /* that were taken */
    nta_outgoing_t *probe; /* OPTIONS: is the peer still there? */
    char *remote_sdp;      /* what the peer said last, until media has taken it */
    char *local_sdp;       /* what media said */
    char next_hop[128];    /* URI to send to; empty: as the dialog says */
    char contact[EDGE_CONTACT_TEXT_SIZE];
    bool offer_is_ours; /* their INVITE had no SDP: our 200 offers, their ACK answers */
    bool stored;        /* the first commit was asked for */
    bool confirmed;
    // how the dialog is known to the peer, for the store; empty: too long to be taken up again
    char call_id[256];
    char local[512];
    char remote[512];
    // agent's
    struct td_offer_id offer;
    char agent[64];
    char asserted[EDGE_CALLER_ID_SIZE]; /* who calls; empty: withheld */
    char target[EDGE_CONTACT_SIZE];     /* request URI: the phone's Contact */
    struct td_timer guard;              /* rings or cancels no longer than this */
    uint32_t lease_ms;
};

struct edge_session {
    struct edge_index_node node; /* first: the index finds sessions by it */
    struct edge *edge;
    struct td_interaction_id id;
    uint32_t tenant;
    struct edge_call call;
    struct edge_fence fence;
    struct edge_dialog *sides[EDGE_CALL_SIDES];
    char media[64]; /* instance that holds the legs */
    uint32_t reports_waiting;
    bool stepping;
    uint32_t queued_count; /* events that came up while an event was being carried out */
    struct edge_call_event queued[8];
    const struct td_offer *offering;          /* during OFFERED */
    const struct td_agent_config *offered_to; /* NULL: a number outside, through */
    const struct td_trunk *offered_through;
    enum edge_call_phase phase;
    uint64_t phase_at_unix_us;
    uint64_t deadline_ns; /* of answering the INVITE */
    uint32_t retry_after_s;
    char
        music[128]; /* while an agent holds, or a transfer is on its way; empty: the built-in one */
    // the arrival
    char calling_agent[64]; /* who called out; empty: a customer called */
    char entry_point[64];
    char caller[64];
    char called[64];
    uint64_t arrived_at_unix_us;
    enum td_identify_outcome identified;
    bool has_customer;
    struct td_customer_brief customer;
};

/* session.c */
struct edge_session *edge_session_create(struct edge *edge, uint32_t tenant,
                                         struct td_interaction_id id);
struct edge_session *edge_session_find(const struct edge *edge, struct td_interaction_id id);
/** Takes an event; the session may be gone afterwards. @return False: a command named what is not
    here. */
bool edge_session_step(struct edge_session *session, const struct edge_call_event *event);
/** Frees the session if nothing is left of it. */
void edge_session_settle(struct edge_session *session);
void edge_session_destroy(struct edge_session *session);
/** NULL when there is no memory. */
struct edge_dialog *edge_session_add_dialog(struct edge_session *session, uint8_t side,
                                            struct td_leg_id leg);
/** Lets go of a side's dialog: SIP objects, timers, texts. */
void edge_session_close_dialog(struct edge_session *session, uint8_t side);
struct td_leg_id edge_session_leg(const struct edge_session *session, uint8_t side);
/** "0192..." as bus key and in logs. @return `text`. */
const char *edge_session_key(const struct edge_session *session, char text[TD_ID_TEXT_SIZE]);

/* session_customer.c: the caller's dialog */
struct edge_arrival {
    const struct edge_tenant *tenant;
    const struct td_entry_point *entry_point;    /* NULL: a number outside, called by */
    const struct td_agent_config *calling_agent; /* this one */
    const struct edge_peer *peer;
    bool trusted;
    const char *called;
};
int edge_customer_take(struct edge *edge, nta_incoming_t *request, const sip_t *sip,
                       const struct edge_arrival *arrival);
void edge_customer_respond(struct edge_session *session, uint16_t status);

/* session_agent.c: our dialog with an agent's phone */
void edge_agent_prepare(struct edge_session *session, uint8_t side);
void edge_agent_invite(struct edge_session *session, uint8_t side);
void edge_agent_ack(struct edge_session *session, uint8_t side);
void edge_agent_cancel(struct edge_session *session, uint8_t side);

/* session_dialog.c: what both have in common */
int edge_dialog_request(void *ctx, nta_leg_t *leg, nta_incoming_t *request, const sip_t *sip);
void edge_dialog_bye(struct edge_dialog *dialog);
void edge_dialog_respond_reoffer(struct edge_dialog *dialog, uint16_t status);
/** No sound comes from the peer: asks whether it still knows the call, and ends it when not. */
void edge_dialog_probe(struct edge_dialog *dialog);
/** Where to send, or NULL: as the dialog says. */
const url_string_t *edge_dialog_hop(const struct edge_dialog *dialog);

/* session_refer.c: an agent's phone wants a transfer */
int edge_dialog_refer(struct edge_dialog *dialog, nta_incoming_t *request, const sip_t *sip);
void edge_dialog_respond_refer(struct edge_dialog *dialog, uint16_t status);
void edge_dialog_notify(struct edge_dialog *dialog, uint16_t status);
/** What SIP says for a transfer, or a call, that the router did not allow or that failed. */
uint16_t edge_transfer_status(enum td_transfer_refusal refusal);

/* session_ask.c: media, context, router */
void edge_ask_transfer(struct edge_session *session, uint8_t side);
/** Their answer to our offer within the dialog. */
void edge_ask_media_reaccept(struct edge_session *session, uint8_t side);
void edge_tell_media_park(struct edge_session *session, struct td_leg_id leg);
void edge_ask_media_answer(struct edge_session *session);
void edge_ask_media_offer(struct edge_session *session, uint8_t side);
void edge_ask_media_accept(struct edge_session *session, uint8_t side);
void edge_ask_media_reanswer(struct edge_session *session, uint8_t side);
void edge_ask_media_connect(struct edge_session *session, struct td_leg_id agent, bool record);
void edge_ask_identify(struct edge_session *session);
void edge_ask_arrive(struct edge_session *session);
void edge_tell_media_release(struct edge_session *session, struct td_leg_id leg);
/** The arrival as the router is told it. */
void edge_describe(const struct edge_session *session, struct td_interaction_arrived *arrived);

/* session_report.c: observations, by the outbox */
void edge_report_effect(struct edge_session *session, const struct edge_call_effect *effect);

/* session_store.c: dialogs in Redis */
void edge_store_put(struct edge_session *session, uint8_t side);
void edge_store_forget(struct edge_session *session, uint8_t side);
/** The leg of a stored dialog, told to `dialog`; NULL: nobody. @return NULL when it makes no sense.
 */
nta_leg_t *edge_store_leg(struct edge *edge, const struct td_sip_dialog *stored,
                          struct edge_dialog *dialog);
/** Reads what a process of this name left behind: takes up its calls, tidies up the rest. */
void edge_store_load(struct edge *edge, uint32_t tenant);

/* session_bury.c: whose INVITE was not over when a process of this name died */
#define EDGE_BRANCH_SIZE 64
/** Of the INVITE to an agent's phone: found again by its leg. @return `branch`. */
const char *edge_agent_branch(struct td_leg_id leg, char branch[EDGE_BRANCH_SIZE]);
/** CANCEL to an agent's phone, BYE to a caller. */
void edge_store_let_go(struct edge *edge, const struct td_sip_dialog *stored);

#endif
