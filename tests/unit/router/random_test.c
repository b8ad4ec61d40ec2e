/*
 * Random messages in random order, services that come and go, routers that crash: no interaction is
 * lost or doubled, every busy agent has exactly one owner, and the accounts hold after each of
 * them.
 */
#include "world.h"

#define RUNS 12
#define STEPS 1500
#define CALLS_MAX 2000

/* What is known outside about the calls of a run. */
struct account {
    struct world *world;
    uint64_t random;
    uint64_t next_call;
    size_t events_seen;
    size_t closed_seen;
    bool accepted[CALLS_MAX];
    uint8_t closed[CALLS_MAX];
    uint64_t version[CALLS_MAX];
    uint32_t queued, answered, abandoned, overflowed; /* over all queues */
};

static uint32_t pick(struct account *account, uint32_t below)
{
    uint64_t z = (account->random += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % below);
}

/* --- what must hold --- */

static uint64_t number_of(struct td_interaction_id id)
{
    for (uint64_t i = 1; i < CALLS_MAX; i++) {
        if (td_id_equal(call_id(i).id, id.id))
            return i;
    }
    return 0;
}

static void account_events(struct account *account)
{
    struct world *world = account->world;

    for (; account->events_seen < world->event_count; account->events_seen++) {
        const struct world_event *event = &world->events[account->events_seen];
        uint64_t call = strncmp(event->topic, "interaction", 11) == 0 ? number_of(event->id) : 0;

        if (call > 0 && strcmp(event->topic, "interaction.closed") != 0) {
            assert_true(event->version > account->version[call]);
            account->version[call] = event->version;
        }
        account->queued += strcmp(event->topic, "interaction.queued") == 0;
        account->answered += strcmp(event->topic, "interaction.connected") == 0;
        account->abandoned += strcmp(event->topic, "interaction.abandoned") == 0;
        account->overflowed += strcmp(event->topic, "interaction.overflowed") == 0;
    }
    for (; account->closed_seen < world->closed_count; account->closed_seen++) {
        uint64_t call = number_of(world->closed[account->closed_seen].interaction_id);

        assert_true(call > 0);
        assert_int_equal(++account->closed[call], 1);
    }
    // Only what is not yet looked at is kept.
    world->event_count = 0;
    account->events_seen = 0;
    world->closed_count = 0;
    account->closed_seen = 0;
}

static void check_agent(struct account *account, const struct td_interaction_state *state,
                        const char *name, enum td_agent_state expected)
{
    struct td_agent_status agent = agent_of(account->world, name);

    assert_int_equal(agent.state, expected);
    assert_true(td_id_equal(agent.interaction_id.id, state->interaction_id.id));
}

static void check_owner(struct account *account, const struct td_interaction_state *state,
                        uint32_t *owned)
{
    switch (state->phase) {
    case TD_INTERACTION_PHASE_OFFERED:
        check_agent(account, state, state->offer.agent, TD_AGENT_STATE_OFFERED);
        break;
    case TD_INTERACTION_PHASE_ACCEPTED:
    case TD_INTERACTION_PHASE_CONNECTED:
        check_agent(account, state, state->agent, TD_AGENT_STATE_BUSY);
        break;
    case TD_INTERACTION_PHASE_WRAP_UP:
        check_agent(account, state, state->agent, TD_AGENT_STATE_WRAP_UP);
        break;
    default:
        return;
    }
    ++*owned;
}

static uint32_t count_busy(const struct account *account)
{
    struct td_agent_metrics metrics;

    flow_count_agents(account->world->flow, &metrics);
    return metrics.offered + metrics.busy + metrics.wrap_up;
}

static void check_accounts(const struct account *account, uint32_t waiting)
{
    struct td_router_queue_gauge gauge;
    uint32_t cursor = 0;
    uint64_t counted = 0;

    while (flow_next_queue(account->world->flow, &cursor, account->world->now, &gauge)) {
        assert_int_equal(gauge.offered,
                         gauge.answered + gauge.abandoned + gauge.overflowed + gauge.waiting);
        counted += gauge.waiting;
    }
    assert_int_equal(counted, waiting);
    assert_int_equal(account->queued,
                     account->answered + account->abandoned + account->overflowed + waiting);
}

static void check(struct account *account)
{
    struct world *world = account->world;
    uint32_t waiting = 0;
    uint32_t owned = 0;
    uint32_t stored_calls = 0;

    account_events(account);
    assert_int_equal(world->interaction_count, flow_interaction_count(world->flow));
    for (uint64_t call = 1; call < account->next_call; call++) {
        bool there = is_stored(world, call);

        assert_true(there == flow_knows(world->flow, call_id(call)));
        if (account->accepted[call])
            assert_int_equal(there + account->closed[call], 1); // Neither lost nor doubled.
        if (!there)
            continue;
        struct td_interaction_state state = stored(world, call);
        waiting += state.phase == TD_INTERACTION_PHASE_QUEUED ||
                   state.phase == TD_INTERACTION_PHASE_OFFERED ||
                   state.phase == TD_INTERACTION_PHASE_ACCEPTED;
        check_owner(account, &state, &owned);
        stored_calls++;
    }
    assert_int_equal(stored_calls, world->interaction_count);
    assert_int_equal(owned, count_busy(account));
    check_accounts(account, waiting);
}

/* --- what happens --- */

static uint64_t some_call(struct account *account)
{
    uint64_t latest = account->next_call > 1 ? account->next_call - 1 : 1;
    uint32_t back = pick(account, 30);

    return latest > back ? latest - back : 1;
}

/* The call's offer, mostly; else an old one or one that never was. */
static struct td_offer_id some_offer(struct account *account, uint64_t call)
{
    struct td_offer_id offer = {world_id(90000 + pick(account, 100))};

    if (pick(account, 10) == 0 || !is_stored(account->world, call))
        return offer;
    return stored(account->world, call).offer.offer_id;
}

static void random_arrival(struct account *account)
{
    static const char *const entries[] = {"sales", "plain", "small", "menu", "menu", "sales"};
    uint64_t call = account->next_call;

    if (call + 1 >= CALLS_MAX || account->world->interaction_count + 4 > world_limits.interactions)
        return;
    account->next_call++;
    account->accepted[call] = arrive(account->world, call, entries[pick(account, 6)]).result ==
                              TD_ARRIVED_RESULT_ACCEPTED;
}

static void random_offer_word(struct account *account)
{
    struct world *world = account->world;
    uint64_t call = some_call(account);
    struct td_offer_id offer = some_offer(account, call);

    switch (pick(account, 8)) {
    case 0:
        ring(world, call, offer);
        break;
    case 1:
        decline(world, call, offer);
        break;
    case 2:
        fail_offer(world, call, offer,
                   (enum td_offer_failure)(1 + pick(account, TD_OFFER_FAILURE_COUNT - 1)));
        break;
    default:
        accept(world, call, offer);
        break;
    }
}

static void random_call_word(struct account *account)
{
    struct world *world = account->world;
    uint64_t call = some_call(account);

    switch (pick(account, 6)) {
    case 0:
        if (account->accepted[call]) // Who has arrived may leave.
            abandon(world, call);
        break;
    case 1:
        end_at(world, call, (enum td_ended_by)(1 + pick(account, 3)),
               pick(account, 4) == 0 ? "edge-2" : "edge-1");
        break;
    case 2:
        if (is_stored(world, call))
            end_dialog(world, call, stored(world, call).dialog_id,
                       (enum td_dialog_result)(1 + pick(account, 4)),
                       pick(account, 2) == 0 ? "plain" : "");
        break;
    default:
        connect_call(world, call);
        break;
    }
}

static void random_agent_word(struct account *account)
{
    static const char *const names[] = {"ann", "bob", "cleo", "dan"};
    static const char *const instances[] = {"edge-1", "edge-1", "edge-2"};
    const char *agent = names[pick(account, 4)];

    switch (pick(account, 10)) {
    case 0:
        device(account->world, agent, false, instances[pick(account, 3)]);
        break;
    case 1:
    case 2:
        device(account->world, agent, true, instances[pick(account, 3)]);
        break;
    case 3:
    case 4:
        (void)say(account->world, agent,
                  (enum td_feature_action)(1 + pick(account, TD_FEATURE_ACTION_COUNT - 1)), "x");
        break;
    default:
        (void)say(account->world, agent, TD_FEATURE_ACTION_READY, "");
        break;
    }
}

static void random_failure(struct account *account)
{
    static const char *const types[] = {"Offer", "Connect", "DialogStart"};
    uint64_t call = some_call(account);
    struct flow_failure failure = {.interaction_id = call_id(call), .err = TD_ERR_TIMEOUT};

    if (!is_stored(account->world, call))
        return;
    struct td_interaction_state state = stored(account->world, call);
    failure.type = types[pick(account, 3)];
    failure.subject =
        strcmp(failure.type, "DialogStart") == 0 ? state.dialog_id.id : state.offer.offer_id.id;
    failure.unknown = pick(account, 2) == 0;
    world_step(account->world,
               &(struct flow_input){.type = FLOW_COMMAND_FAILED, .command = &failure});
}

/* What the channel has of a call: as far as the router, mostly, or one step further. */
static void sync_call(struct account *account, uint64_t call)
{
    struct td_interaction_state state = stored(account->world, call);
    struct td_sync_item item = {.interaction_id = call_id(call),
                                .tenant = 1,
                                .customer_side = true,
                                .version = state.version,
                                .phase = TD_CHANNEL_PHASE_ANSWERED};

    if (state.phase == TD_INTERACTION_PHASE_WRAP_UP || pick(account, 20) == 0)
        return;
    if (state.has_offer) {
        item.offer_id = state.offer.offer_id;
        td_str_clip(item.agent, sizeof(item.agent), state.offer.agent);
        item.has_agent_leg = true;
        item.agent_leg.leg_id.id = world_id(2000000 + call);
        td_str_clip(item.agent_leg.instance, sizeof(item.agent_leg.instance), "media-1");
        item.phase = (enum td_channel_phase)(TD_CHANNEL_PHASE_OFFERING + pick(account, 3));
    }
    world_step(account->world, &(struct flow_input){.type = FLOW_SYNC_ITEM,
                                                    .sync = &item,
                                                    .instance = state.channel_instance});
}

/* It is back, and says what it still has. */
static void sync_edge(struct account *account, const char *name)
{
    for (uint64_t call = 1; call < account->next_call; call++) {
        if (is_stored(account->world, call) &&
            strcmp(stored(account->world, call).channel_instance, name) == 0)
            sync_call(account, call);
    }
    world_step(account->world,
               &(struct flow_input){.type = FLOW_SYNC_DONE, .service = "edge", .instance = name});
}

static void random_service(struct account *account)
{
    static const char *const services[] = {"edge", "ivr", "ivr", "media", "edge"};
    static const char *const names[] = {"edge-2", "ivr-1", "ivr-2", "media-1", "edge-1"};
    uint32_t which = pick(account, pick(account, 4) == 0 ? 5 : 3);

    world_gone(account->world, services[which], names[which]);
    check(account);
    world_up(account->world, services[which], names[which]);
    if (strcmp(services[which], "edge") == 0 && pick(account, 2) == 0)
        sync_edge(account, names[which]);
}

static void random_crash(struct account *account)
{
    struct world *world = account->world;

    for (size_t i = 0; i < world->command_count; i++)
        world->commands[i].done = pick(account, 3) > 0;
    world_crash(world);
    world_up(world, "edge", "edge-1");
    world_up(world, "edge", "edge-2");
    world_up(world, "media", "media-1");
    world_up(world, "ivr", "ivr-1");
    world_up(world, "ivr", "ivr-2");
    if (pick(account, 3) == 0)
        random_arrival(account);
    for (uint64_t call = 1; call < account->next_call; call++) {
        if (is_stored(world, call))
            sync_call(account, call);
    }
    world_step(world, &(struct flow_input){
                          .type = FLOW_SYNC_DONE, .service = "edge", .instance = "edge-1"});
    world_step(world, &(struct flow_input){.type = FLOW_SYNC_ENDED});
    assert_false(flow_is_syncing(world->flow));
    world->command_count = 0;
}

static void random_step(struct account *account)
{
    switch (pick(account, 40)) {
    case 0:
        random_crash(account);
        break;
    case 1:
        random_service(account);
        break;
    case 2:
        random_failure(account);
        break;
    case 3:
    case 4:
        world_wait(account->world, pick(account, 20) * SECOND);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
        random_agent_word(account);
        break;
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
        random_call_word(account);
        break;
    case 18:
    case 19:
    case 20:
    case 21:
    case 22:
    case 23:
    case 24:
        random_arrival(account);
        break;
    default:
        random_offer_word(account);
        break;
    }
    account->world->now += pick(account, 300000);
    if (account->world->command_count > WORLD_ITEMS / 2)
        account->world->command_count = 0;
}

/* Everybody hangs up: nothing may be left. */
static void finish(struct account *account)
{
    for (uint64_t call = 1; call < account->next_call; call++) {
        if (account->accepted[call] && is_stored(account->world, call))
            abandon(account->world, call);
    }
    world_wait(account->world, 60 * SECOND);
    check(account);
    assert_int_equal(account->world->interaction_count, 0);
    assert_int_equal(count_busy(account), 0);
}

static struct td_diversion way(enum td_diversion_action action, const char *queue)
{
    struct td_diversion made = {.action = action};

    td_str_clip(made.queue, sizeof(made.queue), queue);
    return made;
}

/* Whoever cannot be served as usual goes somewhere else. */
static void divert_all(struct world *world)
{
    struct td_queue *sales = &world->queues[0];
    struct td_queue *plain = &world->queues[1];
    struct td_queue *small = &world->queues[2];

    sales->max_wait_s = 15;
    sales->has_when_waited = true;
    sales->when_waited = way(TD_DIVERSION_ACTION_QUEUE, "plain");
    sales->has_recording_notice = true;
    sales->recording_notice.mode = TD_NOTICE_MODE_BEFORE_AGENT;
    plain->max_wait_s = 20;
    plain->has_when_waited = true;
    plain->when_waited = way(TD_DIVERSION_ACTION_VOICE_MAIL, "");
    plain->has_when_no_agent = true;
    plain->when_no_agent = way(TD_DIVERSION_ACTION_MESSAGE, "");
    small->has_when_full = true;
    small->when_full = way(TD_DIVERSION_ACTION_QUEUE, "plain");
    small->has_when_no_agent = true;
    small->when_no_agent = way(TD_DIVERSION_ACTION_BUSY, "");
    flow_configure(world->flow, &world->config, world->calendar, world_problem, world);
}

static void nothing_is_lost_or_doubled_whatever_happens(void **state)
{
    (void)state;

    for (uint64_t run = 1; run <= RUNS; run++) {
        struct account *account = calloc(1, sizeof(*account));

        assert_non_null(account);
        *account = (struct account){.world = world_create(), .random = run, .next_call = 1};
        print_message("seed %u\n", (unsigned)run);
        world_up(account->world, "ivr", "ivr-2");
        if (run % 2 == 0)
            divert_all(account->world);
        for (int step = 0; step < STEPS; step++) {
            random_step(account);
            check(account);
        }
        finish(account);
        world_destroy(account->world);
        free(account);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_doubled_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
