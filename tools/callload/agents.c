/* Agents: each phone registers, logs in and gets ready, then answers every call at once. */
#include "callload/callload.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/hash.h"
#include "wire/agent_wire.h"

#define UNDER_WAY 64 /* agents on their way to being ready at a time */
#define AGAIN_MS 50
#define ATTEMPTS_MAX 400
#define ANSWER_ATTEMPTS_MAX 7
#define DEADLINE_MS 5000

static uint64_t user_of(const struct load_agent *agent)
{
    return agent->load->options.first_user + agent->number;
}

static void add_phone(struct td_text *out, const struct load_agent *agent, const char *host)
{
    td_text_add(out, "<sip:");
    td_text_add_u64(out, user_of(agent));
    td_text_add(out, "@");
    td_text_add(out, host);
    td_text_add(out, ">");
}

static void add_own_address(struct td_text *out, const struct load *load)
{
    char address[INET_ADDRSTRLEN];

    (void)inet_ntop(AF_INET, &load->agent_socket.local.sin_addr, address, sizeof(address));
    td_text_add(out, address);
    td_text_add(out, ":");
    td_text_add_u64(out, ntohs(load->agent_socket.local.sin_port));
}

static void add_contact(struct td_text *out, const struct load_agent *agent)
{
    char host[64];
    struct td_text writer;

    td_text_init(&writer, host, sizeof(host));
    add_own_address(&writer, agent->load);
    td_text_add(out, "Contact: ");
    add_phone(out, agent, host);
    td_text_add(out, "\r\n");
}

/* --- registration ------------------------------------------------------------------------------
 */

static void begin_agent(struct load *load);

static bool compute_proof(const struct load_agent *agent, char proof[TD_HASH_TEXT_SIZE])
{
    const struct load *load = agent->load;
    enum td_hash_algorithm algorithm =
        td_str_equal(load->algorithm, "SHA-256") ? TD_HASH_SHA256 : TD_HASH_MD5;
    char user[24];
    char uri[192];
    char ha1[TD_HASH_TEXT_SIZE];
    char ha2[TD_HASH_TEXT_SIZE];

    (void)snprintf(user, sizeof(user), "%llu", (unsigned long long)user_of(agent));
    (void)snprintf(uri, sizeof(uri), "sip:%s", load->options.domain);
    const char *const who[] = {user, load->options.domain, load->options.password};
    const char *const what[] = {"REGISTER", uri};
    if (td_hash_texts(algorithm, who, 3, ha1) != TD_OK ||
        td_hash_texts(algorithm, what, 2, ha2) != TD_OK)
        return false;
    const char *const all[] = {ha1, load->nonce, "00000001", "callload", "auth", ha2};
    return td_hash_texts(algorithm, all, 6, proof) == TD_OK;
}

/* Every phone shows the answer to one challenge: the edge keeps nothing of it. */
static void add_authorization(struct td_text *out, const struct load_agent *agent)
{
    const struct load *load = agent->load;
    char proof[TD_HASH_TEXT_SIZE];
    char text[1024];

    if (load->nonce[0] == '\0' || !compute_proof(agent, proof))
        return;
    (void)snprintf(text, sizeof(text),
                   "Authorization: Digest username=\"%llu\", realm=\"%s\", nonce=\"%s\", "
                   "uri=\"sip:%s\", algorithm=%s, qop=auth, nc=00000001, cnonce=\"callload\", "
                   "response=\"%s\"\r\n",
                   (unsigned long long)user_of(agent), load->options.domain, load->nonce,
                   load->options.domain, load->algorithm, proof);
    td_text_add(out, text);
}

static void send_register(struct load_agent *agent)
{
    const struct load *load = agent->load;
    char buffer[LOAD_DATAGRAM_MAX];
    char text[256];
    struct td_text out;

    agent->attempt++;
    td_text_init(&out, buffer, sizeof(buffer));
    (void)snprintf(text, sizeof(text), "REGISTER sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP ",
                   load->options.domain);
    td_text_add(&out, text);
    add_own_address(&out, load);
    (void)snprintf(text, sizeof(text),
                   ";branch=z9hG4bKr%u-%u\r\nMax-Forwards: 70\r\nCall-ID: r%u@callload\r\n"
                   "CSeq: %u REGISTER\r\nExpires: 3600\r\nFrom: ",
                   agent->number, agent->attempt, agent->number, agent->attempt);
    td_text_add(&out, text);
    add_phone(&out, agent, load->options.domain);
    (void)snprintf(text, sizeof(text), ";tag=%u\r\nTo: ", agent->number);
    td_text_add(&out, text);
    add_phone(&out, agent, load->options.domain);
    td_text_add(&out, "\r\n");
    add_contact(&out, agent);
    add_authorization(&out, agent);
    load_add_body(&out, NULL);
    load_socket_send(&load->agent_socket, &out, &load->options.edge);
    td_timer_start(&agent->timer, LOAD_T1_MS);
}

static void take_challenge(struct load *load, const struct load_message *message)
{
    struct load_span nonce = load_span_parameter(message->challenge, "nonce");
    struct load_span algorithm = load_span_parameter(message->challenge, "algorithm");

    (void)td_str_copy_span(load->nonce, sizeof(load->nonce), nonce.at, nonce.size);
    (void)td_str_copy_span(load->algorithm, sizeof(load->algorithm), algorithm.at, algorithm.size);
}

/* --- log in, ready -----------------------------------------------------------------------------
 */

static void command(struct load_agent *agent, enum td_feature_action action, td_reply_fn *done)
{
    struct td_service *service = agent->load->service;
    struct td_agent_command said = {.action = action};

    (void)snprintf(said.agent, sizeof(said.agent), "a%u", agent->number + 1);
    td_str_clip(said.source, sizeof(said.source), "phone");
    const struct td_call call = {
        .to = "router",
        .type = "AgentCommand",
        .tenant = 1,
        .key = said.agent,
        .payload = td_agent_command_encode(td_service_arena(service), &said),
        .deadline_ms = DEADLINE_MS,
    };
    td_call(service, &call, done, agent);
}

/* @return Whether the router did it; otherwise the agent tries again, or the load has failed. */
static bool is_done(struct load_agent *agent, enum td_err err, struct td_bytes payload,
                    const char *message)
{
    struct td_agent_command_reply reply = {0};

    if (err == TD_OK)
        err = td_agent_command_reply_decode(td_service_arena(agent->load->service), payload, &reply,
                                            NULL);
    if (err == TD_OK && reply.accepted)
        return true;
    if (++agent->attempt > ATTEMPTS_MAX)
        load_fail(agent->load, "agent a%u: %s %s", agent->number + 1, message, reply.message);
    else
        td_timer_start(&agent->timer, AGAIN_MS);
    return false;
}

static void on_ready(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct load_agent *agent = ctx;
    struct load *load = agent->load;

    if (!is_done(agent, err, payload, message))
        return;
    agent->is_ready = true;
    load->agents_ready++;
    if (load->agents_ready == load->options.agents)
        load_commands_start(load);
    else
        begin_agent(load);
}

static void on_logged_in(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct load_agent *agent = ctx;

    if (is_done(agent, err, payload, message))
        command(agent, TD_FEATURE_ACTION_READY, on_ready);
}

static void take_registered(struct load_agent *agent)
{
    td_timer_stop(&agent->timer);
    agent->registered = true;
    agent->attempt = 0;
    command(agent, TD_FEATURE_ACTION_LOG_IN, on_logged_in);
}

static void take_response(struct load *load, const struct load_message *message)
{
    struct load_span number = {message->call_id.at + 1, message->call_id.size - 1};
    uint64_t index;

    if (!load_span_is(message->method, "REGISTER") || !load_span_number(number, &index) ||
        index >= load->options.agents)
        return;
    struct load_agent *agent = &load->agents[index];
    if (agent->registered || message->cseq != agent->attempt)
        return;
    if (message->status == 401)
        take_challenge(load, message);
    if (message->status == 200)
        take_registered(agent);
    else if (agent->attempt > ATTEMPTS_MAX)
        load_fail(load, "agent a%llu: REGISTER is answered %d", (unsigned long long)index + 1,
                  message->status);
    else if (message->status == 401)
        send_register(agent);
    else
        td_timer_start(&agent->timer, AGAIN_MS);
}

static void begin_agent(struct load *load)
{
    if (load->agents_begun < load->options.agents)
        send_register(&load->agents[load->agents_begun++]);
}

/* --- calls -------------------------------------------------------------------------------------
 */

static void reply(struct load_agent *agent, const struct load_message *request,
                  const struct sockaddr_in *to, const char *status)
{
    char buffer[LOAD_DATAGRAM_MAX];
    char tag[16];
    struct td_text out;
    bool is_new = memmem(request->to.at, request->to.size, ";tag=", 5) == NULL;

    (void)snprintf(tag, sizeof(tag), "p%u", agent->number);
    td_text_init(&out, buffer, sizeof(buffer));
    load_add_response(&out, request, status, is_new ? tag : "");
    load_add_body(&out, NULL);
    load_socket_send(&agent->load->agent_socket, &out, to);
}

static void send_answer(const struct load_agent *agent)
{
    struct td_text answer = {.to = agent->answer, .length = agent->answer_size};

    load_socket_send(&agent->load->agent_socket, &answer, &agent->peer);
}

/* 200, kept until it is acknowledged. */
static void answer(struct load_agent *agent, const struct load_message *request)
{
    char tag[16];
    struct td_text out;

    (void)snprintf(tag, sizeof(tag), "p%u", agent->number);
    td_text_init(&out, agent->answer, LOAD_DATAGRAM_MAX);
    load_add_response(&out, request, "200 OK", tag);
    add_contact(&out, agent);
    load_add_body(&out, agent->load->sdp);
    agent->answer_size = out.length;
    agent->attempt = 0;
    send_answer(agent);
    td_timer_start(&agent->timer, LOAD_T1_MS);
}

static uint64_t customer_of(const struct load *load, const struct load_message *invite)
{
    struct load_span user = load_span_user(invite->from);
    size_t prefix = strlen(load->options.customer_prefix);
    uint64_t customer;

    if (user.size <= prefix || memcmp(user.at, load->options.customer_prefix, prefix) != 0 ||
        !load_span_number((struct load_span){user.at + prefix, user.size - prefix}, &customer))
        return UINT64_MAX;
    return customer;
}

static void take_invite(struct load_agent *agent, const struct load_message *message,
                        const struct load_arrival *arrival)
{
    struct load *load = agent->load;

    if (load_span_is(message->call_id, agent->call_id)) {
        send_answer(agent); // A repeat: our 200 was lost or is late.
        return;
    }
    if (agent->call_id[0] != '\0') {
        load->figures.double_bookings++;
        reply(agent, message, &arrival->from, "486 Busy Here");
        return;
    }
    load_calls_offered(load, customer_of(load, message), arrival->at_unix_ns);
    (void)td_str_copy_span(agent->call_id, sizeof(agent->call_id), message->call_id.at,
                           message->call_id.size);
    agent->peer = arrival->from;
    reply(agent, message, &arrival->from, "180 Ringing");
    answer(agent, message);
}

static void end_call(struct load_agent *agent)
{
    td_timer_stop(&agent->timer);
    agent->call_id[0] = '\0';
}

static void take_ack(struct load_agent *agent, const struct load_message *message)
{
    if (!load_span_is(message->call_id, agent->call_id))
        return;
    td_timer_stop(&agent->timer);
}

static void take_request(struct load *load, const struct load_message *message,
                         const struct load_arrival *arrival)
{
    uint64_t user;
    uint64_t first = load->options.first_user;

    if (!load_span_number(message->user, &user) || user < first ||
        user >= first + load->options.agents)
        return;
    struct load_agent *agent = &load->agents[user - first];
    if (load_span_is(message->method, "INVITE")) {
        take_invite(agent, message, arrival);
    } else if (load_span_is(message->method, "ACK")) {
        take_ack(agent, message);
    } else {
        if (load_span_is(message->method, "BYE") && load_span_is(message->call_id, agent->call_id))
            end_call(agent);
        reply(agent, message, &arrival->from, "200 OK");
    }
}

void load_agents_arrived(struct load *load, const struct load_arrival *arrival)
{
    struct load_message message;

    if (!load_message_read(arrival->text, arrival->size, &message))
        return;
    if (message.status == 0)
        take_request(load, &message, arrival);
    else
        take_response(load, &message);
}

/* --- life --------------------------------------------------------------------------------------
 */

static void on_timer(void *ctx)
{
    struct load_agent *agent = ctx;

    if (!agent->registered) {
        send_register(agent);
    } else if (!agent->is_ready) {
        command(agent, TD_FEATURE_ACTION_LOG_IN, on_logged_in);
    } else if (agent->attempt++ < ANSWER_ATTEMPTS_MAX) {
        agent->load->figures.repeated++;
        send_answer(agent);
        td_timer_start(&agent->timer,
                       (uint64_t)LOAD_T1_MS << (agent->attempt < 3 ? agent->attempt : 3));
    } else {
        end_call(agent); // Nobody acknowledged it.
    }
}

bool load_agents_start(struct load *load)
{
    load->agents = calloc(load->options.agents, sizeof(*load->agents));
    if (load->agents == NULL)
        return false;
    for (uint32_t i = 0; i < load->options.agents; i++) {
        load->agents[i] = (struct load_agent){.load = load, .number = i};
        load->agents[i].answer = malloc(LOAD_DATAGRAM_MAX);
        if (load->agents[i].answer == NULL)
            return false;
        td_timer_init(&load->agents[i].timer, load->loop, on_timer, &load->agents[i]);
    }
    for (uint32_t i = 0; i < UNDER_WAY; i++)
        begin_agent(load);
    return true;
}

void load_agents_stop(struct load *load)
{
    for (uint32_t i = 0; load->agents != NULL && i < load->options.agents; i++) {
        td_timer_stop(&load->agents[i].timer);
        free(load->agents[i].answer);
    }
    free(load->agents);
}
