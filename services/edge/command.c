/* What the router asks of this edge, and what media tells it. */
#include <string.h>

#include "base/str.h"
#include "edge/session.h"
#include "wire/media_wire.h"

#define SYNC_PAGE 64
#define US_PER_MS 1000
#define RELEASE_DEADLINE_MS 1000

static struct td_arena *arena_of(const struct edge *edge)
{
    return td_service_arena(edge->service);
}

static void refuse_bytes(struct td_request *request, enum td_err err, const char *bad_field)
{
    td_request_fail(request, err, "field %s is missing or out of bounds", bad_field);
}

/* --- commands --- */

/* Obeys a command at most once, and none of a router that lost its lease. */
static enum td_command_result obey(struct edge *edge, struct edge_session *session,
                                   const struct td_command_head *head,
                                   const struct edge_call_event *event)
{
    const struct edge_command command = {head->command_id, head->version, head->epoch};

    if (head->epoch < edge->epoch) {
        ++*edge->counters.commands_stale;
        return TD_COMMAND_RESULT_STALE;
    }
    edge->epoch = head->epoch;
    if (session == NULL)
        return TD_COMMAND_RESULT_UNKNOWN;
    switch (edge_fence_pass(&session->fence, &command)) {
    case EDGE_FENCE_STALE:
        ++*edge->counters.commands_stale;
        return TD_COMMAND_RESULT_STALE;
    case EDGE_FENCE_REPEATED:
        ++*edge->counters.commands_repeated;
        return TD_COMMAND_RESULT_REPEATED;
    case EDGE_FENCE_OBEY:
        break;
    }
    return edge_session_step(session, event) ? TD_COMMAND_RESULT_ACCEPTED
                                             : TD_COMMAND_RESULT_UNKNOWN;
}

static void reply(struct edge *edge, struct td_request *request, enum td_command_result result)
{
    const struct td_command_reply said = {.result = result};

    td_request_reply(request, td_command_reply_encode(arena_of(edge), &said));
}

/* The agent's phone and whether it is registered here. */
static const struct td_agent_config *find_agent(const struct edge *edge, uint32_t tenant_id,
                                                const char *name, bool *reachable)
{
    const struct edge_tenant *tenant = edge_directory_find(&edge->directory, tenant_id);
    const struct td_agent_config *agent = tenant == NULL ? NULL : edge_tenant_agent(tenant, name);

    *reachable = agent != NULL && agent->phone_user[0] != '\0' &&
                 edge_registrar_find(edge, tenant_id, agent->phone_user) != NULL;
    return agent;
}

/* The outbound trunk of that name, or NULL. */
static const struct td_trunk *find_trunk(const struct edge *edge, uint32_t tenant_id,
                                         const char *name)
{
    const struct edge_tenant *tenant = edge_directory_find(&edge->directory, tenant_id);

    for (uint32_t i = 0; tenant != NULL && i < tenant->config->trunks_count; i++) {
        const struct td_trunk *trunk = &tenant->config->trunks[i];
        if (trunk->outbound && td_str_equal(trunk->name, name))
            return trunk;
    }
    return NULL;
}

/* The session of an offer; a new one where the customer is at another edge. */
static struct edge_session *session_for_offer(struct edge *edge, uint32_t tenant,
                                              const struct td_offer *offer)
{
    struct edge_session *session = edge_session_find(edge, offer->head.interaction_id);

    if (session != NULL || offer->head.epoch < edge->epoch)
        return session;
    session = edge_session_create(edge, tenant, offer->head.interaction_id);
    if (session != NULL)
        td_str_clip(session->media, sizeof(session->media), offer->customer_leg.instance);
    return session;
}

static void on_offer(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct edge *edge = ctx;
    struct edge_call_event event = {.type = EDGE_CALL_OFFERED};
    struct td_offer offer;
    const char *bad_field = "";
    enum td_err err = td_offer_decode(arena_of(edge), payload, &offer, &bad_field);

    if (err != TD_OK) {
        refuse_bytes(request, err, bad_field);
        return;
    }
    uint32_t tenant = td_request_tenant(request);
    struct edge_session *session = session_for_offer(edge, tenant, &offer);
    event.offer = offer.offer_id;
    event.leg = (struct td_leg_id){td_service_new_id(edge->service)};
    if (session != NULL) {
        session->offering = &offer;
        session->offered_to = find_agent(edge, tenant, offer.agent, &event.reachable);
        if (offer.number[0] != '\0') {
            session->offered_to = NULL;
            session->offered_through = find_trunk(edge, tenant, offer.trunk);
            event.outside = true;
            event.reachable = session->offered_through != NULL;
        }
    }
    enum td_command_result result = obey(edge, session, &offer.head, &event);
    session = edge_session_find(edge, offer.head.interaction_id);
    if (session != NULL) {
        session->offering = NULL;
        session->offered_to = NULL;
        session->offered_through = NULL;
        edge_session_settle(session); // A refused one was made for nothing.
    }
    reply(edge, request, result);
}

static void on_cancel_offer(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct edge *edge = ctx;
    struct td_cancel_offer cancel;
    const char *bad_field = "";
    enum td_err err = td_cancel_offer_decode(arena_of(edge), payload, &cancel, &bad_field);

    if (err != TD_OK) {
        refuse_bytes(request, err, bad_field);
        return;
    }
    const struct edge_call_event event = {.type = EDGE_CALL_OFFER_CANCELLED,
                                          .offer = cancel.offer_id};
    reply(edge, request,
          obey(edge, edge_session_find(edge, cancel.head.interaction_id), &cancel.head, &event));
}

static void on_connect(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct edge *edge = ctx;
    struct td_connect connect;
    const char *bad_field = "";
    enum td_err err = td_connect_decode(arena_of(edge), payload, &connect, &bad_field);

    if (err != TD_OK) {
        refuse_bytes(request, err, bad_field);
        return;
    }
    const struct edge_call_event event = {.type = EDGE_CALL_CONNECT,
                                          .offer = connect.offer_id,
                                          .leg = connect.agent_leg.leg_id,
                                          .record = connect.record};
    struct edge_session *session = edge_session_find(edge, connect.head.interaction_id);
    if (session != NULL)
        td_str_clip(session->music, sizeof(session->music), connect.music);
    reply(edge, request, obey(edge, session, &connect.head, &event));
}

static void on_transfer_update(void *ctx, struct td_request *request, struct td_bytes payload)
{
    static const enum edge_call_event_type types[] = {
        [TD_TRANSFER_STATE_RINGING] = EDGE_CALL_TRANSFER_RINGS,
        [TD_TRANSFER_STATE_DONE] = EDGE_CALL_TRANSFER_DONE,
        [TD_TRANSFER_STATE_FAILED] = EDGE_CALL_TRANSFER_FAILED,
    };
    struct edge *edge = ctx;
    struct td_transfer_update update;
    const char *bad_field = "";
    enum td_err err = td_transfer_update_decode(arena_of(edge), payload, &update, &bad_field);

    if (err == TD_OK && (size_t)update.state >= sizeof(types) / sizeof(types[0])) {
        err = TD_ERR_RANGE;
        bad_field = "state";
    }
    if (err != TD_OK) {
        refuse_bytes(request, err, bad_field);
        return;
    }
    const struct edge_call_event event = {.type = types[update.state],
                                          .offer = update.offer_id,
                                          .leg = update.agent_leg.leg_id,
                                          .record = update.record,
                                          .status = edge_transfer_status(update.reason)};
    struct edge_session *session = edge_session_find(edge, update.head.interaction_id);
    if (session != NULL && update.state == TD_TRANSFER_STATE_FAILED)
        td_str_clip(session->music, sizeof(session->music), update.music);
    reply(edge, request, obey(edge, session, &update.head, &event));
}

static void on_answer(void *ctx, struct td_request *request, struct td_bytes payload)
{
    static const struct edge_call_event event = {.type = EDGE_CALL_ANSWER_NOW};
    struct edge *edge = ctx;
    struct td_answer answer;
    const char *bad_field = "";
    enum td_err err = td_answer_decode(arena_of(edge), payload, &answer, &bad_field);

    if (err != TD_OK) {
        refuse_bytes(request, err, bad_field);
        return;
    }
    reply(edge, request,
          obey(edge, edge_session_find(edge, answer.head.interaction_id), &answer.head, &event));
}

/* What a caller is told who was not yet answered. */
static uint16_t status_of(enum td_release_reason reason)
{
    switch (reason) {
    case TD_RELEASE_REASON_BUSY:
        return 486;
    case TD_RELEASE_REASON_FAILED:
        return 503;
    default:
        return 480;
    }
}

static void on_release(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct edge *edge = ctx;
    struct td_release release;
    const char *bad_field = "";
    enum td_err err = td_release_decode(arena_of(edge), payload, &release, &bad_field);

    if (err != TD_OK) {
        refuse_bytes(request, err, bad_field);
        return;
    }
    const struct edge_call_event event = {
        .type = EDGE_CALL_RELEASE, .offer = release.offer_id, .status = status_of(release.reason)};
    reply(edge, request,
          obey(edge, edge_session_find(edge, release.head.interaction_id), &release.head, &event));
}

/* --- take-over --- */

/** The sessions that follow `after` by id, the smallest ones. */
struct page {
    struct td_interaction_id after;
    uint32_t count;
    bool more;
    const struct edge_session *sessions[SYNC_PAGE];
};

static void add_to_page(void *ctx, struct edge_index_node *node)
{
    struct page *page = ctx;
    const struct edge_session *session = (const struct edge_session *)node;
    uint32_t at = page->count;

    if (td_id_compare(session->id.id, page->after.id) <= 0)
        return;
    while (at > 0 && td_id_compare(session->id.id, page->sessions[at - 1]->id.id) < 0)
        at--;
    if (page->count == SYNC_PAGE)
        page->more = true;
    if (at == SYNC_PAGE)
        return;
    uint32_t kept = page->count < SYNC_PAGE ? page->count : SYNC_PAGE - 1;
    for (uint32_t i = kept; i > at; i--)
        page->sessions[i] = page->sessions[i - 1];
    page->sessions[at] = session;
    page->count = kept + 1;
}

static enum td_channel_phase phase_on_wire(enum edge_call_phase phase)
{
    static const enum td_channel_phase phases[] = {
        [EDGE_PHASE_ARRIVED] = TD_CHANNEL_PHASE_ARRIVED,
        [EDGE_PHASE_ANSWERED] = TD_CHANNEL_PHASE_ANSWERED,
        [EDGE_PHASE_OFFERING] = TD_CHANNEL_PHASE_OFFERING,
        [EDGE_PHASE_ACCEPTED] = TD_CHANNEL_PHASE_ACCEPTED,
        [EDGE_PHASE_CONNECTED] = TD_CHANNEL_PHASE_CONNECTED,
        [EDGE_PHASE_ENDED] = TD_CHANNEL_PHASE_ENDED,
    };

    return phases[phase];
}

static void describe_agent(const struct edge_session *session, uint8_t side,
                           struct td_sync_item *item)
{
    const struct edge_dialog *dialog = session->sides[side];

    if (side == EDGE_CALL_CUSTOMER || dialog == NULL)
        return;
    item->offer_id = dialog->offer;
    td_str_clip(item->agent, sizeof(item->agent), dialog->agent);
    item->has_agent_leg = true;
    item->agent_leg.leg_id = dialog->leg_id;
    td_str_clip(item->agent_leg.instance, sizeof(item->agent_leg.instance), session->media);
}

static void describe(const struct edge_session *session, uint64_t now_unix_us,
                     struct td_sync_item *item)
{
    uint8_t side;
    bool over = edge_call_is_over(&session->call);
    enum edge_call_phase phase = edge_call_phase(&session->call, &side);

    *item = (struct td_sync_item){
        .interaction_id = session->id,
        .version = session->fence.version,
        .phase = over ? TD_CHANNEL_PHASE_ENDED : phase_on_wire(phase),
        .tenant = session->tenant,
        .customer_side = session->call.customer != EDGE_CUSTOMER_ABSENT,
        .phase_age_ms = now_unix_us > session->phase_at_unix_us
                            ? (now_unix_us - session->phase_at_unix_us) / US_PER_MS
                            : 0,
    };
    describe_agent(session, side, item);
}

static void on_sync(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct edge *edge = ctx;
    struct td_arena *arena = arena_of(edge);
    struct td_sync sync;
    struct page page = {0};
    const char *bad_field = "";
    enum td_err err = td_sync_decode(arena, payload, &sync, &bad_field);

    if (err != TD_OK) {
        refuse_bytes(request, err, bad_field);
        return;
    }
    if (sync.epoch < edge->epoch) {
        td_request_fail(request, TD_ERR_STALE, "epoch is below %llu",
                        (unsigned long long)edge->epoch);
        return;
    }
    edge->epoch = sync.epoch;
    page.after = sync.after;
    edge_index_each(&edge->sessions, add_to_page, &page);

    struct td_sync_item *items = td_arena_array(arena, SYNC_PAGE, sizeof(*items));
    if (items == NULL) {
        td_request_fail(request, TD_ERR_LIMIT, "no memory for a page");
        return;
    }
    uint64_t now_unix_us = td_loop_now_unix_us(edge->loop);
    for (uint32_t i = 0; i < page.count; i++)
        describe(page.sessions[i], now_unix_us, &items[i]);
    const struct td_sync_reply said = {
        .items = items, .items_count = page.count, .done = !page.more};
    td_request_reply(request, td_sync_reply_encode(arena, &said));
}

static void on_describe(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct edge *edge = ctx;
    struct td_describe wanted;
    struct td_interaction_arrived arrived;
    const char *bad_field = "";
    enum td_err err = td_describe_decode(arena_of(edge), payload, &wanted, &bad_field);

    if (err != TD_OK) {
        refuse_bytes(request, err, bad_field);
        return;
    }
    const struct edge_session *session = edge_session_find(edge, wanted.interaction_id);
    if (session == NULL || session->call.customer == EDGE_CUSTOMER_ABSENT) {
        td_request_fail(request, TD_ERR_NOT_FOUND, "interaction_id names no call here");
        return;
    }
    edge_describe(session, &arrived);
    td_request_reply(request, td_interaction_arrived_encode(arena_of(edge), &arrived));
}

/* --- media --- */

/* A leg that ended here and not at media, whose loop was too busy to be told. */
static void release_again(struct edge *edge, const struct td_request *request, struct td_leg_id leg)
{
    const struct td_leg_release release = {.leg_id = leg};
    char key[TD_ID_TEXT_SIZE];
    const struct td_call call = {
        .to = "media",
        .instance = td_request_source(request),
        .type = "LegRelease",
        .payload = td_leg_release_encode(arena_of(edge), &release),
        .tenant = td_request_tenant(request),
        .key = td_id_format(leg.id, key),
        .deadline_ms = RELEASE_DEADLINE_MS,
    };

    if (td_outbox_send(edge->outbox, &call) != TD_OK)
        td_log_warn(edge->log, "leg.left", td_str("leg", key), td_str("media", call.instance));
}

/* Silence may be a pause, or a phone that lost its power: only the phone can tell. */
static void on_leg_silent(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct edge *edge = ctx;
    struct td_leg_silent silent;
    const char *bad_field = "";
    enum td_err err = td_leg_silent_decode(arena_of(edge), payload, &silent, &bad_field);

    if (err != TD_OK) {
        refuse_bytes(request, err, bad_field);
        return;
    }
    struct edge_session *session = edge_session_find(edge, silent.interaction_id);
    int side = session == NULL ? -1 : edge_call_side_of_leg(&session->call, silent.leg_id);
    // A session outlives its dialogs for as long as the router has not heard of their end.
    if (side >= 0 && session->sides[side] != NULL)
        edge_dialog_probe(session->sides[side]);
    else if (!edge_feature_has(edge, silent.leg_id))
        release_again(edge, request, silent.leg_id);
    td_request_reply(request, td_done_encode(arena_of(edge), &(struct td_done){0}));
}

const struct td_handler edge_handlers[] = {
    {"Offer", on_offer},
    {"CancelOffer", on_cancel_offer},
    {"Connect", on_connect},
    {"TransferUpdate", on_transfer_update},
    {"Answer", on_answer},
    {"Release", on_release},
    {"Sync", on_sync},
    {"Describe", on_describe},
    {"MediaDone", edge_feature_done},
    {"LegSilent", on_leg_silent},
};

const size_t edge_handler_count = sizeof(edge_handlers) / sizeof(edge_handlers[0]);
