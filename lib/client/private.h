/**
 * @file private.h  What the files of lib/client share. Not for programs.
 */
#ifndef TD_CLIENT_PRIVATE_H
#define TD_CLIENT_PRIVATE_H

#include "base/arena.h"
#include "client/tandem_client.h"
#include "wire/door_wire.h"
#include "wire/envelope_wire.h"

#define CLIENT_PARTITIONS 16
#define CLIENT_PLACE_SIZE 42
#define CLIENT_KEY_SIZE 41
#define CLIENT_ARENA_SIZE (4U << 20)
#define CLIENT_ARRIVED_MAX 10000 /* not taken yet; beyond, they are asked for again later */

/** A message that came while something else was waited for. */
struct client_arrived {
    struct client_arrived *next;
    size_t size;
    uint8_t bytes[];
};

struct td_client {
    /* settings */
    char endpoint[128];
    char server_key[CLIENT_KEY_SIZE];
    char public_key[CLIENT_KEY_SIZE];
    char secret_key[CLIENT_KEY_SIZE];

    /* the connection */
    void *context;
    void *socket;
    void *monitor;
    uint32_t connections; /* made so far: names the monitor */
    bool is_lost;         /* to be made anew before anything is sent */
    bool is_subscribed;   /* over this connection */
    bool is_key_unknown;
    uint64_t heard_at_ms;
    uint64_t number; /* of the last request */

    /* what was subscribed, and what came */
    char topics[TD_CLIENT_TOPICS_MAX][128];
    uint32_t topic_count;
    char places[CLIENT_PARTITIONS][CLIENT_PLACE_SIZE]; /* taken up to; empty: not known */
    struct client_arrived *first;
    struct client_arrived **last;
    uint32_t arrived;
    struct client_arrived *taken; /* what the program looks at */
    struct td_envelope envelope;
    char gap_text[256];

    char why[256];
    struct td_arena arena;       /* for one request or answer */
    struct td_arena taken_arena; /* for what the program looks at */
};

uint64_t client_now_ms(void);
__attribute__((format(printf, 3, 4))) enum td_client_result
client_fail(struct td_client *client, enum td_client_result result, const char *sentence, ...);

/* --- wire.c --- */

/** A new connection in place of the old one. @return false: out of memory or descriptors. */
bool client_connect(struct td_client *client);
void client_disconnect(struct td_client *client);

/** Sends a request under a new number. @return false: the connection does not take it. */
bool client_send(struct td_client *client, struct td_door_request *request);

/** Waits for the next answer (into `answer`, true) until the time; puts whatever else comes aside.
 */
bool client_wait_answer(struct td_client *client, uint64_t until_ms, struct td_door_answer *answer);

/** Lets come what comes until the time, or until something has. */
void client_wait(struct td_client *client, uint64_t until_ms);

void client_forget_arrived(struct td_client *client);

/* --- listen.c --- */

/** Subscribes over this connection what was subscribed before. */
enum td_client_result client_subscribe_all(struct td_client *client, uint64_t until_ms);

#endif
