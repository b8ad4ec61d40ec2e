#include "base/str.h"
#include "base/text.h"
#include "ivr/core/session_private.h"

/* Which kind of transfer the document wants: "blind", "bridge" or "consultation". */
static const char *transfer_type(const struct ivr_run *run)
{
    const char *type = ivr_node_attribute(run->document, run->session->item, IVR_ATTR_TYPE);
    const char *bridge = ivr_node_attribute(run->document, run->session->item, IVR_ATTR_BRIDGE);

    if (type != NULL)
        return type;
    return bridge != NULL && td_str_equal(bridge, "true") ? "bridge" : "blind";
}

static enum ivr_next throw_semantic(struct ivr_session *session, const char *what, const char *name)
{
    char message[IVR_MESSAGE_SIZE];
    struct td_text text;

    td_text_init(&text, message, sizeof(message));
    td_text_add(&text, what);
    td_text_add(&text, ": ");
    td_text_add(&text, name);
    return ivr_throw(session, "error.semantic", message);
}

static enum ivr_next transfer_to(struct ivr_run *run, const char *dest)
{
    static const char scheme[] = "queue:";
    struct ivr_session *session = run->session;
    struct ivr_result result = {.outcome = IVR_OUTCOME_TRANSFER};
    const char *names = ivr_node_property(run->document, session->item, "tandem.attributes");
    const char *wanted = ivr_node_property(run->document, session->item, "tandem.requirement");
    char bad[IVR_NAME_SIZE];

    if (td_str_starts_with(dest, "tel:") || td_str_starts_with(dest, "sip:"))
        return ivr_throw(session, "error.unsupported.uri", "transfers lead to queues");
    if (!td_str_starts_with(dest, scheme) ||
        td_str_copy(result.queue, sizeof(result.queue), dest + sizeof(scheme) - 1) != TD_OK)
        return ivr_throw(session, "error.connection.baddestination", "expected queue:NAME");
    if (names != NULL && ivr_result_add(&result, &session->variables, names, bad) != TD_OK)
        return throw_semantic(session, "tandem.attributes", bad);
    if (wanted != NULL &&
        td_str_copy(result.requirement, sizeof(result.requirement), wanted) != TD_OK)
        return throw_semantic(session, "tandem.requirement", "too long");
    session->result = result;
    return ivr_finish(session, IVR_OUTCOME_TRANSFER, "");
}

static enum ivr_next throw_type(struct ivr_session *session, const char *type)
{
    char event[IVR_EVENT_SIZE];
    struct td_text text;

    td_text_init(&text, event, sizeof(event));
    td_text_add(&text, "error.unsupported.transfer.");
    td_text_add(&text, type);
    return ivr_throw(session, event, "transfers are blind");
}

enum ivr_next ivr_phase_transfer(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    const char *dest = ivr_node_attribute(run->document, session->item, IVR_ATTR_DEST);
    const char *expr = ivr_node_attribute(run->document, session->item, IVR_ATTR_DESTEXPR);
    const char *type = transfer_type(run);
    char text[IVR_VALUE_SIZE];
    enum ivr_next next;

    if (!td_str_equal(type, "blind"))
        return throw_type(session, type);
    if (dest != NULL)
        return transfer_to(run, dest);
    if (!ivr_need(run, expr, IVR_MODE_STRING, &next))
        return next;
    if (ivr_value_to_string(session->ready, text, sizeof(text)) != TD_OK)
        return ivr_throw(session, "error.semantic", "destexpr must be a text");
    return transfer_to(run, text);
}
