/* Customers: INVITE, 200, ACK, talk, BYE. Call-IDs and numbers say which call a message is of. */
#include "callload/callload.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define BYE_ATTEMPTS_MAX 6
#define NS_PER_MS UINT64_C(1000000)

static void on_timer(void *ctx);

bool load_calls_create(struct load *load)
{
    uint32_t count = (uint32_t)load->options.customers;

    load->calls = calloc(count, sizeof(*load->calls));
    load->free_slots = calloc(count, sizeof(*load->free_slots));
    if (load->calls == NULL || load->free_slots == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        load->calls[i].load = load;
        load->calls[i].slot = i;
        td_timer_init(&load->calls[i].timer, load->loop, on_timer, &load->calls[i]);
        load->free_slots[i] = i;
    }
    load->free_count = count;
    return true;
}

void load_calls_destroy(struct load *load)
{
    for (uint32_t i = 0; load->calls != NULL && i < load->options.customers; i++)
        td_timer_stop(&load->calls[i].timer);
    free(load->calls);
    free(load->free_slots);
}

/* --- messages ----------------------------------------------------------------------------------
 */

static void add_customer(struct td_text *out, const struct load_call *call)
{
    char digits[16];

    (void)snprintf(digits, sizeof(digits), "%06u", call->slot);
    td_text_add(out, call->load->options.customer_prefix);
    td_text_add(out, digits);
}

/* A request of the customer's dialog. */
struct request {
    const char *method;
    uint32_t cseq;
    struct load_span to;
    bool is_ack_of_answer; /* a transaction of its own, RFC 3261 section 13.2.2.4 */
    const char *body;
};

static void add_target(struct td_text *out, const struct load_call *call)
{
    const struct load_options *options = &call->load->options;

    if (call->contact[0] != '\0') {
        td_text_add(out, call->contact);
        return;
    }
    td_text_add(out, "sip:");
    td_text_add(out, options->number);
    td_text_add(out, "@");
    td_text_add(out, options->domain);
}

static void add_headers(struct td_text *out, const struct load_call *call,
                        const struct request *request)
{
    const struct sockaddr_in *local = &call->load->customer_socket.local;
    char address[INET_ADDRSTRLEN];
    char text[512];
    unsigned port = ntohs(local->sin_port);

    (void)inet_ntop(AF_INET, &local->sin_addr, address, sizeof(address));
    (void)snprintf(text, sizeof(text),
                   " SIP/2.0\r\nVia: SIP/2.0/UDP %s:%u;branch=z9hG4bK%u-%u-%u%s\r\n"
                   "Max-Forwards: 70\r\nContact: <sip:%s:%u>\r\n"
                   "Call-ID: %u-%u@callload\r\nCSeq: %u %s\r\nFrom: <sip:",
                   address, port, call->slot, call->generation, request->cseq,
                   request->is_ack_of_answer ? "-ack" : "", address, port, call->slot,
                   call->generation, request->cseq, request->method);
    td_text_add(out, text);
    add_customer(out, call);
    (void)snprintf(text, sizeof(text), "@%s>;tag=%u\r\nTo: ", call->load->options.domain,
                   call->generation);
    td_text_add(out, text);
    td_text_add_span(out, request->to.at, request->to.size);
    td_text_add(out, "\r\n");
}

static void send_request(const struct load_call *call, const struct request *request)
{
    char buffer[LOAD_DATAGRAM_MAX];
    struct td_text out;

    td_text_init(&out, buffer, sizeof(buffer));
    td_text_add(&out, request->method);
    td_text_add(&out, " ");
    add_target(&out, call);
    add_headers(&out, call, request);
    load_add_body(&out, request->body);
    load_socket_send(&call->load->customer_socket, &out, &call->load->options.edge);
}

static struct load_span to_of(const struct load_call *call)
{
    return (struct load_span){call->to, strlen(call->to)};
}

static void send_invite(const struct load_call *call)
{
    send_request(call, &(struct request){"INVITE", 1, to_of(call), false, call->load->sdp});
}

/* --- life --------------------------------------------------------------------------------------
 */

static void finish(struct load_call *call)
{
    struct load *load = call->load;
    uint32_t count = (uint32_t)load->options.customers;

    td_timer_stop(&call->timer);
    call->state = LOAD_CALL_FREE;
    load->free_slots[(load->free_first + load->free_count++) % count] = call->slot;
    load->under_way--;
    load_commands_ended(load);
}

void load_calls_begin(struct load *load)
{
    uint32_t count = (uint32_t)load->options.customers;

    if (load->free_count == 0) {
        load->figures.unsent++;
        return;
    }
    struct load_call *call = &load->calls[load->free_slots[load->free_first]];
    load->free_first = (load->free_first + 1) % count;
    load->free_count--;
    load->under_way++;
    load->figures.sent++;
    *call = (struct load_call){.load = load,
                               .slot = call->slot,
                               .generation = call->generation + 1,
                               .state = LOAD_CALL_INVITED,
                               .timer = call->timer};
    (void)snprintf(call->to, sizeof(call->to), "<sip:%s@%s>", load->options.number,
                   load->options.domain);
    call->sent_ns = td_loop_now_ns();
    call->sent_unix_ns = load_now_unix_ns();
    send_invite(call);
    td_timer_start(&call->timer, LOAD_T1_MS);
}

static uint64_t age_ms(const struct load_call *call)
{
    return (td_loop_now_ns() - call->sent_ns) / NS_PER_MS;
}

static uint64_t backed_off_ms(uint32_t attempt)
{
    return (uint64_t)LOAD_T1_MS << (attempt < 3 ? attempt : 3);
}

static void repeat_invite(struct load_call *call)
{
    const struct load_options *options = &call->load->options;
    uint64_t age = age_ms(call);

    if (age >= 2 * options->patience_ms) { // Not even the CANCEL was answered.
        call->load->figures.abandoned++;
        finish(call);
        return;
    }
    if (age >= options->patience_ms) {
        call->cancelled = true;
        send_request(call, &(struct request){"CANCEL", 1, to_of(call), false, NULL});
        td_timer_start(&call->timer, LOAD_T1_MS);
        return;
    }
    if (!call->provisional) {
        call->load->figures.repeated++;
        send_invite(call);
    }
    uint64_t wait_ms = call->provisional ? options->patience_ms : backed_off_ms(++call->attempt);
    uint64_t left_ms = options->patience_ms - age;
    td_timer_start(&call->timer, wait_ms < left_ms ? wait_ms : left_ms);
}

static void send_bye(struct load_call *call)
{
    if (call->attempt > 0)
        call->load->figures.repeated++;
    if (call->attempt == BYE_ATTEMPTS_MAX) {
        call->load->figures.broken++;
        finish(call);
        return;
    }
    call->state = LOAD_CALL_ENDING;
    send_request(call, &(struct request){"BYE", 2, to_of(call), false, NULL});
    td_timer_start(&call->timer, backed_off_ms(call->attempt++));
}

static void on_timer(void *ctx)
{
    struct load_call *call = ctx;

    if (call->state == LOAD_CALL_INVITED)
        repeat_invite(call);
    else
        send_bye(call);
}

void load_calls_offered(struct load *load, uint64_t customer, uint64_t at_unix_ns)
{
    struct load_call *call = customer < load->options.customers ? &load->calls[customer] : NULL;
    struct load_figures *figures = &load->figures;

    if (call == NULL || call->state != LOAD_CALL_INVITED || call->counted)
        return;
    call->counted = true;
    if (load->options.trace)
        (void)printf("{\"sent_unix_s\": %.6f, \"offered_unix_s\": %.6f}\n",
                     (double)call->sent_unix_ns / 1e9, (double)at_unix_ns / 1e9);
    if (figures->offer_count < figures->samples_max)
        figures->offers_us[figures->offer_count++] =
            (uint32_t)((at_unix_ns - call->sent_unix_ns) / 1000);
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void take_answer(struct load_call *call, const struct load_message *message,
                        uint64_t at_unix_ns)
{
    struct load_figures *figures = &call->load->figures;

    if (call->state == LOAD_CALL_INVITED) {
        (void)td_str_copy_span(call->to, sizeof(call->to), message->to.at, message->to.size);
        (void)td_str_copy_span(call->contact, sizeof(call->contact), message->contact.at,
                               message->contact.size);
        if (figures->answer_count < figures->samples_max)
            figures->answers_us[figures->answer_count++] =
                (uint32_t)((at_unix_ns - call->sent_unix_ns) / 1000);
        call->state = LOAD_CALL_TALKING;
        call->attempt = 0;
        td_timer_start(&call->timer, call->cancelled ? 0 : call->load->options.talk_ms);
    }
    send_request(call, &(struct request){"ACK", 1, to_of(call), true, NULL});
}

static void take_refusal(struct load_call *call, const struct load_message *message)
{
    struct load_figures *figures = &call->load->figures;

    send_request(call, &(struct request){"ACK", 1, message->to, false, NULL});
    if (call->state != LOAD_CALL_INVITED)
        return;
    if (call->cancelled)
        figures->abandoned++;
    else
        figures->refused++;
    if (message->status < LOAD_STATUS_COUNT)
        figures->statuses[message->status]++;
    finish(call);
}

static void take_bye_answer(struct load_call *call, int status)
{
    if (call->state != LOAD_CALL_ENDING || status < 200)
        return;
    if (call->cancelled)
        call->load->figures.abandoned++;
    else if (status < 300)
        call->load->figures.completed++;
    else
        call->load->figures.broken++;
    finish(call);
}

/* The other side hangs up. */
static void take_request(struct load_call *call, const struct load_message *message,
                         const struct load_arrival *arrival)
{
    char buffer[LOAD_DATAGRAM_MAX];
    struct td_text out;

    td_text_init(&out, buffer, sizeof(buffer));
    load_add_response(&out, message, "200 OK", "");
    load_add_body(&out, NULL);
    load_socket_send(&call->load->customer_socket, &out, &arrival->from);
    if (!load_span_is(message->method, "BYE") ||
        (call->state != LOAD_CALL_TALKING && call->state != LOAD_CALL_ENDING))
        return;
    call->load->figures.broken++;
    finish(call);
}

static struct load_call *find(struct load *load, struct load_span call_id)
{
    const char *dash = memchr(call_id.at, '-', call_id.size);
    uint64_t slot;
    uint64_t generation;

    if (dash == NULL || !load_span_number(call_id, &slot) || slot >= load->options.customers)
        return NULL;
    size_t used = (size_t)(dash + 1 - call_id.at);
    struct load_call *call = &load->calls[slot];
    if (!load_span_number((struct load_span){dash + 1, call_id.size - used}, &generation) ||
        generation != call->generation)
        return NULL;
    return call;
}

void load_calls_arrived(struct load *load, const struct load_arrival *arrival)
{
    struct load_message message;

    if (!load_message_read(arrival->text, arrival->size, &message))
        return;
    struct load_call *call = find(load, message.call_id);
    if (call == NULL)
        return;
    if (message.status == 0)
        take_request(call, &message, arrival);
    else if (load_span_is(message.method, "BYE"))
        take_bye_answer(call, message.status);
    else if (load_span_is(message.method, "INVITE") && message.status < 200)
        call->provisional = true;
    else if (load_span_is(message.method, "INVITE") && message.status < 300)
        take_answer(call, &message, arrival->at_unix_ns);
    else if (load_span_is(message.method, "INVITE"))
        take_refusal(call, &message);
}
