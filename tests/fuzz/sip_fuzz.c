// needs: service edge
/*
 * A SIP message as the network may send it: through the library's parser, and where that accepts it
 * through everything of ours that reads its headers. Nothing we make of it may exceed its bounds,
 * and what we write into headers again must parse.
 */
#include <stdlib.h>
#include <string.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>

#include "base/str.h"
#include "edge/core/caller_id.h"
#include "edge/core/feature_call.h"
#include "edge/core/policy.h"
#include "edge/core/sip_text.h"
#include "edge/identity.h"
#include "edge/sip_read.h"
#include "edge/sip_strict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds)
{
    if (!holds)
        abort();
}

/* A number we show to an agent's phone must come out of the parser as it went in. */
static void address_survives(su_home_t *home, const char *number)
{
    char text[512];
    char again[EDGE_NUMBER_SIZE];
    struct td_text writer;

    td_text_init(&writer, text, sizeof(text));
    edge_text_add_address(&writer, number, number, "example.com");
    if (writer.cut)
        return;
    sip_from_t *from = sip_from_make(home, text);
    need(from != NULL);
    edge_read_user(from->a_url, again);
    need(number[0] == '\0' || strcspn(number, ";") != strlen(number) || !strcmp(again, number));
}

/* Whoever calls, what an agent's phone is shown can be read by it. */
static void show(su_home_t *home, const char *number)
{
    char text[EDGE_CALLER_ID_SIZE];
    char again[EDGE_NUMBER_SIZE];
    const struct edge_caller_id id = {
        .queue = number, .customer = "a\"b\\", .number = number, .language = "zh", .domain = "x"};

    need(strlen(number) < EDGE_NUMBER_SIZE && td_str_is_utf8(number, strlen(number)));
    edge_caller_id_from(&id, text);
    sip_from_t *from = sip_from_make(home, text);
    need(from != NULL);
    edge_read_user(from->a_url, again);
    need(number[0] != '\0' || strcmp(again, "anonymous") == 0);
    if (!edge_caller_id_is_withheld(&id))
        edge_caller_id_asserted(&id, text);
}

static void read_numbers(su_home_t *home, const sip_t *sip)
{
    char called[EDGE_NUMBER_SIZE];
    char caller[EDGE_NUMBER_SIZE];
    char argument[64];
    const struct td_feature_code codes[] = {{.code = "*11", .action = TD_FEATURE_ACTION_READY},
                                            {.code = "*", .action = TD_FEATURE_ACTION_NOT_READY}};

    edge_read_user(sip->sip_request->rq_url, called);
    for (int place = 0; place < EDGE_DIALLED_COUNT; place++) {
        edge_identity_dialled(sip, (enum edge_dialled)place, called);
        need(td_str_is_utf8(called, strlen(called)));
    }
    edge_identity_caller(sip, false, caller);
    show(home, caller);
    edge_identity_caller(sip, true, caller);
    show(home, caller);
    need(strlen(called) < sizeof(called) && strlen(caller) < sizeof(caller));
    (void)edge_feature_find(codes, 2, called, argument);
    (void)edge_policy_decide(EDGE_CALLER_STRANGER, false, EDGE_CALLED_OTHER, called);
    address_survives(home, caller);
}

static void read_credentials(const sip_t *sip)
{
    static const uint8_t secret[EDGE_DIGEST_SECRET_SIZE] = {1};
    struct edge_digest_credentials credentials;
    char realm[EDGE_DIGEST_REALM_SIZE];
    const struct edge_digest_scope scope = {
        .secret = td_bytes(secret, sizeof(secret)),
        .realm = "example.com",
        .address = "192.0.2.1",
        .now_unix_s = 1700000000,
        .lifetime_s = 60,
    };

    edge_read_realm(sip, realm);
    if (edge_read_credentials(sip, NULL, &credentials))
        need(edge_digest_verify(&scope, &credentials, "REGISTER",
                                "939e7578ed9e3c518a452acee763bce9") != EDGE_DIGEST_ACCEPTED);
}

static void read_register(su_home_t *home, const sip_t *sip)
{
    const struct edge_registration_limits limits = {60, 3600, 3600};
    const struct edge_binding none = {0};
    struct edge_binding binding;
    struct edge_register wanted;

    if (edge_read_register(home, sip, &wanted) != TD_OK)
        return;
    need(wanted.contact_count <= EDGE_CONTACTS_MAX);
    if (edge_register_decide(&limits, &none, &wanted, 1, &binding) == EDGE_REGISTER_BIND)
        need(edge_binding_is_live(&binding, 1) && !edge_binding_is_live(&binding, 3600000002));
}

static void read_request(su_home_t *home, const sip_t *sip)
{
    const struct edge_peer peer = {.address = "192.0.2.1",
                                   .route = "sip:192.0.2.1:5060;transport=udp"};
    char next_hop[128];
    char text[512];

    read_numbers(home, sip);
    read_credentials(sip);
    read_register(home, sip);
    (void)edge_strict_fault(sip);
    (void)edge_read_body_fault(sip);
    edge_read_next_hop(sip, &peer, next_hop);
    need(strlen(next_hop) < sizeof(next_hop));
    edge_read_header(sip->sip_to, "tag", text, sizeof(text));
    edge_read_header(sip->sip_from, NULL, text, sizeof(text));
    char *sdp = edge_read_sdp(sip);
    need((sdp != NULL) == (edge_read_body(sip) == EDGE_BODY_SDP));
    free(sdp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool extended;

    if (!extended) {
        extended = true;
        need(sip_update_default_mclass(sip_extend_mclass(NULL)) == 0);
    }
    msg_t *message = msg_make(sip_default_mclass(), MSG_DO_EXTRACT_COPY, data, (ssize_t)size);
    if (message == NULL)
        return 0;
    sip_t *sip = sip_object(message);
    bool accepted = sip != NULL && sip->sip_request != NULL && sip->sip_error == NULL &&
                    (sip->sip_flags & MSG_FLG_ERROR) == 0 && sip_sanity_check(sip) >= 0;
    if (accepted)
        read_request(msg_home(message), sip);
    msg_destroy(message);
    return 0;
}
