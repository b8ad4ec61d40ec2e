/*
 * REGISTER: proves the phone, lets core/registration decide, keeps the binding in Redis and in
 * memory, and tells the router when an agent's phone comes or goes. A binding counts when it is on
 * disk: a phone that got 200 will ring after a restart too.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "edge/request.h"
#include "edge/sip_read.h"
#include "io/live_read.h"
#include "service/commit.h"
#include "wire/agent_wire.h"
#include "wire/sip_wire.h"

#define COMMIT_DEADLINE_MS 400
#define LOAD_DEADLINE_MS 2000
#define REPORT_DEADLINE_MS 500
#define STATE_VERSION 1
#define US_PER_S UINT64_C(1000000)

/** A REGISTER whose commit is under way. */
struct registration {
    struct edge *edge;
    nta_incoming_t *request;
    uint32_t tenant;
    char user[64];
    char agent[64];
    char route[128];
    struct edge_binding binding; /* an empty contact: none any more */
};

/* --- phones in memory --- */

static uint64_t hash_of(uint32_t tenant, const char *user)
{
    return td_str_hash(user, strlen(user)) ^ (tenant * UINT64_C(0x9e3779b97f4a7c15));
}

static struct edge_phone *find(const struct edge *edge, uint32_t tenant, const char *user)
{
    struct edge_index_node *node = edge_index_first(&edge->phones, hash_of(tenant, user));

    for (; node != NULL; node = edge_index_next(node)) {
        struct edge_phone *phone = (struct edge_phone *)node; // Its first member.
        if (phone->tenant == tenant && td_str_equal(phone->user, user))
            return phone;
    }
    return NULL;
}

static struct edge_phone *add(struct edge *edge, uint32_t tenant, const char *user)
{
    struct edge_phone *phone = calloc(1, sizeof(*phone));

    if (phone == NULL)
        return NULL;
    phone->tenant = tenant;
    td_str_clip(phone->user, sizeof(phone->user), user);
    edge_index_add(&edge->phones, &phone->node, hash_of(tenant, user));
    return phone;
}

/* --- where they are --- */

static uint64_t hash_of_address(const char *address)
{
    return td_str_hash(address, strlen(address));
}

static struct edge_phone *at_place(struct edge_index_node *place)
{
    return (struct edge_phone *)((char *)place - offsetof(struct edge_phone, place));
}

bool edge_registrar_is_at(const struct edge *edge, const char *address)
{
    struct edge_index_node *place = edge_index_first(&edge->addresses, hash_of_address(address));

    while (place != NULL && !td_str_equal(at_place(place)->address, address))
        place = edge_index_next(place);
    return place != NULL;
}

/* "sip:[2001:db8::1]:5060;transport=udp" */
static void read_address(const char *route, char *address, size_t size)
{
    const char *host = strchr(route, ':');
    const char *end = strchr(route, ';');

    address[0] = '\0';
    if (host == NULL || end == NULL)
        return;
    while (end > host && *end != ':')
        end--;
    host++;
    if (*host == '[' && end > host && end[-1] == ']') {
        host++;
        end--;
    }
    if (end > host)
        (void)td_str_copy_span(address, size, host, (size_t)(end - host));
}

static void leave_place(struct edge *edge, struct edge_phone *phone)
{
    if (phone->address[0] != '\0')
        edge_index_remove(&edge->addresses, &phone->place);
    phone->address[0] = '\0';
}

static void set_route(struct edge *edge, struct edge_phone *phone, const char *route)
{
    leave_place(edge, phone);
    td_str_clip(phone->route, sizeof(phone->route), route);
    read_address(route, phone->address, sizeof(phone->address));
    if (phone->address[0] != '\0')
        edge_index_add(&edge->addresses, &phone->place, hash_of_address(phone->address));
}

static void drop(struct edge *edge, struct edge_phone *phone)
{
    leave_place(edge, phone);
    edge_index_remove(&edge->phones, &phone->node);
    free(phone);
}

const struct edge_phone *edge_registrar_find(const struct edge *edge, uint32_t tenant,
                                             const char *user)
{
    const struct edge_phone *phone = find(edge, tenant, user);

    if (phone == NULL || !edge_binding_is_live(&phone->binding, td_loop_now_unix_us(edge->loop)))
        return NULL;
    return phone;
}

/* --- the router is told --- */

static void report(struct edge *edge, uint32_t tenant, const char *agent, bool registered)
{
    struct td_arena *arena = td_service_arena(edge->service);
    size_t mark = arena->used;
    struct td_device_changed change = {.registered = registered,
                                       .at_unix_us = td_loop_now_unix_us(edge->loop)};

    td_str_clip(change.agent, sizeof(change.agent), agent);
    td_str_clip(change.instance, sizeof(change.instance), td_service_instance(edge->service));
    const struct td_call call = {
        .to = "router",
        .type = "DeviceChanged",
        .payload = td_device_changed_encode(arena, &change),
        .tenant = tenant,
        .key = agent,
        .deadline_ms = REPORT_DEADLINE_MS,
    };
    if (td_outbox_send(edge->outbox, &call) != TD_OK)
        ++*edge->counters.reports_dropped;
    td_arena_rewind(arena, mark);
    td_log_info(edge->log, registered ? "phone.registered" : "phone.unregistered",
                td_str("agent", agent), td_u64("tenant", tenant));
}

static void set_binding(struct edge *edge, const struct registration *made)
{
    struct edge_phone *phone = find(edge, made->tenant, made->user);

    if (phone == NULL)
        phone = add(edge, made->tenant, made->user);
    if (phone == NULL)
        return; // It is in Redis; the next refresh finds memory again.
    td_str_clip(phone->agent, sizeof(phone->agent), made->agent);
    set_route(edge, phone, made->route);
    phone->binding = made->binding;
    if (!phone->registered) {
        phone->registered = true;
        report(edge, phone->tenant, phone->agent, true);
    }
}

static void remove_binding(struct edge *edge, struct edge_phone *phone)
{
    report(edge, phone->tenant, phone->agent, false);
    drop(edge, phone);
}

/* --- Redis --- */

static const char *hash_name(const struct edge *edge, char name[96])
{
    (void)snprintf(name, 96, "sip_bindings:%s", td_service_instance(edge->service));
    return name;
}

static struct td_bytes encode(struct edge *edge, const struct registration *made)
{
    struct td_sip_binding stored = {
        .cseq = made->binding.cseq,
        .expires_at_unix_us = made->binding.expires_at_unix_us,
        .state_version = STATE_VERSION,
    };

    td_str_clip(stored.user, sizeof(stored.user), made->user);
    td_str_clip(stored.agent, sizeof(stored.agent), made->agent);
    td_str_clip(stored.contact, sizeof(stored.contact), made->binding.contact);
    td_str_clip(stored.route, sizeof(stored.route), made->route);
    td_str_clip(stored.call_id, sizeof(stored.call_id), made->binding.call_id);
    return td_sip_binding_encode(td_service_arena(edge->service), &stored);
}

static void commit(struct edge *edge, const struct registration *made, td_committed_fn *done,
                   void *ctx)
{
    char name[96];
    struct td_arena *arena = td_service_arena(edge->service);
    size_t mark = arena->used;
    struct td_commit *step = td_commit_begin(edge->service, made->tenant);

    if (made->binding.contact[0] != '\0')
        td_commit_put(step, hash_name(edge, name), made->user, encode(edge, made));
    else
        td_commit_delete(step, hash_name(edge, name), made->user);
    td_arena_rewind(arena, mark); // The commit has copied it.
    td_commit_run(step, COMMIT_DEADLINE_MS, done, ctx);
}

/* --- answers --- */

static int show_binding(struct edge *edge, nta_incoming_t *request,
                        const struct edge_binding *binding)
{
    uint64_t now_unix_us = td_loop_now_unix_us(edge->loop);
    char contact[EDGE_CONTACT_SIZE + 32] = "";

    if (binding != NULL && edge_binding_is_live(binding, now_unix_us))
        (void)snprintf(
            contact, sizeof(contact), "<%s>;expires=%u", binding->contact,
            (unsigned)((binding->expires_at_unix_us - now_unix_us + US_PER_S - 1) / US_PER_S));
    (void)nta_incoming_treply(request, SIP_200_OK,
                              TAG_IF(contact[0] != '\0', SIPTAG_CONTACT_STR(contact)), TAG_END());
    nta_incoming_destroy(request);
    return 0;
}

static int refuse_brief(struct edge *edge, nta_incoming_t *request)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", edge->config->registration_min_ms / 1000);
    (void)nta_incoming_treply(request, SIP_423_INTERVAL_TOO_BRIEF, SIPTAG_MIN_EXPIRES_STR(text),
                              TAG_END());
    nta_incoming_destroy(request);
    return 0;
}

static int refuse_for_now(struct edge *edge, nta_incoming_t *request)
{
    char text[16];

    ++*edge->counters.registrations_refused;
    (void)snprintf(text, sizeof(text), "%u", edge->config->retry_after_s);
    (void)nta_incoming_treply(request, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER_STR(text),
                              TAG_END());
    nta_incoming_destroy(request);
    return 0;
}

static void on_committed(void *ctx, enum td_err err)
{
    struct registration *made = ctx;
    struct edge *edge = made->edge;
    struct edge_phone *phone = find(edge, made->tenant, made->user);

    if (edge->stopping) {
        free(made);
        return;
    }
    if (err != TD_OK) {
        (void)refuse_for_now(edge, made->request);
    } else if (made->binding.contact[0] != '\0') {
        ++*edge->counters.registrations;
        set_binding(edge, made);
        (void)show_binding(edge, made->request, &made->binding);
    } else {
        if (phone != NULL)
            remove_binding(edge, phone);
        (void)show_binding(edge, made->request, NULL);
    }
    free(made);
}

/* --- REGISTER --- */

struct asked {
    const struct edge_tenant *tenant;
    const struct td_agent_config *agent;
    const struct edge_peer *peer;
    char user[EDGE_NUMBER_SIZE];
};

static int change(struct edge *edge, nta_incoming_t *request, const struct asked *asked,
                  const struct edge_binding *binding)
{
    struct registration *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return refuse_for_now(edge, request);
    made->edge = edge;
    made->request = request;
    made->tenant = asked->tenant->id;
    made->binding = *binding;
    td_str_clip(made->user, sizeof(made->user), asked->user);
    td_str_clip(made->agent, sizeof(made->agent), asked->agent->name);
    td_str_clip(made->route, sizeof(made->route), asked->peer->route);
    commit(edge, made, on_committed, made);
    return 0;
}

static bool is_full(const struct edge *edge, const struct edge_phone *phone)
{
    return phone == NULL && edge->phones.count >= edge->config->phones_max;
}

static int decide(struct edge *edge, nta_incoming_t *request, const struct asked *asked,
                  const struct edge_register *wanted)
{
    static const struct edge_binding none = {0};
    const struct edge_phone *phone = edge_registrar_find(edge, asked->tenant->id, asked->user);
    const struct edge_binding *current = phone != NULL ? &phone->binding : &none;
    const struct edge_registration_limits limits = {
        .min_s = edge->config->registration_min_ms / 1000,
        .max_s = edge->config->registration_max_ms / 1000,
        .default_s = edge->config->registration_max_ms / 1000,
    };
    struct edge_binding binding = {0};

    switch (
        edge_register_decide(&limits, current, wanted, td_loop_now_unix_us(edge->loop), &binding)) {
    case EDGE_REGISTER_SHOW:
        return show_binding(edge, request, current);
    case EDGE_REGISTER_BIND:
        return is_full(edge, phone) ? refuse_for_now(edge, request)
                                    : change(edge, request, asked, &binding);
    case EDGE_REGISTER_REMOVE:
        return change(edge, request, asked, &none);
    case EDGE_REGISTER_TOO_BRIEF:
        return refuse_brief(edge, request);
    case EDGE_REGISTER_OUT_OF_ORDER:
        return edge_refuse(request, 500);
    case EDGE_REGISTER_BAD:
        break;
    }
    return edge_refuse(request, 400);
}

/* It has proven itself: what follows may wait for the store. */
static void take_proven(struct edge *edge, nta_incoming_t *request, const sip_t *sip,
                        const struct asked *asked)
{
    struct edge_register wanted;
    su_home_t home[1] = {SU_HOME_INIT(home)};

    su_home_init(home);
    if (edge_read_register(home, sip, &wanted) == TD_OK)
        (void)decide(edge, request, asked, &wanted);
    else
        (void)edge_refuse(request, 400);
    su_home_deinit(home);
}

void edge_registrar_take(struct edge_request *request)
{
    struct edge *edge = request->edge;
    const sip_t *sip = request->sip;
    const url_t *who = sip->sip_to->a_url;
    struct asked asked = {.peer = &request->peer};

    edge_read_user(who, asked.user);
    asked.tenant = edge_auth_tenant(edge, sip, who, asked.user);
    if (asked.tenant == NULL) { // No company is configured yet.
        ++*edge->counters.registrations_refused;
        edge_request_refuse_later(request, edge->config->retry_after_s);
        return;
    }
    asked.agent =
        edge_tenant_phone(asked.tenant, asked.user); // Nobody is challenged like somebody.
    struct edge_auth auth = edge_auth_check(edge, asked.tenant, asked.agent, sip, &request->peer);
    if (auth.verdict != EDGE_DIGEST_ACCEPTED) {
        edge_auth_challenge(request, asked.tenant, auth.verdict == EDGE_DIGEST_STALE);
        return;
    }
    nta_incoming_t *kept = edge_request_keep(request);
    if (kept != NULL)
        take_proven(edge, kept, sip, &asked);
}

/* --- life of all bindings --- */

struct sweep {
    struct edge *edge;
    uint64_t now_unix_us;
    uint64_t registered;
};

static void sweep_one(void *ctx, struct edge_index_node *node)
{
    struct sweep *sweep = ctx;
    struct edge_phone *phone = (struct edge_phone *)node;
    struct registration gone = {.tenant = phone->tenant};

    if (edge_binding_is_live(&phone->binding, sweep->now_unix_us)) {
        sweep->registered++;
        return;
    }
    td_str_clip(gone.user, sizeof(gone.user), phone->user);
    commit(sweep->edge, &gone, NULL, NULL); // Lost with Redis away: it has expired there too.
    remove_binding(sweep->edge, phone);
}

void edge_registrar_sweep(struct edge *edge)
{
    struct sweep sweep = {.edge = edge, .now_unix_us = td_loop_now_unix_us(edge->loop)};

    edge_index_each(&edge->phones, sweep_one, &sweep);
    *edge->counters.phones_registered = sweep.registered;
}

static void free_one(void *ctx, struct edge_index_node *node)
{
    drop(ctx, (struct edge_phone *)node);
}

void edge_registrar_fini(struct edge *edge)
{
    edge_index_each(&edge->phones, free_one, edge);
}

struct load {
    struct edge *edge;
    uint32_t tenant;
};

static bool decode(struct edge *edge, struct td_bytes value, struct td_sip_binding *stored)
{
    struct td_arena *arena = td_service_arena(edge->service);
    size_t mark = arena->used; // Thousands come in one turn of the loop.
    enum td_err err = td_sip_binding_decode(arena, value, stored, NULL);

    td_arena_rewind(arena, mark);
    return err == TD_OK;
}

static void on_loaded_one(void *ctx, struct td_bytes field, struct td_bytes value)
{
    const struct load *load = ctx;
    struct td_sip_binding stored;
    struct registration made = {.tenant = load->tenant};

    (void)field;
    if (load->edge->stopping || !decode(load->edge, value, &stored))
        return;
    if (find(load->edge, load->tenant, stored.user) != NULL)
        return; // It has registered anew while we read.
    td_str_clip(made.user, sizeof(made.user), stored.user);
    td_str_clip(made.agent, sizeof(made.agent), stored.agent);
    td_str_clip(made.route, sizeof(made.route), stored.route);
    td_str_clip(made.binding.contact, sizeof(made.binding.contact), stored.contact);
    td_str_clip(made.binding.call_id, sizeof(made.binding.call_id), stored.call_id);
    made.binding.cseq = stored.cseq;
    made.binding.expires_at_unix_us = stored.expires_at_unix_us;
    set_binding(load->edge, &made);
}

static void on_loaded(void *ctx, enum td_err err)
{
    struct load *load = ctx;

    if (err != TD_OK && !load->edge->stopping)
        td_log_warn(load->edge->log, "bindings.unread", td_u64("tenant", load->tenant),
                    td_failure(err));
    edge_load_ends(load->edge);
    free(load);
}

void edge_registrar_load(struct edge *edge, uint32_t tenant)
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
