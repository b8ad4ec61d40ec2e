/*
 * Random events into the engine and into a naive model of it: both must pair the same people in the
 * same order for the same reasons, and stand the same afterwards. What effects name is kept in a
 * store outside, as the router does; now and then the engine is thrown away and a standby goes on
 * from the store. Seeds are fixed and named in a failure.
 */
#include "routing_model.h"
#include "routing_world.h"

#define SEEDS 40
#define EVENTS 1500

struct stored {
    bool calls_known[M_CALLS];
    struct td_routing_interaction_record calls[M_CALLS];
    bool agents_known[M_AGENTS];
    struct td_routing_agent_record agents[M_AGENTS];
    bool queues_known[M_QUEUES];
    struct td_routing_queue_record queues[M_QUEUES];
};

struct run {
    uint64_t random;
    struct world world;
    struct model model;
    struct stored stored;
    struct m_offer offers[M_OFFERS]; /* the engine's, of the last event */
    uint32_t offer_count;
};

static const struct td_routing_limits limits = {.agents = M_AGENTS,
                                                .queues = M_QUEUES,
                                                .interactions = M_CALLS,
                                                .expressions = M_CALLS * M_STEPS,
                                                .names = 8,
                                                .texts = 32};
static const struct td_routing_settings settings = {
    .no_answer_limit = 2, .device_failure_limit = 3, .retry_after_ms = 20000};
static const char *const languages[] = {"zh", "en", "de"};

static uint64_t next_random(struct run *run)
{
    uint64_t z = (run->random += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int pick(struct run *run, int count)
{
    return (int)(next_random(run) % (uint64_t)count);
}

static bool chance(struct run *run, int percent)
{
    return pick(run, 100) < percent;
}

/* --- names --- */

static const char *agent_name(int number)
{
    static char names[M_AGENTS][2];

    names[number][0] = (char)('a' + number);
    return names[number];
}

static int agent_number(const char *name)
{
    return name[0] == '\0' ? M_NOBODY : name[0] - 'a';
}

static const char *queue_name(int number)
{
    static const char *const names[M_QUEUES] = {"Q0", "Q1", "Q2"};

    return names[number];
}

static int queue_number(const char *name)
{
    return name[0] == '\0' ? M_NOBODY : name[1] - '0';
}

/* --- random configuration --- */

static struct m_facts random_facts(struct run *run)
{
    return (struct m_facts){
        .language = pick(run, 4) - 1, .skill = pick(run, 11) - 1, .trainee = pick(run, 3) - 1};
}

static struct m_step random_step(struct run *run)
{
    return (struct m_step){
        .language = pick(run, 4) - 1,
        .skill = chance(run, 60) ? pick(run, 10) : -1,
        .no_trainee = chance(run, 20),
        .insist_ms = (uint32_t)pick(run, 4) * 10000,
    };
}

/* `referring`: the language comes from the customer. */
static void write_step(const struct m_step *wanted, bool referring, char text[128])
{
    static const char *const digits[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

    strcpy(text, "true");
    if (wanted->language >= 0 && referring) {
        strcat(text, " and language = customer.language");
    } else if (wanted->language >= 0) {
        strcat(text, " and language = \"");
        strcat(strcat(text, languages[wanted->language]), "\"");
    }
    if (wanted->skill >= 0)
        strcat(strcat(text, " and skill >= "), digits[wanted->skill]);
    if (wanted->no_trainee)
        strcat(text, " and not trainee");
}

static const char *write_fit(int fit)
{
    static const char *const fits[] = {NULL, "skill * 2", "skill - trainee * 3"};

    return fits[fit];
}

static void tell_agent(struct run *run, int number)
{
    const struct m_facts *facts = &run->model.agents[number].facts;
    struct td_expr_attribute attributes[3];
    size_t count = 0;

    if (facts->language >= 0)
        attributes[count++] = text_attribute("language", languages[facts->language]);
    if (facts->skill >= 0)
        attributes[count++] = number_attribute("skill", facts->skill);
    if (facts->trainee >= 0) {
        attributes[count] = tag_attribute("trainee");
        attributes[count++].value.boolean = facts->trainee == 1;
    }
    put_agent_with(&run->world, agent_name(number), attributes, count);
}

static void tell_queue(struct run *run, int number)
{
    const struct m_queue *queue = &run->model.queues[number];
    char text[128];
    struct td_routing_queue_config config = queue_config(queue_name(number));

    write_step(&queue->step, false, text);
    config.threshold_ms = queue->threshold_ms;
    config.requirement.step_count = 1;
    config.requirement.steps[0].expression = text;
    config.requirement.fit = write_fit(queue->fit);
    config.priority = queue->priority;
    config.ageing = queue->ageing;
    config.wrap_up_ms = queue->wrap_up_ms;
    config.lease_ms = queue->lease_ms;
    config.max_wait_ms = queue->max_wait_ms;
    config.max_waiting = queue->max_waiting;
    config.after_decline = queue->after_decline;
    put_queue(&run->world, &config);
}

static void change_agent(struct run *run, int number)
{
    struct m_agent *agent = &run->model.agents[number];

    if (!agent->known)
        *agent = (struct m_agent){.state = TD_ROUTING_LOGGED_OUT,
                                  .next = TD_ROUTING_READY,
                                  .since = run->model.now,
                                  .call = M_NOBODY,
                                  .queue = M_NOBODY};
    agent->known = true;
    agent->removed = false;
    agent->facts = random_facts(run);
    tell_agent(run, number);
}

/* Whoever takes something out of the configuration deletes its record if it is gone at once. */
static void delete_queues_gone(struct run *run)
{
    struct td_routing_queue_record record;

    for (int i = 0; i < M_QUEUES; i++) {
        if (td_routing_export_queue(run->world.routing, queue_name(i), &record) != TD_OK)
            run->stored.queues_known[i] = false;
    }
}

static void remove_agent(struct run *run, int number)
{
    struct m_agent *agent = &run->model.agents[number];
    enum td_err err = td_routing_remove_agent(run->world.routing, agent_name(number));

    assert_int_equal(err, agent->known ? TD_OK : TD_ERR_NOT_FOUND);
    if (!agent->known)
        return;
    agent->removed = true;
    if (agent->call != M_NOBODY) {
        m_end_insisting(&run->model, number);
        return;
    }
    m_forget_agent(&run->model, number);
    run->stored.agents_known[number] = false;
    delete_queues_gone(run);
}

static void change_queue(struct run *run, int number)
{
    struct m_queue *queue = &run->model.queues[number];

    if (!queue->known)
        *queue = (struct m_queue){.known = true};
    queue->closed = false;
    queue->step = random_step(run);
    queue->fit = pick(run, 3);
    queue->priority = pick(run, 3) * 10;
    queue->ageing = (uint32_t)pick(run, 3) * 500;
    queue->wrap_up_ms = (uint32_t)pick(run, 3) * 5000;
    queue->lease_ms = 1000 + (uint32_t)pick(run, 15) * 1000;
    queue->max_wait_ms = chance(run, 30) ? 40000 : 0;
    queue->max_waiting = chance(run, 30) ? 6 : 0;
    queue->threshold_ms = 10000;
    queue->after_decline = (enum td_routing_after_decline)pick(run, TD_ROUTING_DECLINE_COUNT);
    tell_queue(run, number);
}

static void remove_queue(struct run *run, int number)
{
    struct m_queue *queue = &run->model.queues[number];
    enum td_err err = td_routing_remove_queue(run->world.routing, queue_name(number));

    assert_int_equal(err, queue->known && !queue->closed ? TD_OK : TD_ERR_NOT_FOUND);
    queue->closed = true;
    m_forget_queues(&run->model);
    delete_queues_gone(run);
}

/* --- what the engine did --- */

static void store_names(struct stored *stored, const struct world *world,
                        const struct td_routing_effect *effect)
{
    int call = (int)number_of(effect->interaction) - 1;
    int agent = agent_number(effect->agent);
    int queue = queue_number(effect->queue);

    if (call >= 0)
        stored->calls_known[call] =
            td_routing_export_interaction(world->routing, effect->interaction,
                                          &stored->calls[call]) == TD_OK;
    if (agent >= 0)
        stored->agents_known[agent] =
            td_routing_export_agent(world->routing, effect->agent, &stored->agents[agent]) == TD_OK;
    if (queue >= 0)
        stored->queues_known[queue] =
            td_routing_export_queue(world->routing, effect->queue, &stored->queues[queue]) == TD_OK;
}

static void note_offer(struct run *run, const struct td_routing_effect *effect)
{
    const struct td_routing_decision *decision = &effect->decision;

    assert_true(run->offer_count < M_OFFERS);
    run->offers[run->offer_count++] = (struct m_offer){
        .call = (int)number_of(effect->interaction) - 1,
        .agent = agent_number(effect->agent),
        .version = effect->offer_version,
        .step = decision->step,
        .candidates = decision->candidates,
        .preferred = decision->preferred,
        .fit = decision->fit,
        .second = decision->second,
        .second_agent = agent_number(decision->second_agent),
    };
}

static void look(struct run *run)
{
    for (uint32_t i = 0; i < run->world.effects.count; i++) {
        const struct td_routing_effect *effect = &run->world.effects.items[i];
        store_names(&run->stored, &run->world, effect);
        if (effect->type == TD_ROUTING_OFFER)
            note_offer(run, effect);
    }
}

/* One event, and all that the engine wants to do at once. */
static void feed(struct run *run, const struct td_routing_event *event)
{
    run->offer_count = 0;
    step(&run->world, event);
    look(run);
    for (int i = 0; td_routing_wake_at_unix_us(run->world.routing) == 0; i++) {
        assert_true(i < 100);
        step(&run->world, NULL);
        look(run);
    }
    m_go_on(&run->model);
}

/* --- both stand the same --- */

static void compare_offers(const struct run *run)
{
    assert_int_equal(run->offer_count, run->model.offer_count);
    for (uint32_t i = 0; i < run->offer_count; i++) {
        const struct m_offer *is = &run->offers[i];
        const struct m_offer *should = &run->model.offers[i];
        assert_int_equal(is->call, should->call);
        assert_int_equal(is->agent, should->agent);
        assert_int_equal(is->version, should->version);
        assert_int_equal(is->step, should->step);
        assert_int_equal(is->candidates, should->candidates);
        assert_int_equal(is->preferred, should->preferred);
        assert_int_equal(is->fit, should->fit);
        assert_int_equal(is->second, should->second);
        assert_int_equal(is->second_agent, should->second_agent);
    }
}

static void compare_agent(const struct run *run, int number)
{
    const struct m_agent *should = &run->model.agents[number];
    struct td_routing_agent_record is;
    enum td_err err = td_routing_export_agent(run->world.routing, agent_name(number), &is);

    assert_int_equal(err, should->known ? TD_OK : TD_ERR_NOT_FOUND);
    if (!should->known)
        return;
    assert_int_equal(is.state, should->state);
    assert_string_equal(is.reason, should->reason);
    assert_int_equal(is.next, should->next);
    assert_string_equal(is.next_reason, should->next_reason);
    assert_int_equal(is.until_unix_us, should->until);
    assert_int_equal(is.idle_since_unix_us, should->idle_since);
    assert_int_equal(is.no_answers, should->no_answers);
    assert_int_equal(is.device_failures, should->failures);
    assert_int_equal(queue_number(is.queue), should->queue);
    if (should->call != M_NOBODY)
        assert_int_equal(number_of(is.interaction) - 1, should->call);
    assert_int_equal(is.since_unix_us, should->since);
}

static void compare_call(const struct run *run, int number)
{
    const struct m_call *should = &run->model.calls[number];
    struct td_routing_interaction_record is;
    enum td_err err =
        td_routing_export_interaction(run->world.routing, id_of((unsigned)number + 1), &is);

    assert_int_equal(err, should->known ? TD_OK : TD_ERR_NOT_FOUND);
    if (!should->known)
        return;
    assert_int_equal(is.phase, should->phase);
    assert_int_equal(queue_number(is.queue), should->queue);
    assert_int_equal(is.value, should->value);
    assert_int_equal(is.enqueued_at_unix_us, should->enqueued_at);
    assert_int_equal(is.entered_at_unix_us, should->entered_at);
    assert_int_equal(is.steps_from_unix_us, should->steps_from);
    assert_int_equal(is.step, should->step);
    assert_int_equal(is.preferring, should->preferring);
    assert_int_equal(agent_number(is.preferred_agent), should->preferred);
    assert_int_equal(is.offer_version, should->version);
    assert_int_equal(agent_number(is.agent), should->agent);
    assert_int_equal(is.attempt_count, should->attempt_count);
    assert_int_equal(is.offered_at_unix_us, should->offered_at);
    assert_int_equal(is.lease_until_unix_us, should->lease_until);
    assert_int_equal(is.accepted_at_unix_us, should->accepted_at);
    assert_int_equal(is.connected_at_unix_us, should->connected_at);
}

static void compare_queue(const struct run *run, int number)
{
    const struct m_queue *should = &run->model.queues[number];
    struct td_routing_queue_counts is;
    enum td_err err = td_routing_count_queue(run->world.routing, queue_name(number), &is);

    assert_int_equal(err, should->known ? TD_OK : TD_ERR_NOT_FOUND);
    if (!should->known)
        return;
    assert_int_equal(is.offered, should->offered);
    assert_int_equal(is.answered, should->answered);
    assert_int_equal(is.answered_in_time, should->answered_in_time);
    assert_int_equal(is.abandoned, should->abandoned);
    assert_int_equal(is.abandoned_in_time, should->abandoned_in_time);
    assert_int_equal(is.overflowed, should->overflowed);
    assert_int_equal(is.waiting, m_waiting(&run->model, number));
    assert_int_equal(is.talking, m_talking(&run->model, number));
    assert_int_equal(is.offered, is.answered + is.abandoned + is.overflowed + is.waiting);
}

/* A waiting interaction's place is the number of those before it. */
static void compare_places(const struct run *run)
{
    const struct model *m = &run->model;

    for (int i = 0; i < M_CALLS; i++) {
        struct td_routing_place place;
        uint32_t position = 1;

        if (!m->calls[i].known || m->calls[i].phase == TD_ROUTING_PHASE_CONNECTED)
            continue;
        for (int k = 0; k < M_CALLS; k++)
            position += m->calls[k].known && m->calls[k].queue == m->calls[i].queue &&
                        m->calls[k].phase != TD_ROUTING_PHASE_CONNECTED && m_before(m, k, i);
        assert_int_equal(
            td_routing_find_place(run->world.routing, id_of((unsigned)i + 1), m->now, &place),
            TD_OK);
        assert_int_equal(place.position, position);
    }
}

static void compare(const struct run *run)
{
    compare_offers(run);
    for (int i = 0; i < M_AGENTS; i++)
        compare_agent(run, i);
    for (int i = 0; i < M_CALLS; i++)
        compare_call(run, i);
    for (int i = 0; i < M_QUEUES; i++)
        compare_queue(run, i);
    compare_places(run);
}

/* Nothing changed that no effect told of. */
static void compare_store(const struct run *run)
{
    static struct stored now;

    memset(&now, 0, sizeof(now));
    for (int i = 0; i < M_CALLS; i++) {
        struct td_interaction_id id = id_of((unsigned)i + 1);
        bool known = td_routing_export_interaction(run->world.routing, id, &now.calls[i]) == TD_OK;
        assert_int_equal(known, run->stored.calls_known[i]);
        if (known)
            assert_memory_equal(&now.calls[i], &run->stored.calls[i], sizeof(now.calls[i]));
    }
    for (int i = 0; i < M_AGENTS; i++) {
        if (!run->stored.agents_known[i])
            continue;
        assert_int_equal(td_routing_export_agent(run->world.routing, agent_name(i), &now.agents[i]),
                         TD_OK);
        assert_memory_equal(&now.agents[i], &run->stored.agents[i], sizeof(now.agents[i]));
    }
    for (int i = 0; i < M_QUEUES; i++) {
        if (!run->stored.queues_known[i])
            continue;
        assert_int_equal(td_routing_export_queue(run->world.routing, queue_name(i), &now.queues[i]),
                         TD_OK);
        assert_memory_equal(&now.queues[i], &run->stored.queues[i], sizeof(now.queues[i]));
    }
}

/* --- random events --- */

static void arrival(struct run *run, int number)
{
    int queue_slot = pick(run, M_QUEUES);
    struct m_queue *queue = &run->model.queues[queue_slot];
    struct m_call *call = &run->model.calls[number];
    const struct td_expr_attribute language =
        text_attribute("customer.language", languages[pick(run, 3)]);
    struct td_routing_requirement requirement = {.step_count = 1 + (uint32_t)pick(run, M_STEPS)};
    struct td_routing_arrival event = {
        .queue = queue_name(queue_slot), .value = pick(run, 3) * 5, .references = {&language, 1}};
    char texts[M_STEPS][128];
    bool known = call->known;
    struct m_call fresh = {.known = true,
                           .queue = queue_slot,
                           .value = event.value,
                           .enqueued_at = run->model.now,
                           .entered_at = run->model.now,
                           .steps_from = run->model.now,
                           .preferred = M_NOBODY,
                           .agent = M_NOBODY,
                           .step_count = 1,
                           .steps = {queue->step},
                           .fit = queue->fit};

    if (chance(run, 20)) {
        event.enqueued_at_unix_us = run->model.now - (uint64_t)pick(run, 60) * SECOND;
        fresh.enqueued_at = event.enqueued_at_unix_us;
    }
    if (chance(run, 50)) {
        event.requirement = &requirement;
        fresh.step_count = requirement.step_count;
        fresh.fit = pick(run, 3);
        requirement.fit = write_fit(fresh.fit);
        for (uint32_t i = 0; i < requirement.step_count; i++) {
            bool referring = chance(run, 30);
            fresh.steps[i] = random_step(run);
            if (referring && fresh.steps[i].language >= 0)
                fresh.steps[i].language = language.value.text[0] == 'z'   ? 0
                                          : language.value.text[0] == 'e' ? 1
                                                                          : 2;
            write_step(&fresh.steps[i], referring, texts[i]);
            requirement.steps[i].expression = texts[i];
            requirement.steps[i].insist_ms = fresh.steps[i].insist_ms;
        }
    }
    if (chance(run, 30)) {
        int preferred = pick(run, M_AGENTS);
        const struct m_agent *agent = &run->model.agents[preferred];
        event.preferred_agent = agent_name(preferred);
        event.preferred_ms = (uint32_t)pick(run, 3) * 8000;
        if (agent->known && !agent->removed && agent->state != TD_ROUTING_LOGGED_OUT &&
            (event.preferred_ms > 0 || agent->state == TD_ROUTING_READY)) {
            fresh.preferring = true;
            fresh.preferred = preferred;
            fresh.steps_from += event.preferred_ms > 0 ? event.preferred_ms * UINT64_C(1000) : 1;
        }
    }
    if (!known && queue->known && !queue->closed) {
        queue->offered++;
        if (queue->max_waiting > 0 && m_waiting(&run->model, queue_slot) >= queue->max_waiting)
            queue->overflowed++;
        else
            *call = fresh;
    }
    feed(run, &(struct td_routing_event){.type = TD_ROUTING_ARRIVED,
                                         .interaction = id_of((unsigned)number + 1),
                                         .arrival = &event});
    const struct td_routing_effect *first = &run->world.effects.items[0];
    if (known)
        assert_int_equal(first->type, TD_ROUTING_IGNORED);
}

/* Mostly the version and agent of the offer that stands; at times others. */
static void answer_something(struct run *run, int number)
{
    static const enum td_routing_event_type types[] = {
        TD_ROUTING_ACCEPTED,  TD_ROUTING_ACCEPTED, TD_ROUTING_CONNECTED,
        TD_ROUTING_CONNECTED, TD_ROUTING_DECLINED, TD_ROUTING_NO_ANSWER,
        TD_ROUTING_FAILED,    TD_ROUTING_RELEASED, TD_ROUTING_BROKEN,
    };
    const struct m_call *call = &run->model.calls[number];
    enum td_routing_event_type type = types[pick(run, COUNT(types))];
    uint32_t version = call->version;
    int agent = call->agent;

    if (chance(run, 10))
        version = (uint32_t)pick(run, 4);
    if (agent < 0 || chance(run, 5))
        agent = pick(run, M_AGENTS);
    m_offer_event(&run->model, type, number, agent, version);
    feed(run, &(struct td_routing_event){.type = type,
                                         .interaction = id_of((unsigned)number + 1),
                                         .agent = agent_name(agent),
                                         .offer_version = version});
}

static void agent_does_something(struct run *run, int number)
{
    static const enum td_routing_event_type types[] = {
        TD_ROUTING_AGENT_READY,     TD_ROUTING_AGENT_READY,      TD_ROUTING_AGENT_READY,
        TD_ROUTING_AGENT_NOT_READY, TD_ROUTING_AGENT_WRAPPED_UP, TD_ROUTING_AGENT_LOGGED_OUT,
    };
    enum td_routing_event_type type = types[pick(run, COUNT(types))];
    const char *reason = chance(run, 50) ? "lunch" : "";

    m_agent_event(&run->model, type, number, reason);
    feed(run,
         &(struct td_routing_event){.type = type, .agent = agent_name(number), .reason = reason});
}

static void call_ends(struct run *run, int number)
{
    enum td_routing_event_type type = chance(run, 70) ? TD_ROUTING_ABANDONED : TD_ROUTING_WITHDRAWN;

    m_call_event(&run->model, type, number);
    feed(run, &(struct td_routing_event){.type = type, .interaction = id_of((unsigned)number + 1)});
}

static void time_passes(struct run *run)
{
    // Often right onto or before what is due.
    uint64_t due = td_routing_wake_at_unix_us(run->world.routing);
    uint64_t us = next_random(run) % (15 * SECOND);

    if (due != UINT64_MAX && chance(run, 50))
        us = due - run->world.now_us - (uint64_t)(due > run->world.now_us + 1 && chance(run, 50));
    run->world.now_us += us;
    run->model.now += us;
    feed(run, NULL);
}

static void hold_something(struct run *run, int number)
{
    bool held = chance(run, 40);
    enum td_err err = td_routing_hold(run->world.routing, id_of((unsigned)number + 1), held);

    assert_int_equal(err, run->model.calls[number].known ? TD_OK : TD_ERR_NOT_FOUND);
    run->model.calls[number].held = held;
    feed(run, NULL);
}

static void configuration_changes(struct run *run)
{
    int what = pick(run, 10);

    if (what < 5)
        change_agent(run, pick(run, M_AGENTS));
    else if (what < 7)
        remove_agent(run, pick(run, M_AGENTS));
    else if (what < 9)
        change_queue(run, pick(run, M_QUEUES));
    else
        remove_queue(run, pick(run, M_QUEUES));
    feed(run, NULL);
}

/* --- the standby --- */

static void import_stored(struct run *run, int number)
{
    struct stored *stored = &run->stored;
    struct td_routing *routing = run->world.routing;

    if (number < M_CALLS && stored->calls_known[number])
        assert_int_equal(td_routing_import_interaction(routing, &stored->calls[number]), TD_OK);
    number -= M_CALLS;
    if (number >= 0 && number < M_AGENTS && stored->agents_known[number])
        assert_int_equal(td_routing_import_agent(routing, &stored->agents[number]), TD_OK);
    number -= M_AGENTS;
    if (number >= 0 && stored->queues_known[number])
        assert_int_equal(td_routing_import_queue(routing, &stored->queues[number]), TD_OK);
}

/* What a standby cannot know: what was taken out of the configuration. */
static void forget_what_is_not_stored(struct run *run)
{
    struct model *m = &run->model;

    for (int i = 0; i < M_AGENTS; i++) {
        if (!run->stored.agents_known[i])
            m->agents[i].since = 0; // never did anything
    }
    for (int i = 0; i < M_QUEUES; i++) {
        struct m_queue *queue = &m->queues[i];
        if (!queue->known || !queue->closed)
            continue;
        queue->priority = 0;
        queue->ageing = 0;
        queue->wrap_up_ms = 0;
        queue->lease_ms = 1000;
        queue->max_wait_ms = 0;
        queue->threshold_ms = 0;
        queue->after_decline = TD_ROUTING_DECLINE_STAYS_READY;
    }
    for (int i = 0; i < M_CALLS; i++)
        m->calls[i].held = false;
}

static void take_over(struct run *run)
{
    int order = pick(run, 1000);

    end_world(&run->world);
    uint64_t now_us = run->world.now_us;
    run->world = world_with(&limits, &settings);
    run->world.now_us = now_us;
    for (int i = 0; i < M_AGENTS; i++) {
        if (run->model.agents[i].known && !run->model.agents[i].removed)
            tell_agent(run, i);
    }
    for (int i = 0; i < M_QUEUES; i++) {
        if (run->model.queues[i].known && !run->model.queues[i].closed)
            tell_queue(run, i);
    }
    for (int i = 0; i < M_CALLS + M_AGENTS + M_QUEUES; i++) {
        int count = M_CALLS + M_AGENTS + M_QUEUES; // 39, to which 7 is prime
        import_stored(run, (i * 7 + order) % count);
    }
    td_routing_import_end(run->world.routing, now_us);
    forget_what_is_not_stored(run);
    compare_store(run); // the standby has what the other one stored, to the last byte
    feed(run, NULL);
}

/* --- runs --- */

static void something_happens(struct run *run)
{
    int what = pick(run, 100);

    if (what < 20)
        arrival(run, pick(run, M_CALLS));
    else if (what < 50)
        answer_something(run, pick(run, M_CALLS));
    else if (what < 68)
        agent_does_something(run, pick(run, M_AGENTS));
    else if (what < 74)
        call_ends(run, pick(run, M_CALLS));
    else if (what < 92)
        time_passes(run);
    else if (what < 94)
        hold_something(run, pick(run, M_CALLS));
    else if (what < 99)
        configuration_changes(run);
    else
        take_over(run);
}

static void start(struct run *run, uint64_t seed)
{
    memset(run, 0, sizeof(*run));
    run->random = seed;
    run->world = world_with(&limits, &settings);
    run->model.settings = settings;
    run->model.now = run->world.now_us;
    feed(run, NULL);
    for (int i = 0; i < M_AGENTS; i++)
        change_agent(run, i);
    for (int i = 0; i < M_QUEUES; i++)
        change_queue(run, i);
    feed(run, NULL);
}

static void engine_and_model_agree_on_every_decision(void **state)
{
    (void)state;
    static struct run run;
    uint64_t pairings = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message("# seed %u\n", (unsigned)seed);
        start(&run, seed);
        for (int i = 0; i < EVENTS; i++) {
            something_happens(&run);
            compare(&run);
            pairings += run.offer_count;
            if (i % 16 == 0)
                compare_store(&run);
        }
        end_world(&run.world);
    }
    assert_true(pairings > SEEDS * EVENTS / 20); // the runs are about something
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_and_model_agree_on_every_decision),
    };

    return cmocka_run_group_tests_name("core/routing: property", tests, NULL, NULL);
}
