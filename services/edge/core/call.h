/**
 * @file call.h  One call, back to back: a customer's leg, and the agents' legs that are tried for
 * it.
 *
 * The state machine of an interaction at this edge. Events go in (SIP messages, replies of media
 * and the store, commands of the router, time-outs), effects come out in the order in which they
 * are to be carried out. Every event has a defined answer in every state; one that comes too late
 * (a 200 after CANCEL, a media reply for a leg that ended) is answered by what tidies up, or by
 * nothing.
 *
 *   customer   PREPARING --media, identity--> ARRIVING --ack, stored--> EARLY | ANSWERED
 *              EARLY --connect--> ANSWERED --ACK--> CONFIRMED            any --end--> LEAVING, GONE
 *   agent      PREPARING --media, stored--> INVITING --180--> RINGING --200--> ACCEPTING --media-->
 * UP INVITING, RINGING --cancelled--> CANCELLING --any final response--> FREE
 *
 * The customer's INVITE gets exactly one final response; each agent's INVITE that got a 2xx gets an
 * ACK; every leg that was made at media or in the store is released there; the router is told of
 * exactly one end of each interaction that it was told of. Tests hold the machine to that over
 * every order of events.
 *
 * A session without a customer's leg (ABSENT) rings an agent whose customer is at another edge.
 *
 * Either side may hold the other (call_reoffer.c). An agent who asks for a transfer is *parked*
 * when the router has taken it (call_transfer.c): up, but with nobody to talk to, until the
 * transfer is done, has failed, or the agent hangs up. A leg to a number outside is tried like an
 * agent's. In an *outbound* call an agent has called: side 0 is that agent's phone, the other one
 * the customer's.
 *
 * Pure: no clock, no ids of its own making, no memory beyond the struct.
 */
#ifndef EDGE_CORE_CALL_H
#define EDGE_CORE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

/** Agents' legs at one time: one rings, others are being tidied up. */
#define EDGE_CALL_AGENTS 4
/** Sides of a call: 0 is the customer, 1.. are agents' legs. */
#define EDGE_CALL_SIDES (1 + EDGE_CALL_AGENTS)
#define EDGE_CALL_CUSTOMER 0
/** Effects of one event, at most. */
#define EDGE_CALL_EFFECTS 40

enum edge_customer_state {
    EDGE_CUSTOMER_ABSENT,
    EDGE_CUSTOMER_PREPARING, /**< Media and identity are being asked. */
    EDGE_CUSTOMER_ARRIVING,  /**< The router is being told. */
    EDGE_CUSTOMER_EARLY,     /**< 183 sent; answered when an agent is. */
    EDGE_CUSTOMER_ANSWERED,  /**< 200 sent, ACK not yet here. */
    EDGE_CUSTOMER_CONFIRMED,
    EDGE_CUSTOMER_LEAVING, /**< Over, but BYE must wait for the ACK (RFC 3261 section 15). */
    EDGE_CUSTOMER_GONE
};

enum edge_agent_state {
    EDGE_AGENT_FREE,
    EDGE_AGENT_PREPARING,  /**< Media's offer and the commit are under way. */
    EDGE_AGENT_INVITING,   /**< INVITE sent. */
    EDGE_AGENT_RINGING,    /**< 18x came. */
    EDGE_AGENT_CANCELLING, /**< CANCEL sent; the final response is awaited. */
    EDGE_AGENT_ACCEPTING,  /**< 2xx came and was acknowledged; media reads its SDP. */
    EDGE_AGENT_UP
};

enum edge_reoffer_state {
    EDGE_REOFFER_NONE,
    EDGE_REOFFER_ASKING, /**< Media is asked for an answer, or for an offer of its own. */
    EDGE_REOFFER_OFFERED /**< That offer is in our 200; their ACK answers it. */
};

/** What became of a side's offers within the dialog. */
struct edge_reoffer {
    enum edge_reoffer_state state;
    bool holds; /* it does not want to hear the other side */
};

struct edge_call_agent {
    enum edge_agent_state state;
    struct td_offer_id offer;
    struct td_leg_id leg;
    bool media_ready;
    bool stored;
    bool referring; /* its REFER was taken, and what came of it not yet told */
    bool parked;    /* and the customer was taken from it */
    bool outside;   /* no agent: a number outside, that was called in place of one */
    struct edge_reoffer reoffer;
};

/** Fields are to be read only. */
struct edge_call {
    enum edge_customer_state customer;
    struct td_leg_id customer_leg;
    bool media_ready;
    bool identified;
    bool stored;
    bool accepted;   /* the router took it */
    bool answer_now; /* and wants it answered at once */
    bool told;       /* the router was told of it and not yet of its end */
    bool connecting; /* media was asked */
    bool connected;
    bool outbound;           /* side 0 is an agent's phone */
    uint16_t refused_status; /* outbound: what the far end said to our INVITE */
    struct edge_reoffer reoffer;
    struct td_leg_id
        peer; /* agent's leg that media connects or has connected to the customer's; nil */
    struct edge_call_agent agents[EDGE_CALL_AGENTS];
    struct td_offer_id leaving; /* hung up with a REFER that the router has not answered; nil */
    /* The last accepted offers that ended: a Connect for one of them comes too late. */
    struct td_offer_id gone[EDGE_CALL_AGENTS];
    uint8_t gone_next;
};

/* --- events --- */

enum edge_call_event_type {
    // the customer's phone
    EDGE_CALL_INVITED,     /**< First event of a call with a customer; `leg`, `outbound`. */
    EDGE_CALL_CANCELLED,   /**< CANCEL, or the connection of an INVITE without final response ended.
                            */
    EDGE_CALL_CONFIRMED,   /**< ACK of the 200. */
    EDGE_CALL_UNCONFIRMED, /**< The ACK did not come in time. */
    // either phone; `side`
    EDGE_CALL_HUNG_UP, /**< BYE, or a dialog that the peer no longer knows. */
    /** re-INVITE or UPDATE with an offer, or a re-INVITE that asks for one. */
    EDGE_CALL_REOFFERED,
    EDGE_CALL_REFERRED, /**< REFER; its form is right. */
    // an agent's phone; `side`
    EDGE_CALL_PROGRESSED, /**< 18x. */
    EDGE_CALL_ANSWERED,   /**< 2xx; repeated 2xx too. */
    EDGE_CALL_REFUSED,    /**< Final `status` of 300 and above, 408 also by our own timer. */
    EDGE_CALL_EXPIRED,    /**< It rang, or its CANCEL was ignored, for longer than anybody waits. */
    // media, store, context, router: replies; `ok`
    /** LegAnswer (customer; when not ok, `status` for the caller) or LegOffer (agent); `side`. */
    EDGE_CALL_MEDIA_READY,
    EDGE_CALL_MEDIA_ACCEPTED,  /**< LegAccept; `side`. */
    EDGE_CALL_MEDIA_CONNECTED, /**< LegConnect; `leg` is the agent's. */
    /** LegAnswer on a leg that is up; `side`, `holds`. Or LegOffer: `offers`. */
    EDGE_CALL_REOFFER_ANSWERED,
    EDGE_CALL_REOFFER_ACCEPTED, /**< The ACK that answers our offer came, and LegAccept; `holds`. */
    EDGE_CALL_MEDIA_LOST,       /**< The media instance of the customer's leg died. */
    EDGE_CALL_STORED,           /**< The first commit of a side; `side`. */
    EDGE_CALL_IDENTIFIED,       /**< Known or not: the caller's identity need not be waited for. */
    EDGE_CALL_TAKEN,            /**< The router took the arrival; `answer_now`. */
    EDGE_CALL_TURNED_AWAY,      /**< It refused it; `status` for the caller. */
    EDGE_CALL_UNHEARD,          /**< It did not answer: nobody knows whether it has it. */
    EDGE_CALL_TRANSFER_ANSWERED, /**< The router took the transfer, or not: `status`; `offer`. */
    // the router's commands
    EDGE_CALL_OFFERED,         /**< `offer`, `leg`, `reachable`, `outside`. */
    EDGE_CALL_OFFER_CANCELLED, /**< `offer`. */
    EDGE_CALL_CONNECT,         /**< `offer`, `leg`, `record`. */
    EDGE_CALL_ANSWER_NOW,      /**< The caller hears early media so far. */
    EDGE_CALL_RELEASE, /**< `offer` (nil: everything), `status` for a caller not yet answered. */
    EDGE_CALL_TRANSFER_RINGS,  /**< `offer`: of the agent who asked. */
    EDGE_CALL_TRANSFER_DONE,   /**< `offer`. */
    EDGE_CALL_TRANSFER_FAILED, /**< `offer`, `leg`, `record`, `status`. */
    EDGE_CALL_EVENT_COUNT
};

struct edge_call_event {
    enum edge_call_event_type type;
    uint8_t side;
    bool ok;
    bool answer_now;
    bool reachable; /**< The agent's phone is registered here. */
    bool record;
    bool outbound;
    bool outside;
    bool holds;
    bool offers;
    uint16_t status;
    struct td_offer_id offer;
    struct td_leg_id leg;
};

/* --- effects --- */

enum edge_call_effect_type {
    // asks, each answered by one event
    EDGE_EFFECT_MEDIA_ANSWER,   /**< `side` 0. */
    EDGE_EFFECT_MEDIA_OFFER,    /**< `side`. */
    EDGE_EFFECT_MEDIA_ACCEPT,   /**< `side`. */
    EDGE_EFFECT_MEDIA_CONNECT,  /**< `leg` is the agent's, `record`. */
    EDGE_EFFECT_MEDIA_REANSWER, /**< `side`. */
    EDGE_EFFECT_IDENTIFY,
    EDGE_EFFECT_ARRIVE,
    EDGE_EFFECT_TRANSFER, /**< `side`: ask the router for what its REFER wants. */
    EDGE_EFFECT_STORE,    /**< `side`; only the first of a side is answered. */
    // tells
    EDGE_EFFECT_MEDIA_RELEASE, /**< `leg`. */
    EDGE_EFFECT_FORGET,        /**< `side`: delete it from the store. */
    EDGE_EFFECT_RESPOND,    /**< To the customer's INVITE: `status`; 183 and 200 carry the SDP. */
    EDGE_EFFECT_MEDIA_PARK, /**< `leg`: who talked with it hears music. */
    EDGE_EFFECT_REOFFER_RESPOND, /**< `side`, `status`. */
    EDGE_EFFECT_REFER_RESPOND,   /**< `side`, `status`. */
    EDGE_EFFECT_NOTIFY, /**< `side`, `status` of what its REFER began; 200 and up: final. */
    EDGE_EFFECT_INVITE, /**< `side`, as all below. */
    EDGE_EFFECT_ACK,
    EDGE_EFFECT_CANCEL,
    EDGE_EFFECT_BYE,
    EDGE_EFFECT_CLOSE, /**< Nothing more will be asked of the side. */
    EDGE_EFFECT_REPORT,
    EDGE_EFFECT_COUNT
};

/** What the router is told. */
enum edge_report {
    EDGE_REPORT_RINGING,
    EDGE_REPORT_ACCEPTED,
    EDGE_REPORT_DECLINED, /**< After ACCEPTED: hung up before being connected. */
    EDGE_REPORT_FAILED,
    EDGE_REPORT_CONNECTED,
    EDGE_REPORT_ABANDONED,
    EDGE_REPORT_ENDED,
    EDGE_REPORT_HELD,    /**< `by`. */
    EDGE_REPORT_RESUMED, /**< `by`. */
    EDGE_REPORT_LEFT     /**< A parked agent hung up; `offer`. */
};

enum edge_offer_failure {
    EDGE_OFFER_NO_ANSWER,
    EDGE_OFFER_UNREACHABLE,
    EDGE_OFFER_NOT_REGISTERED,
    EDGE_OFFER_MEDIA,
    EDGE_OFFER_STORE,
    EDGE_OFFER_FULL /**< More legs at once than a call may have. */
};

enum edge_ended_by { EDGE_ENDED_BY_CUSTOMER, EDGE_ENDED_BY_AGENT, EDGE_ENDED_BY_SYSTEM };

struct edge_call_effect {
    enum edge_call_effect_type type;
    uint8_t side;
    uint16_t status;
    bool record;
    struct td_leg_id leg;
    struct td_offer_id offer;        /**< REPORT of an offer. */
    enum edge_report report;         /**< REPORT. */
    enum edge_offer_failure failure; /**< REPORT of FAILED. */
    enum edge_ended_by by;           /**< REPORT of ENDED, HELD, RESUMED. */
    const char *reason;              /**< REPORT; a literal. */
};

struct edge_call_effects {
    uint32_t count;
    bool unknown; /**< A command named what is not here (any more). */
    struct edge_call_effect items[EDGE_CALL_EFFECTS];
};

/* --- functions --- */

/** A call with nothing in it. INVITED makes it a customer's; OFFERED one without a customer. */
void edge_call_init(struct edge_call *call);

/** Takes one event. `effects` is overwritten. */
void edge_call_step(struct edge_call *call, const struct edge_call_event *event,
                    struct edge_call_effects *effects);

/** No leg is left and nothing is awaited: the call can be forgotten. */
bool edge_call_is_over(const struct edge_call *call);

/** How far a call has come, for a router that takes over; the order is that of the contract. */
enum edge_call_phase {
    EDGE_PHASE_ARRIVED,
    EDGE_PHASE_ANSWERED,
    EDGE_PHASE_OFFERING,
    EDGE_PHASE_ACCEPTED,
    EDGE_PHASE_CONNECTED,
    EDGE_PHASE_ENDED
};

/** @param side  Receives the agent's side the phase speaks of; 0 when it speaks of none. */
enum edge_call_phase edge_call_phase(const struct edge_call *call, uint8_t *side);

/** Side that has this leg at media; -1 when none has (any more). */
int edge_call_side_of_leg(const struct edge_call *call, struct td_leg_id leg);

/** Side that an offer is tried on; -1 when none is (any more). */
int edge_call_side_of_offer(const struct edge_call *call, struct td_offer_id offer);

/**
 * Puts back what a restarted edge read from the store: a customer whose ACK had come (or none), and
 * at most one agent's leg that was up, perhaps connected to the customer.
 */
void edge_call_restore(struct edge_call *call, bool has_customer, struct td_leg_id customer_leg);
void edge_call_restore_agent(struct edge_call *call, struct td_offer_id offer, struct td_leg_id leg,
                             bool connected);

#endif
