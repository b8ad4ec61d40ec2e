/*
 * Codes that agents dial to say something without a screen: the command goes to the router while
 * media prepares a leg; the phone hears what came of it and is hung up. Each has a leg id, by which
 * replies find it.
 */
#include "edge/core/feature_call.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "edge/sip_read.h"
#include "wire/agent_wire.h"
#include "wire/media_wire.h"

#define MEDIA_DEADLINE_MS 250
#define COMMAND_DEADLINE_MS 500
/** A prompt takes seconds; media that says nothing for so long has forgotten it. */
#define PROMPT_PATIENCE_MS 15000

struct feature {
    struct edge_index_node node; /* first: the index finds features by it */
    struct edge *edge;
    struct td_leg_id leg_id;
    uint32_t tenant;
    struct edge_feature_call call;
    enum td_feature_action action;
    bool accepted;
    char language[16];
    char media[64];
    char *local_sdp;
    char contact[EDGE_CONTACT_TEXT_SIZE];
    char next_hop[128];
    nta_leg_t *leg;
    nta_incoming_t *invited;
    struct td_timer patience;
};

/** A question under way. */
struct ask {
    struct edge *edge;
    struct td_leg_id leg_id;
};

static void step(struct feature *feature, enum edge_feature_event event);

/* --- table --- */

static struct feature *find(const struct edge *edge, struct td_leg_id leg_id)
{
    struct edge_index_node *node = edge_index_first(&edge->features, td_id_hash(leg_id.id));

    for (; node != NULL; node = edge_index_next(node)) {
        struct feature *feature = (struct feature *)node; // Its first member.
        if (td_id_equal(feature->leg_id.id, leg_id.id))
            return feature;
    }
    return NULL;
}

bool edge_feature_has(const struct edge *edge, struct td_leg_id leg_id)
{
    return find(edge, leg_id) != NULL;
}

static void destroy(struct feature *feature)
{
    edge_index_remove(&feature->edge->features, &feature->node);
    td_timer_stop(&feature->patience);
    if (feature->invited != NULL)
        nta_incoming_destroy(feature->invited);
    if (feature->leg != NULL)
        nta_leg_destroy(feature->leg);
    free(feature->local_sdp);
    free(feature);
}

static struct ask *begin(const struct feature *feature)
{
    struct ask *ask = malloc(sizeof(*ask));

    if (ask == NULL)
        abort();
    *ask = (struct ask){feature->edge, feature->leg_id};
    return ask;
}

static struct feature *finish(struct ask *ask)
{
    struct feature *feature = ask->edge->stopping ? NULL : find(ask->edge, ask->leg_id);

    free(ask);
    return feature;
}

/* --- asking --- */

static struct td_arena *arena_of(const struct feature *feature)
{
    return td_service_arena(feature->edge->service);
}

static void send_to_media(const struct feature *feature, const char *type, struct td_bytes payload,
                          td_reply_fn *done)
{
    const struct td_call call = {
        .to = "media",
        .instance = feature->media,
        .type = type,
        .payload = payload,
        .tenant = feature->tenant,
        .deadline_ms = MEDIA_DEADLINE_MS,
    };

    td_call(feature->edge->service, &call, done, done == NULL ? NULL : begin(feature));
}

static void on_answer(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct feature *feature = finish(ctx);
    struct td_leg_answer_reply reply;

    (void)message;
    if (feature == NULL)
        return;
    if (err == TD_OK)
        err = td_leg_answer_reply_decode(arena_of(feature), payload, &reply, NULL);
    if (err == TD_OK)
        feature->local_sdp = strdup(reply.sdp);
    step(feature, err == TD_OK ? EDGE_FEATURE_MEDIA_READY : EDGE_FEATURE_MEDIA_FAILED);
}

static void ask_media(const struct feature *feature, const char *sdp)
{
    struct td_leg_answer request = {.leg_id = feature->leg_id};

    request.interaction_id.id = feature->leg_id.id; // No interaction: a conversation with nobody.
    td_str_clip(request.sdp, sizeof(request.sdp), sdp);
    send_to_media(feature, "LegAnswer", td_leg_answer_encode(arena_of(feature), &request),
                  on_answer);
}

static void on_obeyed(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct feature *feature = finish(ctx);
    struct td_agent_command_reply reply;

    (void)message;
    if (feature == NULL)
        return;
    if (err == TD_OK)
        err = td_agent_command_reply_decode(arena_of(feature), payload, &reply, NULL);
    feature->accepted = err == TD_OK && reply.accepted;
    bool unheard = err == TD_ERR_TIMEOUT || err == TD_ERR_UNAVAILABLE || err == TD_ERR_BUSY;
    step(feature, unheard ? EDGE_FEATURE_UNHEARD : EDGE_FEATURE_OBEYED);
}

static void ask_router(const struct feature *feature, const char *agent, const char *argument)
{
    struct td_agent_command command = {.action = feature->action};

    td_str_clip(command.agent, sizeof(command.agent), agent);
    td_str_clip(command.argument, sizeof(command.argument), argument);
    td_str_clip(command.source, sizeof(command.source), "phone");
    const struct td_call call = {
        .to = "router",
        .type = "AgentCommand",
        .payload = td_agent_command_encode(arena_of(feature), &command),
        .tenant = feature->tenant,
        .key = agent,
        .deadline_ms = COMMAND_DEADLINE_MS,
    };
    td_call(feature->edge->service, &call, on_obeyed, begin(feature));
}

static void on_playing(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct feature *feature = finish(ctx);

    (void)payload;
    (void)message;
    if (feature != NULL && err != TD_OK)
        step(feature, EDGE_FEATURE_SAID); // It cannot be said: the command counts all the same.
}

static void speak(const struct feature *feature)
{
    struct td_arena *arena = arena_of(feature);
    struct td_prompt prompt = {.kind = TD_PROMPT_KIND_TEXT};
    struct td_play play = {.leg_id = feature->leg_id, .prompts = &prompt, .prompts_count = 1};

    play.request_id.id = feature->leg_id.id;
    td_str_clip(play.notify, sizeof(play.notify), td_service_instance(feature->edge->service));
    td_str_clip(prompt.language, sizeof(prompt.language), feature->language);
    td_str_clip(prompt.content, sizeof(prompt.content),
                edge_feature_sentence(feature->action, feature->accepted, feature->language));
    send_to_media(feature, "Play", td_play_encode(arena, &play), on_playing);
}

static void release(const struct feature *feature)
{
    const struct td_leg_release request = {.leg_id = feature->leg_id};

    send_to_media(feature, "LegRelease", td_leg_release_encode(arena_of(feature), &request), NULL);
}

/* --- effects --- */

static void respond(struct feature *feature, int status)
{
    if (status == 200)
        (void)nta_incoming_treply(feature->invited, SIP_200_OK,
                                  SIPTAG_CONTACT_STR(feature->contact),
                                  SIPTAG_CONTENT_TYPE_STR("application/sdp"),
                                  SIPTAG_PAYLOAD_STR(feature->local_sdp), TAG_END());
    else
        (void)nta_incoming_treply(feature->invited, status, sip_status_phrase(status),
                                  TAG_IF(status == 503, SIPTAG_RETRY_AFTER_STR("5")), TAG_END());
}

static void bye(const struct feature *feature)
{
    const sip_route_t *route = NULL;

    (void)nta_leg_get_route(feature->leg, &route, NULL);
    bool direct = route == NULL && feature->next_hop[0] != '\0';
    nta_outgoing_destroy(nta_outgoing_tcreate(feature->leg, NULL, NULL,
                                              direct ? URL_STRING_MAKE(feature->next_hop) : NULL,
                                              SIP_METHOD_BYE, NULL, TAG_END()));
}

/* @return False: the feature is gone. */
static bool perform(struct feature *feature, enum edge_feature_effect effect)
{
    switch (effect) {
    case EDGE_FEATURE_ANSWER:
        respond(feature, 200);
        break;
    case EDGE_FEATURE_REFUSE:
        respond(feature, 503);
        break;
    case EDGE_FEATURE_TERMINATE:
        respond(feature, 487);
        break;
    case EDGE_FEATURE_SPEAK:
        speak(feature);
        td_timer_start(&feature->patience, PROMPT_PATIENCE_MS);
        break;
    case EDGE_FEATURE_BYE:
        bye(feature);
        break;
    case EDGE_FEATURE_RELEASE:
        release(feature);
        break;
    case EDGE_FEATURE_CLOSE:
        destroy(feature);
        return false;
    }
    return true;
}

static void step(struct feature *feature, enum edge_feature_event event)
{
    struct edge_feature_effects effects;
    struct td_arena *arena = arena_of(feature);
    size_t mark = arena->used;
    bool there = true;

    edge_feature_step(&feature->call, event, &effects);
    for (uint32_t i = 0; i < effects.count && there; i++)
        there = perform(feature, effects.items[i]);
    td_arena_rewind(arena, mark);
}

/* --- events --- */

static void on_patience(void *ctx)
{
    step(ctx, EDGE_FEATURE_SAID);
}

static int on_request(void *ctx, nta_leg_t *leg, nta_incoming_t *request, const sip_t *sip)
{
    (void)leg;
    if (sip == NULL || sip->sip_request->rq_method == sip_method_ack) {
        nta_incoming_destroy(request);
        return 0;
    }
    if (sip->sip_request->rq_method != sip_method_bye)
        return edge_refuse(request, 488);
    (void)edge_refuse(request, 200);
    step(ctx, EDGE_FEATURE_HUNG_UP);
    return 0;
}

static int on_ack_or_cancel(void *ctx, nta_incoming_t *request, const sip_t *sip)
{
    struct feature *feature = ctx;

    (void)request;
    if (sip == NULL || sip->sip_request == NULL)
        step(feature, EDGE_FEATURE_UNCONFIRMED);
    else if (sip->sip_request->rq_method == sip_method_ack)
        step(feature, EDGE_FEATURE_CONFIRMED);
    else if (sip->sip_request->rq_method == sip_method_cancel)
        step(feature, EDGE_FEATURE_CANCELLED);
    return 0;
}

void edge_feature_done(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct edge *edge = ctx;
    struct td_arena *arena = td_service_arena(edge->service);
    struct td_media_done done;
    const char *bad_field = "";
    enum td_err err = td_media_done_decode(arena, payload, &done, &bad_field);

    if (err != TD_OK) {
        td_request_fail(request, err, "field %s is missing or out of bounds", bad_field);
        return;
    }
    td_request_reply(request, td_done_encode(arena, &(struct td_done){0}));
    struct feature *feature = find(edge, done.leg_id);
    if (feature != NULL)
        step(feature, EDGE_FEATURE_SAID);
}

/* --- life --- */

static bool open_dialog(struct feature *feature, nta_incoming_t *request, const sip_t *sip,
                        const struct edge_peer *peer)
{
    feature->leg =
        nta_leg_tcreate(feature->edge->agent, on_request, feature, SIPTAG_CALL_ID(sip->sip_call_id),
                        SIPTAG_FROM(sip->sip_to), SIPTAG_TO(sip->sip_from),
                        NTATAG_REMOTE_CSEQ(sip->sip_cseq->cs_seq), TAG_END());
    if (feature->leg == NULL || nta_leg_tag(feature->leg, NULL) == NULL)
        return false;
    (void)nta_leg_server_route(feature->leg, sip->sip_record_route, sip->sip_contact);
    (void)nta_incoming_tag(request, nta_leg_get_tag(feature->leg));
    nta_incoming_bind(request, on_ack_or_cancel, feature);
    feature->invited = request;
    // It is registered from there: its Contact may be behind a NAT.
    td_str_clip(feature->next_hop, sizeof(feature->next_hop), peer->route);
    (void)edge_listener_contact(feature->edge, peer->tcp, feature->contact);
    return true;
}

static struct feature *create(struct edge *edge, const struct edge_feature_request *what,
                              const char *media)
{
    struct feature *feature = calloc(1, sizeof(*feature));

    if (feature == NULL)
        return NULL;
    feature->edge = edge;
    feature->leg_id = (struct td_leg_id){td_service_new_id(edge->service)};
    feature->tenant = what->tenant->id;
    td_str_clip(feature->language, sizeof(feature->language), what->agent->language);
    td_str_clip(feature->media, sizeof(feature->media), media);
    td_timer_init(&feature->patience, edge->loop, on_patience, feature);
    edge_index_add(&edge->features, &feature->node, td_id_hash(feature->leg_id.id));
    return feature;
}

int edge_feature_take(struct edge *edge, nta_incoming_t *request, const sip_t *sip,
                      const struct edge_feature_request *what)
{
    char argument[64] = "";
    const struct td_company_config *company = what->tenant->config;
    const struct td_feature_code *code = edge_feature_find(
        company->feature_codes, company->feature_codes_count, what->dialled, argument);
    const struct td_instance *media = td_service_find_instance(edge->service, "media", NULL);
    char *sdp = edge_read_sdp(sip);

    if (code == NULL || sdp == NULL || media == NULL) {
        free(sdp);
        return edge_refuse(request, code == NULL ? 404 : 488);
    }
    struct feature *feature = create(edge, what, media->instance);
    if (feature == NULL || !open_dialog(feature, request, sip, what->peer)) {
        free(sdp);
        if (feature != NULL)
            destroy(feature);
        return edge_refuse_later(edge, request, edge->config->retry_after_s);
    }
    ++*edge->counters.features_dialled;
    td_log_info(edge->log, "feature.dialled", td_str("agent", what->agent->name),
                td_str("code", code->code));
    struct td_arena *arena = arena_of(feature);
    size_t mark = arena->used;
    feature->action = code->action;
    ask_media(feature, sdp);
    ask_router(feature, what->agent->name, argument);
    td_arena_rewind(arena, mark);
    free(sdp);
    return 0;
}

static void destroy_one(void *ctx, struct edge_index_node *node)
{
    (void)ctx;
    destroy((struct feature *)node);
}

void edge_feature_fini(struct edge *edge)
{
    edge_index_each(&edge->features, destroy_one, NULL);
}
