/**
 * @file callload.h  A crowd for measuring: customers who call an entry point, agents who answer.
 *
 * One process is all their phones: one UDP socket for the customers, one for the agents, so that
 * its own share of the machine stays small and each INVITE is stamped by the kernel when it comes.
 * The agents register, log in and become ready; then each line of standard input is one run of
 * calls, answered by one line of JSON. README.md has both.
 *
 *   main.c       arguments         agents.c   phones of agents: registration and answers
 *   commands.c   lines to runs     calls.c    customers: one call from INVITE to BYE
 *   socket.c     datagrams         figures.c  what a run was like
 */
#ifndef CALLLOAD_CALLLOAD_H
#define CALLLOAD_CALLLOAD_H

#include <netinet/in.h>
#include <uv.h>

#include "callload/core/message.h"
#include "io/timer.h"
#include "service/tool.h"

#define LOAD_DATAGRAM_MAX 4096
#define LOAD_STATUS_COUNT 700
#define LOAD_T1_MS 500

struct load;

/* --- socket.c --- */

struct load_arrival {
    const char *text;
    size_t size;
    struct sockaddr_in from;
    uint64_t at_unix_ns; /**< When the kernel had it. */
};

typedef void load_arrival_fn(struct load *load, const struct load_arrival *arrival);

struct load_socket {
    struct load *load;
    load_arrival_fn *arrived;
    int fd;
    uv_poll_t poll;
    struct sockaddr_in local;
};

/** Binds to a free port of the address. @param arrived  Called for each datagram. */
bool load_socket_open(struct load_socket *udp, struct load *load, const char *address,
                      load_arrival_fn *arrived);
void load_socket_close(struct load_socket *udp);
void load_socket_send(const struct load_socket *udp, const struct td_text *message,
                      const struct sockaddr_in *to);
/** The wall clock, as arrivals are stamped. */
uint64_t load_now_unix_ns(void);

/* --- figures.c --- */

/** What a run was like. */
struct load_figures {
    uint32_t sent;
    uint32_t completed;       /**< Answered, talked and hung up in order. */
    uint32_t refused;         /**< By a final status; counted by it below. */
    uint32_t abandoned;       /**< Not answered within the customer's patience. */
    uint32_t broken;          /**< Ended by the other side, or the BYE was not answered. */
    uint32_t unsent;          /**< More than there are customers were under way. */
    uint32_t repeated;        /**< Requests that had to be sent again. */
    uint32_t double_bookings; /**< An agent who talked was offered another call. */
    uint32_t statuses[LOAD_STATUS_COUNT];
    uint32_t *offers_us;  /**< Customer's INVITE to agent's, in the order of the INVITEs. */
    uint32_t *answers_us; /**< Customer's INVITE to their 200. */
    uint32_t offer_count;
    uint32_t answer_count;
    uint32_t samples_max;
};

/** Room for so many calls. @return False: no memory. */
bool load_figures_init(struct load_figures *figures, uint32_t calls);
void load_figures_fini(struct load_figures *figures);
void load_figures_print(struct load_figures *figures, double calls_per_s, uint32_t seconds);

/* --- agents.c --- */

struct load_agent {
    struct load *load;
    uint32_t number;
    uint32_t attempt;
    bool registered;
    bool is_ready;
    struct td_timer timer; /* the request or 200 that waits for an answer */
    char call_id[128];     /* of the call they are in; empty: none */
    struct sockaddr_in peer;
    char *answer; /* their 200, until it is acknowledged */
    size_t answer_size;
};

/** Registers, logs in and gets ready all agents; then `load_commands_start`. */
bool load_agents_start(struct load *load);
void load_agents_stop(struct load *load);
void load_agents_arrived(struct load *load, const struct load_arrival *arrival);

/* --- calls.c --- */

enum load_call_state { LOAD_CALL_FREE, LOAD_CALL_INVITED, LOAD_CALL_TALKING, LOAD_CALL_ENDING };

struct load_call {
    struct load *load;
    uint32_t slot; /* the customer */
    uint32_t generation;
    enum load_call_state state;
    bool counted;   /* the offer was seen */
    bool cancelled; /* the customer gave up */
    bool provisional;
    uint32_t attempt;
    uint32_t sample;
    uint64_t sent_unix_ns;
    uint64_t sent_ns;
    struct td_timer timer;
    char to[256]; /* with the tag of the other side */
    char contact[128];
};

/** One customer calls. */
void load_calls_begin(struct load *load);
bool load_calls_create(struct load *load);
void load_calls_destroy(struct load *load);
void load_calls_arrived(struct load *load, const struct load_arrival *arrival);
/** The agent's phone has got the INVITE of this customer's call. */
void load_calls_offered(struct load *load, uint64_t customer, uint64_t at_unix_ns);

/* --- commands.c --- */

/** A run: calls at an even rate. */
struct load_run {
    double calls_per_s;
    uint32_t seconds;
    uint64_t began_ns;
    uint32_t begun;
    uint32_t planned;
};

/** Reads the next command; all agents are ready. */
void load_commands_start(struct load *load);
void load_commands_stop(struct load *load);
/** A call has ended. */
void load_commands_ended(struct load *load);

/* --- main.c --- */

struct load_options {
    const char *site_file;
    struct sockaddr_in edge;
    const char *domain;
    const char *number;   /* dialled */
    const char *password; /* of every agent's phone */
    const char *customer_address;
    const char *customer_prefix; /* "+4477001": four to six digits of the slot follow */
    uint64_t agents;
    uint64_t first_user; /* the phone of agent a1 */
    uint64_t customers;
    uint64_t talk_ms;
    uint64_t patience_ms;
    uint64_t trace; /* 1: a line for each offer */
};

struct load {
    struct load_options options;
    struct td_service *service;
    struct td_loop *loop;
    struct load_socket customer_socket;
    struct load_socket agent_socket;
    struct load_socket silent; /* where sound is sent */
    struct load_agent *agents;
    uint32_t agents_begun;
    uint32_t agents_ready;
    char nonce[128]; /* one challenge serves all phones */
    char algorithm[16];
    struct load_call *calls;
    uint32_t *free_slots; /* a ring: who called longest ago calls next */
    uint32_t free_first;
    uint32_t free_count;
    uint32_t under_way;
    struct load_run run;
    struct load_figures figures;
    struct td_timer beat;
    uv_poll_t input;
    bool input_open;
    char line[256];
    size_t line_size;
    char sdp[256];
};

/** Prints one sentence and ends the program. */
__attribute__((format(printf, 2, 3))) void load_fail(struct load *load, const char *sentence, ...);

#endif
