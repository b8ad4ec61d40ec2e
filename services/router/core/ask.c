#include "router/core/flow_private.h"

#define INSIST_DEFAULT_MS UINT32_C(30000)

const struct td_attribute *flow_attribute(const struct flow_interaction *interaction,
                                          const char *name)
{
    for (uint32_t i = 0; i < interaction->state.attributes_count; i++) {
        if (td_str_equal(interaction->state.attributes[i].name, name))
            return &interaction->state.attributes[i];
    }
    return NULL;
}

void flow_merge(struct td_interaction_state *state, const struct td_attribute *attributes,
                uint32_t count)
{
    const uint32_t max = sizeof(state->attributes) / sizeof(state->attributes[0]);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = 0;

        while (at < state->attributes_count &&
               !td_str_equal(state->attributes[at].name, attributes[i].name))
            at++;
        if (at == max)
            continue; // Full: the first ones stay.
        state->attributes[at] = attributes[i];
        if (at == state->attributes_count)
            state->attributes_count++;
    }
}

/* --- references --- */

static void refer(struct flow *flow, const char *prefix, const char *name,
                  struct td_expr_value value)
{
    struct flow_references *references = &flow->references;
    if (references->count == REFERENCES_MAX)
        return;

    char *full = references->names[references->count];
    size_t length = strlen(prefix);

    td_str_clip(full, sizeof(references->names[0]), prefix);
    td_str_clip(full + length, sizeof(references->names[0]) - length, name);
    references->items[references->count++] = (struct td_expr_attribute){full, value};
}

static void refer_text(struct flow *flow, const char *prefix, const char *name, const char *text)
{
    if (text[0] != '\0')
        refer(flow, prefix, name, (struct td_expr_value){.type = TD_EXPR_TEXT, .text = text});
}

static void refer_customer(struct flow *flow, const struct td_customer_brief *customer)
{
    for (uint32_t i = 0; i < customer->attributes_count; i++)
        refer(flow, "customer.", customer->attributes[i].name,
              td_pairing_value(&customer->attributes[i]));
    refer_text(flow, "customer.", "language", customer->language);
    refer_text(flow, "customer.", "tier", customer->tier);
    refer_text(flow, "customer.", "account_manager", customer->account_manager);
    refer_text(flow, "customer.", "external_id", customer->external_id);
}

void flow_refer(struct flow *flow, const struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;

    flow->references.count = 0;
    if (state->has_customer)
        refer_customer(flow, &state->customer);
    for (uint32_t i = 0; i < state->attributes_count; i++)
        refer(flow, "interaction.", state->attributes[i].name,
              td_pairing_value(&state->attributes[i]));
    refer_text(flow, "interaction.", "language", state->language);
    refer_text(flow, "interaction.", "entry_point", state->entry_point);
    refer_text(flow, "interaction.", "called", state->called);
}

/* --- requirement --- */

void flow_require(struct flow *flow, const struct flow_interaction *interaction,
                  struct td_routing_requirement *requirement)
{
    const struct td_queue *queue = flow_queue(flow, interaction->state.queue);

    memset(requirement, 0, sizeof(*requirement));
    if (queue != NULL)
        td_pairing_requirement(queue, requirement);
    if (interaction->state.requirement[0] == '\0')
        return;
    if (requirement->step_count == 0) {
        requirement->step_count = 1;
        requirement->steps[0].insist_ms = INSIST_DEFAULT_MS;
    }
    requirement->steps[0].expression = interaction->state.requirement;
}
