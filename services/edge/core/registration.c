#include "edge/core/registration.h"

#include <string.h>

#include "base/str.h"

#define US_PER_S UINT64_C(1000000)
/** Who asks for an hour or more must not be told that it is too brief (RFC 3261 section 10.3). */
#define NEVER_TOO_BRIEF_S 3600

bool edge_binding_is_live(const struct edge_binding *binding, uint64_t now_unix_us)
{
    return binding->contact[0] != '\0' && binding->expires_at_unix_us > now_unix_us;
}

static uint32_t expires_of(const struct edge_registration_limits *limits,
                           const struct edge_register *request, const struct edge_contact *contact)
{
    if (contact->has_expires)
        return contact->expires_s;
    return request->has_expires ? request->expires_s : limits->default_s;
}

/* Requests of one registration dialog carry one Call-ID and rising numbers. */
static bool is_out_of_order(const struct edge_binding *current, const struct edge_register *request)
{
    return strcmp(current->call_id, request->call_id) == 0 && request->cseq <= current->cseq;
}

static const struct edge_contact *first_wanted(const struct edge_registration_limits *limits,
                                               const struct edge_register *request)
{
    for (size_t i = 0; i < request->contact_count; i++) {
        if (expires_of(limits, request, &request->contacts[i]) > 0)
            return &request->contacts[i];
    }
    return NULL;
}

static bool gives_up_current(const struct edge_register *request,
                             const struct edge_binding *current)
{
    for (size_t i = 0; i < request->contact_count; i++) {
        if (strcmp(request->contacts[i].uri, current->contact) == 0)
            return true;
    }
    return false;
}

static enum edge_register_outcome bind(const struct edge_registration_limits *limits,
                                       const struct edge_register *request,
                                       const struct edge_contact *contact, uint64_t now_unix_us,
                                       struct edge_binding *binding)
{
    uint32_t expires_s = expires_of(limits, request, contact);
    struct edge_binding made = {.cseq = request->cseq};

    if (expires_s < limits->min_s && expires_s < NEVER_TOO_BRIEF_S)
        return EDGE_REGISTER_TOO_BRIEF;
    if (expires_s > limits->max_s)
        expires_s = limits->max_s;
    if (td_str_copy(made.contact, sizeof(made.contact), contact->uri) != TD_OK ||
        td_str_copy(made.call_id, sizeof(made.call_id), request->call_id) != TD_OK)
        return EDGE_REGISTER_BAD;
    made.expires_at_unix_us = now_unix_us + expires_s * US_PER_S;
    *binding = made;
    return EDGE_REGISTER_BIND;
}

enum edge_register_outcome edge_register_decide(const struct edge_registration_limits *limits,
                                                const struct edge_binding *current,
                                                const struct edge_register *request,
                                                uint64_t now_unix_us, struct edge_binding *binding)
{
    bool live = edge_binding_is_live(current, now_unix_us);

    if (request->star) {
        if (request->contact_count > 0 || !request->has_expires || request->expires_s != 0)
            return EDGE_REGISTER_BAD;
        if (!live)
            return EDGE_REGISTER_SHOW;
        return is_out_of_order(current, request) ? EDGE_REGISTER_OUT_OF_ORDER
                                                 : EDGE_REGISTER_REMOVE;
    }
    if (request->contact_count == 0)
        return EDGE_REGISTER_SHOW;
    if (live && is_out_of_order(current, request))
        return EDGE_REGISTER_OUT_OF_ORDER;

    const struct edge_contact *wanted = first_wanted(limits, request);
    if (wanted != NULL)
        return bind(limits, request, wanted, now_unix_us, binding);
    return live && gives_up_current(request, current) ? EDGE_REGISTER_REMOVE : EDGE_REGISTER_SHOW;
}
