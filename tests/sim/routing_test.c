/*
 * A contact centre in virtual time around the routing engine: customers who arrive, give up and
 * talk, phones that ring, agents who decline, do not answer or go to lunch, and between them a
 * network that delays, doubles and reorders every message. Now and then the router dies and a
 * standby goes on from what effects told to store, sending again what was pending.
 *
 * What must hold in every run (the seed is printed): no call is lost or leaves twice; no agent is
 * booked twice; within a class nobody is overtaken; the counters of each queue add up at each step.
 */
#include "../unit/core/routing_world.h"

#define SEEDS 12
#define CALLS 600
#define AGENTS 30
#define QUEUES 2
#define KINDS 3
#define MESSAGES_MAX 20000
#define MS UINT64_C(1000)
#define OPEN_FOR (1200 * SECOND) /* new calls come that long */
#define STAFFED_FOR (3 * OPEN_FOR)
#define RETRY_US (30 * SECOND)

enum message_type {
    /* To the router, over the network. */
    TO_ROUTER,
    /* To the channel, over the network. */
    OFFER,
    WITHDRAW,
    ASSIGNED,
    /* What people do. */
    CUSTOMER_CALLS,
    CUSTOMER_GIVES_UP,
    AGENT_ANSWERS,
    TALK_ENDS,
    AGENT_MOODS,
    ROUTER_DIES,
};

struct message {
    uint64_t at;
    uint32_t number; /* of equal times the first sent comes first */
    enum message_type type;
    enum td_routing_event_type event;
    unsigned call;
    unsigned agent;
    uint32_t version;
};

/* A call as its channel knows it. */
struct call {
    bool there; /* the customer is on the line */
    bool talking;
    uint32_t version; /* the highest heard of */
    unsigned kind;
    uint64_t called_at;
    /* As the effects tell. */
    bool queued, waiting, left;
    struct {
        unsigned agent;
        uint64_t until;
    } refused[8];
    uint32_t refused_count;
};

/* A phone: rings for, or is taken up by, one call at a time. */
struct phone {
    bool busy;
    bool accepted;
    unsigned call;
    uint32_t version;
    bool booked; /* as the effects tell */
};

struct sim {
    uint64_t random;
    struct world world;
    struct message heap[MESSAGES_MAX];
    uint32_t pending;
    uint32_t sent;
    struct call calls[CALLS + 1]; /* from 1 */
    struct phone phones[AGENTS];
    uint32_t left, answered, take_overs;
    bool open;
    struct td_routing_interaction_record stored_calls[CALLS + 1];
    bool call_is_stored[CALLS + 1];
    struct td_routing_agent_record stored_agents[AGENTS];
    bool agent_is_stored[AGENTS];
    struct td_routing_queue_record stored_queues[QUEUES];
};

static const char *const queue_names[QUEUES] = {"SALES", "SERVICE"};

/* What kinds of calls ask; each step lets in whom the one before did. */
static const struct kind {
    unsigned queue;
    int32_t value;
    struct td_routing_requirement requirement;
} kinds[KINDS] = {
    {0, 0, {.step_count = 2, .steps = {{"skill >= 5", 30000}, {"", 0}}, .fit = "skill * 2"}},
    {1, 0, {.step_count = 2, .steps = {{"skill < 5", 20000}, {"", 0}}}},
    {1, 30, {.step_count = 1, .steps = {{"", 0}}}},
};

static uint64_t next_random(struct sim *sim)
{
    uint64_t z = (sim->random += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t between(struct sim *sim, uint64_t low, uint64_t high)
{
    return low + next_random(sim) % (high - low);
}

static bool chance(struct sim *sim, unsigned percent)
{
    return next_random(sim) % 100 < percent;
}

static const char *agent_name(unsigned agent)
{
    static char names[AGENTS][4];

    names[agent][0] = 'a';
    names[agent][1] = (char)('0' + agent / 10);
    names[agent][2] = (char)('0' + agent % 10);
    return names[agent];
}

static unsigned agent_number(const char *name)
{
    return (unsigned)(name[1] - '0') * 10 + (unsigned)(name[2] - '0');
}

/* --- messages --- */

static bool is_earlier(const struct message *a, const struct message *b)
{
    return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void put_message(struct sim *sim, struct message message)
{
    uint32_t at = sim->pending++;

    assert_true(sim->pending < MESSAGES_MAX);
    message.number = sim->sent++;
    for (; at > 0 && is_earlier(&message, &sim->heap[(at - 1) / 2]); at = (at - 1) / 2)
        sim->heap[at] = sim->heap[(at - 1) / 2];
    sim->heap[at] = message;
}

static struct message take_message(struct sim *sim)
{
    struct message first = sim->heap[0];
    struct message last = sim->heap[--sim->pending];
    uint32_t at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= sim->pending)
            break;
        if (child + 1 < sim->pending && is_earlier(&sim->heap[child + 1], &sim->heap[child]))
            child++;
        if (!is_earlier(&sim->heap[child], &last))
            break;
        sim->heap[at] = sim->heap[child];
        at = child;
    }
    sim->heap[at] = last;
    return first;
}

/* What happens in some time from now. */
static void later(struct sim *sim, uint64_t us, struct message message)
{
    message.at = sim->world.now_us + us;
    put_message(sim, message);
}

/* Every message arrives, at times late, at times more than once. */
static void send_message(struct sim *sim, struct message message)
{
    do {
        uint64_t delay = chance(sim, 90) ? between(sim, MS, 20 * MS) : between(sim, MS, 4 * SECOND);
        later(sim, delay, message);
    } while (chance(sim, 15));
}

static void tell_router(struct sim *sim, enum td_routing_event_type event, unsigned call,
                        unsigned agent, uint32_t version)
{
    send_message(
        sim,
        (struct message){
            .type = TO_ROUTER, .event = event, .call = call, .agent = agent, .version = version});
}

/* --- the channel --- */

static void customer_calls(struct sim *sim, unsigned number)
{
    struct call *call = &sim->calls[number];

    call->there = true;
    call->kind = (unsigned)(next_random(sim) % KINDS);
    call->called_at = sim->world.now_us;
    tell_router(sim, TD_ROUTING_ARRIVED, number, 0, 0);
    later(sim, between(sim, 5 * SECOND, 240 * SECOND),
          (struct message){.type = CUSTOMER_GIVES_UP, .call = number});
}

static void customer_gives_up(struct sim *sim, unsigned number)
{
    struct call *call = &sim->calls[number];

    if (!call->there || call->talking)
        return;
    call->there = false;
    tell_router(sim, TD_ROUTING_ABANDONED, number, 0, 0);
}

static void phone_rings(struct sim *sim, const struct message *message)
{
    struct call *call = &sim->calls[message->call];
    struct phone *phone = &sim->phones[message->agent];

    if (message->version <= call->version)
        return; // repeated, or overtaken by its withdrawal
    call->version = message->version;
    if (phone->busy) {
        tell_router(sim, TD_ROUTING_FAILED, message->call, message->agent, message->version);
        return;
    }
    *phone = (struct phone){
        .busy = true, .call = message->call, .version = message->version, .booked = phone->booked};
    if (chance(sim, 85)) // else nobody hears it
        later(sim, between(sim, SECOND, 12 * SECOND),
              (struct message){.type = AGENT_ANSWERS,
                               .call = message->call,
                               .agent = message->agent,
                               .version = message->version});
}

static bool is_present(const struct phone *phone, const struct message *message)
{
    return phone->busy && phone->call == message->call && phone->version == message->version;
}

static void agent_answers(struct sim *sim, const struct message *message)
{
    struct phone *phone = &sim->phones[message->agent];
    unsigned dice = (unsigned)(next_random(sim) % 100);
    enum td_routing_event_type event = dice < 80   ? TD_ROUTING_ACCEPTED
                                       : dice < 92 ? TD_ROUTING_DECLINED
                                                   : TD_ROUTING_FAILED;

    if (!is_present(phone, message))
        return;
    phone->accepted = event == TD_ROUTING_ACCEPTED;
    phone->busy = phone->accepted;
    tell_router(sim, event, message->call, message->agent, message->version);
}

static void phone_stops(struct sim *sim, const struct message *message)
{
    struct call *call = &sim->calls[message->call];
    struct phone *phone = &sim->phones[message->agent];

    if (message->version > call->version)
        call->version = message->version; // the offer is still under way
    if (is_present(phone, message))
        phone->busy = false;
}

static void connect(struct sim *sim, const struct message *message)
{
    struct call *call = &sim->calls[message->call];
    struct phone *phone = &sim->phones[message->agent];

    if (!is_present(phone, message) || !phone->accepted || !call->there || call->talking)
        return;
    call->talking = true;
    tell_router(sim, TD_ROUTING_CONNECTED, message->call, message->agent, message->version);
    later(sim, between(sim, 10 * SECOND, 90 * SECOND),
          (struct message){.type = TALK_ENDS,
                           .call = message->call,
                           .agent = message->agent,
                           .version = message->version});
}

static void talk_ends(struct sim *sim, const struct message *message)
{
    struct call *call = &sim->calls[message->call];

    call->there = false;
    call->talking = false;
    sim->phones[message->agent].busy = false;
    tell_router(sim, TD_ROUTING_RELEASED, message->call, message->agent, message->version);
}

/* Mostly ready, at times at lunch; never for good, so that every call comes to an end. */
static void agent_moods(struct sim *sim, unsigned agent)
{
    unsigned dice = (unsigned)(next_random(sim) % 100);
    enum td_routing_event_type event = dice < 75   ? TD_ROUTING_AGENT_READY
                                       : dice < 85 ? TD_ROUTING_AGENT_NOT_READY
                                       : dice < 95 ? TD_ROUTING_AGENT_WRAPPED_UP
                                                   : TD_ROUTING_AGENT_LOGGED_OUT;

    tell_router(sim, event, 0, agent, 0);
    if (sim->world.now_us < START_US + STAFFED_FOR)
        later(sim, between(sim, 5 * SECOND, 60 * SECOND),
              (struct message){.type = AGENT_MOODS, .agent = agent});
}

/* --- what must hold --- */

static bool has_refused(const struct sim *sim, const struct call *call, unsigned agent)
{
    for (uint32_t i = 0; i < call->refused_count; i++) {
        if (call->refused[i].agent == agent && call->refused[i].until > sim->world.now_us)
            return true;
    }
    return false;
}

/* Nobody of the same kind who came earlier, waits, and might have had this agent. */
static void check_order(const struct sim *sim, unsigned number, unsigned agent)
{
    const struct call *offered = &sim->calls[number];
    uint64_t enqueued_at = sim->stored_calls[number].enqueued_at_unix_us;

    for (unsigned i = 1; i <= CALLS; i++) {
        const struct call *other = &sim->calls[i];
        if (other->waiting && other->kind == offered->kind && !has_refused(sim, other, agent))
            assert_true(i == number || sim->stored_calls[i].enqueued_at_unix_us >= enqueued_at);
    }
}

static void check_counters(const struct sim *sim)
{
    uint64_t offered = 0;
    uint64_t queued = 0;

    for (unsigned i = 0; i < QUEUES; i++)
        offered += counts_of(&sim->world, queue_names[i]).offered;
    for (unsigned i = 1; i <= CALLS; i++)
        queued += sim->calls[i].queued;
    assert_int_equal(offered, queued);
}

/* --- effects --- */

static void note_refusal(struct call *call, const struct td_routing_effect *effect, uint64_t now_us)
{
    if (effect->outcome == TD_ROUTING_OUTCOME_CANCELLED)
        return;
    if (call->refused_count == TD_ROUTING_HISTORY_MAX) { // the engine remembers as many
        memmove(&call->refused[0], &call->refused[1],
                (TD_ROUTING_HISTORY_MAX - 1) * sizeof(call->refused[0]));
        call->refused_count--;
    }
    call->refused[call->refused_count].agent = agent_number(effect->agent);
    call->refused[call->refused_count++].until = now_us + RETRY_US;
}

static void perform_offer(struct sim *sim, const struct td_routing_effect *effect)
{
    unsigned number = number_of(effect->interaction);
    unsigned agent = agent_number(effect->agent);

    assert_true(sim->calls[number].waiting);
    assert_false(sim->phones[agent].booked);
    check_order(sim, number, agent);
    sim->calls[number].waiting = false;
    sim->phones[agent].booked = true;
    send_message(
        sim, (struct message){
                 .type = OFFER, .call = number, .agent = agent, .version = effect->offer_version});
}

static void perform_end(struct sim *sim, const struct td_routing_effect *effect)
{
    unsigned number = number_of(effect->interaction);
    unsigned agent = agent_number(effect->agent);

    assert_true(sim->phones[agent].booked);
    sim->phones[agent].booked = false;
    sim->calls[number].waiting = true;
    note_refusal(&sim->calls[number], effect, sim->world.now_us);
    // Also where the channel knows: whoever repeats a message does no harm.
    send_message(sim, (struct message){.type = WITHDRAW,
                                       .call = number,
                                       .agent = agent,
                                       .version = effect->offer_version});
}

static void perform(struct sim *sim, const struct td_routing_effect *effect)
{
    unsigned number = number_of(effect->interaction);
    struct call *call = &sim->calls[number];

    switch (effect->type) {
    case TD_ROUTING_QUEUED:
        assert_false(call->queued);
        call->queued = true;
        call->waiting = true;
        break;
    case TD_ROUTING_OFFER:
        perform_offer(sim, effect);
        break;
    case TD_ROUTING_OFFER_ENDED:
        perform_end(sim, effect);
        break;
    case TD_ROUTING_ASSIGNED:
        send_message(sim, (struct message){.type = ASSIGNED,
                                           .call = number,
                                           .agent = agent_number(effect->agent),
                                           .version = effect->offer_version});
        break;
    case TD_ROUTING_ANSWERED:
        sim->answered++;
        break;
    case TD_ROUTING_LEFT:
        assert_true(call->queued);
        assert_false(call->left);
        call->left = true;
        call->waiting = false;
        if (effect->agent[0] != '\0')
            sim->phones[agent_number(effect->agent)].booked = false;
        sim->left++;
        break;
    default:
        assert_int_not_equal(effect->type, TD_ROUTING_REFUSED);
        break;
    }
}

static void store(struct sim *sim, const struct td_routing_effect *effect)
{
    const struct td_routing *routing = sim->world.routing;
    unsigned number = number_of(effect->interaction);

    if (number > 0)
        sim->call_is_stored[number] =
            td_routing_export_interaction(routing, effect->interaction,
                                          &sim->stored_calls[number]) == TD_OK;
    if (effect->agent[0] != '\0') {
        unsigned agent = agent_number(effect->agent);
        sim->agent_is_stored[agent] =
            td_routing_export_agent(routing, effect->agent, &sim->stored_agents[agent]) == TD_OK;
    }
    for (unsigned i = 0; i < QUEUES; i++) {
        if (strcmp(effect->queue, queue_names[i]) == 0)
            assert_int_equal(
                td_routing_export_queue(routing, effect->queue, &sim->stored_queues[i]), TD_OK);
    }
}

/* First all is stored, then done: as the router does. */
static void carry_out(struct sim *sim)
{
    static struct td_routing_effects effects;

    effects = sim->world.effects;
    for (uint32_t i = 0; i < effects.count; i++)
        store(sim, &effects.items[i]);
    for (uint32_t i = 0; i < effects.count; i++)
        perform(sim, &effects.items[i]);
}

static void feed(struct sim *sim, const struct td_routing_event *event)
{
    step(&sim->world, event);
    carry_out(sim);
    while (td_routing_wake_at_unix_us(sim->world.routing) == 0) {
        step(&sim->world, NULL);
        carry_out(sim);
    }
    check_counters(sim);
}

static void router_hears(struct sim *sim, const struct message *message)
{
    const struct call *call = &sim->calls[message->call];
    const struct kind *kind = &kinds[call->kind];
    const struct td_routing_arrival arrival = {.queue = queue_names[kind->queue],
                                               .requirement = &kind->requirement,
                                               .value = kind->value,
                                               .enqueued_at_unix_us = call->called_at};

    // Whoever gave up before the router heard of the call: its channel says so before it asks.
    if (message->event == TD_ROUTING_ARRIVED && (!call->there || call->queued))
        return;
    feed(sim, &(struct td_routing_event){.type = message->event,
                                         .interaction = id_of(message->call),
                                         .agent = agent_name(message->agent),
                                         .offer_version = message->version,
                                         .reason = "lunch",
                                         .arrival = &arrival});
}

/* --- the router and its standby --- */

static void configure(struct sim *sim)
{
    for (unsigned i = 0; i < QUEUES; i++) {
        struct td_routing_queue_config config = queue_config(queue_names[i]);
        config.max_wait_ms = i == 0 ? 200000 : 0;
        config.after_decline = i == 0 ? TD_ROUTING_DECLINE_STAYS_READY : TD_ROUTING_DECLINE_WRAP_UP;
        put_queue(&sim->world, &config);
    }
    for (unsigned i = 0; i < AGENTS; i++)
        put_agent(&sim->world, agent_name(i), (int)(i % 10));
}

static struct world start_router(uint64_t now_us)
{
    const struct td_routing_limits limits = {.agents = AGENTS,
                                             .queues = QUEUES,
                                             .interactions = CALLS,
                                             .expressions = 16,
                                             .names = 8,
                                             .texts = 8};
    const struct td_routing_settings settings = td_routing_default_settings();
    struct world world = world_with(&limits, &settings);

    world.now_us = now_us;
    return world;
}

static void send_pending(struct sim *sim, unsigned number)
{
    const struct td_routing_interaction_record *record = &sim->stored_calls[number];
    bool offered = record->phase == TD_ROUTING_PHASE_OFFERED;

    if (offered || record->phase == TD_ROUTING_PHASE_ASSIGNED)
        send_message(sim, (struct message){.type = offered ? OFFER : ASSIGNED,
                                           .call = number,
                                           .agent = agent_number(record->agent),
                                           .version = record->offer_version});
}

static void router_dies(struct sim *sim)
{
    uint64_t now_us = sim->world.now_us;

    end_world(&sim->world);
    sim->world = start_router(now_us);
    configure(sim);
    for (unsigned i = 1; i <= CALLS; i++) {
        if (!sim->call_is_stored[i])
            continue;
        assert_int_equal(td_routing_import_interaction(sim->world.routing, &sim->stored_calls[i]),
                         TD_OK);
        send_pending(sim, i);
    }
    for (unsigned i = 0; i < AGENTS; i++) {
        if (sim->agent_is_stored[i])
            assert_int_equal(td_routing_import_agent(sim->world.routing, &sim->stored_agents[i]),
                             TD_OK);
    }
    for (unsigned i = 0; i < QUEUES; i++) {
        if (sim->stored_queues[i].name[0] != '\0')
            assert_int_equal(td_routing_import_queue(sim->world.routing, &sim->stored_queues[i]),
                             TD_OK);
    }
    td_routing_import_end(sim->world.routing, now_us);
    sim->take_overs++;
    feed(sim, NULL);
    if (sim->open)
        later(sim, between(sim, 20 * SECOND, 200 * SECOND), (struct message){.type = ROUTER_DIES});
}

/* --- a run --- */

static void happen(struct sim *sim, const struct message *message)
{
    switch (message->type) {
    case TO_ROUTER:
        router_hears(sim, message);
        return;
    case OFFER:
        phone_rings(sim, message);
        return;
    case WITHDRAW:
        phone_stops(sim, message);
        return;
    case ASSIGNED:
        connect(sim, message);
        return;
    case CUSTOMER_CALLS:
        customer_calls(sim, message->call);
        return;
    case CUSTOMER_GIVES_UP:
        customer_gives_up(sim, message->call);
        return;
    case AGENT_ANSWERS:
        agent_answers(sim, message);
        return;
    case TALK_ENDS:
        talk_ends(sim, message);
        return;
    case AGENT_MOODS:
        agent_moods(sim, message->agent);
        return;
    case ROUTER_DIES:
        router_dies(sim);
        return;
    }
}

static void start(struct sim *sim, uint64_t seed)
{
    memset(sim, 0, sizeof(*sim));
    sim->random = seed;
    sim->open = true;
    sim->world = start_router(START_US);
    configure(sim);
    for (unsigned i = 1; i <= CALLS; i++)
        later(sim, between(sim, 0, OPEN_FOR), (struct message){.type = CUSTOMER_CALLS, .call = i});
    for (unsigned i = 0; i < AGENTS; i++)
        later(sim, between(sim, 0, 10 * SECOND), (struct message){.type = AGENT_MOODS, .agent = i});
    later(sim, 60 * SECOND, (struct message){.type = ROUTER_DIES});
}

/* The next message, or the engine's own time if that comes first. */
static void go_on(struct sim *sim)
{
    uint64_t wake_at = td_routing_wake_at_unix_us(sim->world.routing);

    if (sim->pending > 0 && sim->heap[0].at <= wake_at) {
        struct message message = take_message(sim);
        sim->world.now_us = message.at;
        happen(sim, &message);
    } else {
        sim->world.now_us = wake_at;
        feed(sim, NULL);
    }
    sim->open = sim->world.now_us < START_US + OPEN_FOR;
}

static bool is_over(const struct sim *sim)
{
    return sim->pending == 0 && td_routing_wake_at_unix_us(sim->world.routing) == UINT64_MAX;
}

static void check_end(const struct sim *sim)
{
    uint32_t queued = 0;

    for (unsigned i = 1; i <= CALLS; i++) {
        assert_false(sim->calls[i].there);
        assert_int_equal(sim->calls[i].left, sim->calls[i].queued);
        queued += sim->calls[i].queued;
    }
    assert_int_equal(sim->left, queued);
    assert_true(queued > CALLS * 9 / 10); // nearly all were let in before they gave up
    assert_true(sim->answered > CALLS / 3);
    assert_true(sim->take_overs > 3);
    for (unsigned i = 0; i < AGENTS; i++)
        assert_false(sim->phones[i].booked);
}

static void nothing_is_lost_booked_twice_or_overtaken(void **state)
{
    (void)state;
    static struct sim sim;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message("# seed %u\n", (unsigned)seed);
        start(&sim, seed);
        for (int i = 0; !is_over(&sim); i++) {
            assert_true(i < 1000000);
            go_on(&sim);
        }
        check_end(&sim);
        end_world(&sim.world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_booked_twice_or_overtaken),
    };

    return cmocka_run_group_tests_name("routing: simulation", tests, NULL, NULL);
}
