/*
 * What one decision of the routing engine costs: 5,000 agents with 8 attributes, requirements of
 * three parts. Only td_routing_step is measured. One figure a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "core/routing/routing.h"

#define AGENTS 5000
#define CLASSES 200
#define WAITING 1000
#define DECISIONS 20000
#define SECOND UINT64_C(1000000)

static struct td_routing *routing;
static struct td_routing_effects effects;
static uint64_t now_us = UINT64_C(1700000000) * SECOND;
static uint64_t random_state = 1;
static uint64_t cost_ns[DECISIONS];
static char names[AGENTS][8];

static uint64_t next_random(void)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t clock_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

static void must(enum td_err err, const char *what)
{
    if (err == TD_OK)
        return;
    (void)fprintf(stderr, "routing_bench: %s: %s\n", what, td_err_text(err));
    exit(1);
}

static uint64_t step(const struct td_routing_event *event)
{
    uint64_t started_ns = clock_ns();

    td_routing_step(routing, event, now_us++, &effects);
    return clock_ns() - started_ns;
}

static struct td_interaction_id id_of(uint64_t number)
{
    struct td_interaction_id id;

    memset(&id, 1, sizeof(id));
    memcpy(&id.id.bytes[8], &number, sizeof(number));
    return id;
}

static int compare_costs(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void print_costs(const char *name, size_t count)
{
    qsort(cost_ns, count, sizeof(cost_ns[0]), compare_costs);
    printf("routing.%s_p50 %.2f us\n", name, (double)cost_ns[count / 2] / 1e3);
    printf("routing.%s_p99 %.2f us\n", name, (double)cost_ns[count * 99 / 100] / 1e3);
}

/* --- who works there --- */

static const char *const languages[] = {"zh", "en", "de", "fr"};
static const char *const skills[] = {"s.a", "s.b", "s.c", "s.d", "s.e", "s.f", "s.g", "s.h"};

static void put_agent(unsigned agent)
{
    struct td_expr_attribute attributes[8] = {
        {"language", {.type = TD_EXPR_TEXT, .text = languages[next_random() % 4]}},
        {"site", {.type = TD_EXPR_NUMBER, .number = (int64_t)(next_random() % 20) * TD_EXPR_ONE}},
    };

    for (size_t i = 2; i < 8; i++)
        attributes[i] = (struct td_expr_attribute){
            skills[i],
            {.type = TD_EXPR_NUMBER, .number = (int64_t)(next_random() % 10) * TD_EXPR_ONE}};
    must(td_routing_put_agent(routing,
                              &(struct td_routing_agent_config){names[agent], attributes, 8}, NULL),
         "agent");
}

static void name_agents(void)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        struct td_text text;
        td_text_init(&text, names[i], sizeof(names[i]));
        td_text_add(&text, "a");
        td_text_add_u64(&text, i);
    }
}

static void start(void)
{
    const struct td_routing_limits limits = {.agents = AGENTS,
                                             .queues = 4,
                                             .interactions = AGENTS + WAITING + 1,
                                             .expressions = 1024,
                                             .names = 64,
                                             .texts = 1024};
    const struct td_routing_settings settings = td_routing_default_settings();
    const struct td_routing_queue_config queue = {
        .name = "Q", .ageing = 1000, .lease_ms = 3600000, .requirement = {.fit = "s.c * 2 + s.d"}};

    must(td_routing_init(malloc(td_routing_size(&limits)), &limits, &settings, &routing), "init");
    must(td_routing_put_queue(routing, &queue, NULL), "queue");
    name_agents();
    for (unsigned i = 0; i < AGENTS; i++)
        put_agent(i);
    printf("routing.block %.1f MB\n", (double)td_routing_size(&limits) / 1e6);
}

/* --- what is asked --- */

static uint64_t arrive(uint64_t number, uint64_t class)
{
    char expression[128];
    struct td_text text;
    const struct td_routing_requirement requirement = {
        .step_count = 1, .steps = {{expression, 0}}, .fit = "s.c * 2 + s.d"};
    const struct td_routing_arrival arrival = {.queue = "Q", .requirement = &requirement};

    td_text_init(&text, expression, sizeof(expression));
    td_text_add(&text, "language = \"");
    td_text_add(&text, languages[class % 4]);
    td_text_add(&text, "\" and s.c >= ");
    td_text_add_u64(&text, class / 4 % 5);
    td_text_add(&text, " and site != ");
    td_text_add_u64(&text, class / 20);
    return step(&(struct td_routing_event){
        .type = TD_ROUTING_ARRIVED, .interaction = id_of(number), .arrival = &arrival});
}

static uint64_t agent_event(enum td_routing_event_type type, const char *agent)
{
    return step(&(struct td_routing_event){.type = type, .agent = agent});
}

static void leave(uint64_t number)
{
    step(&(struct td_routing_event){.type = TD_ROUTING_ABANDONED, .interaction = id_of(number)});
}

static void bench_first_use(void)
{
    for (uint64_t class = 0; class < CLASSES; class ++) {
        cost_ns[class] = arrive(class, class);
        leave(class);
    }
    print_costs("first_use_of_expression", CLASSES);
}

/* All agents are idle: the most candidates there can be. */
static void bench_arrival(void)
{
    for (uint64_t class = 0; class < CLASSES; class ++)
        arrive(DECISIONS + class, class); // keeps its expression in use
    for (unsigned i = 0; i < AGENTS; i++)
        agent_event(TD_ROUTING_AGENT_READY, names[i]);
    for (uint64_t i = 0; i < DECISIONS; i++) {
        cost_ns[i] = arrive(i, next_random() % CLASSES);
        leave(i);
    }
    print_costs("arrival_all_idle", DECISIONS);
    for (uint64_t class = 0; class < CLASSES; class ++)
        leave(DECISIONS + class);
}

/* A thousand wait in 200 classes, and one agent after the other becomes ready. */
static void bench_release(void)
{
    for (unsigned i = 0; i < AGENTS; i++)
        agent_event(TD_ROUTING_AGENT_LOGGED_OUT, names[i]);
    for (uint64_t i = 0; i < WAITING; i++)
        arrive(i, next_random() % CLASSES);
    for (uint64_t i = 0; i < DECISIONS; i++) {
        const char *agent = names[next_random() % AGENTS];
        cost_ns[i] = agent_event(TD_ROUTING_AGENT_READY, agent);
        agent_event(TD_ROUTING_AGENT_LOGGED_OUT, agent); // the offer is withdrawn
    }
    print_costs("release_1000_waiting", DECISIONS);
}

static void bench_attributes(void)
{
    for (uint64_t i = 0; i < DECISIONS; i++) {
        uint64_t started_ns = clock_ns();
        put_agent((unsigned)(next_random() % AGENTS));
        cost_ns[i] = clock_ns() - started_ns;
    }
    print_costs("attribute_change", DECISIONS);
}

int main(void)
{
    start();
    bench_first_use();
    bench_arrival();
    bench_release();
    bench_attributes();
    return 0;
}
