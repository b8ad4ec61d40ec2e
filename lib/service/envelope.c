#include "service/envelope.h"

#include <stdio.h>

#include "base/str.h"

static void set_trace(struct td_service *service, struct td_envelope *envelope)
{
    struct td_id trace;
    uint64_t span;

    if (td_id_parse(envelope->key, &trace) != TD_OK)
        return;
    td_loop_random(td_service_loop(service), &span, sizeof(span));
    int at = snprintf(envelope->trace, sizeof(envelope->trace), "00-");
    for (size_t i = 0; i < TD_ID_SIZE; i++)
        at += snprintf(envelope->trace + at, sizeof(envelope->trace) - (size_t)at, "%02x",
                       trace.bytes[i]);
    (void)snprintf(envelope->trace + at, sizeof(envelope->trace) - (size_t)at, "-%016llx-01",
                   (unsigned long long)(span | 1)); // A span of zero would be invalid.
}

struct td_envelope envelope_of(struct td_service *service, uint32_t tenant, const char *key)
{
    struct td_envelope envelope = {
        .tenant = tenant,
        .time_unix_us = td_loop_now_unix_us(td_service_loop(service)),
    };

    td_str_clip(envelope.source, sizeof(envelope.source), td_service_instance(service));
    td_str_clip(envelope.site, sizeof(envelope.site), td_service_site(service));
    if (key != NULL) {
        td_str_clip(envelope.key, sizeof(envelope.key), key);
        set_trace(service, &envelope);
    }
    return envelope;
}
