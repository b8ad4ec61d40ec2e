/**
 * @file tandem_client.h  Tandem's bus for programs outside the site: publish events, hear events
 * and figures. The one header of libtandem_client; needs nothing else of Tandem.
 *
 *     cc program.c -Ilib/client build/lib/libtandem_client.a -lzmq -lprotobuf-c
 *
 * What a client needs to connect stands in a file that `tandem client add NAME --file FILE` writes.
 *
 * **Publishing** waits until the event is on disk. While the door is busy or away it tries again by
 * itself, with the same id, so that the event is stored once (within an hour of the first try).
 *
 * **Listening** goes on over lost connections, without gap or double: the library remembers up to
 * where the program has taken events, and asks for what comes behind. A program that stores these
 * places (td_client_places) with what it made of the events goes on there after its own end too.
 *
 * One thread for each client object. Functions block for at most the time they are given.
 */
#ifndef TANDEM_CLIENT_H
#define TANDEM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TD_CLIENT_ID_SIZE 16
#define TD_CLIENT_TOPICS_MAX 32
/** Longest text of places, terminator included. */
#define TD_CLIENT_PLACES_SIZE 1024

struct td_client;

enum td_client_result {
    TD_CLIENT_OK,
    TD_CLIENT_NOTHING,     /**< Nothing came in the time given. */
    TD_CLIENT_REFUSED,     /**< It would be refused again: td_client_why() says why. */
    TD_CLIENT_WRONG_KEY,   /**< The door does not know this client's key (any more). */
    TD_CLIENT_UNREACHABLE, /**< Not confirmed in the time given; it may have been done. */
    TD_CLIENT_INVALID,     /**< Not as this header says: td_client_why() names what. */
};

/** One event to publish. Strings and data are borrowed for the call. */
struct td_client_event {
    const char *topic; /**< "crm.order_placed" */
    const char
        *key; /**< Customer or interaction; NULL for none. Events of a key keep their order. */
    const char *type; /**< NULL: "application/json". */
    const void *data;
    size_t size; /**< At most 32,768. */
    /** By which a repeat is known. All zeros: a new one, which is then written here. */
    uint8_t id[TD_CLIENT_ID_SIZE];
    /* Set by the call: */
    enum td_client_result result;
    bool repeated; /**< It had been stored before. */
};

enum td_client_kind {
    TD_CLIENT_EVENT,
    TD_CLIENT_FIGURES, /**< Of metrics.: not stored, the latest counts. */
    TD_CLIENT_GAP,     /**< Something did not come and will not. */
};

/** Something that came. Strings and data are valid until the next call with this client. */
struct td_client_message {
    enum td_client_kind kind;
    const char *topic;
    const char *key;
    const char *type; /**< A media type, or the name of a message of proto/. */
    uint64_t time_unix_us;
    uint8_t id[TD_CLIENT_ID_SIZE];
    const void *data;
    size_t size;
    const char *text;         /**< A gap, as one sentence. */
    uint64_t figures_dropped; /**< A gap: so many figures; 0: events that were kept no longer. */
};

/**
 * Reads the file and begins to connect.
 *
 * @param why  Receives one sentence on failure; may be NULL.
 * @return NULL on failure: no such file, a line is missing, no key, out of memory.
 */
struct td_client *td_client_open(const char *path, char *why, size_t why_size);

/** Sets *client to NULL; NULL is ignored. */
void td_client_close(struct td_client **client);

/** The last failure as one sentence. Valid until the next call. */
const char *td_client_why(const struct td_client *client);

/**
 * Publishes events, many on their way at once, and waits until each is on disk or refused.
 *
 * @param patience_ms  For all of them together.
 * @return TD_CLIENT_OK: all are on disk; else the first other result (each event has its own).
 */
enum td_client_result td_client_publish(struct td_client *client, struct td_client_event *events,
                                        size_t count, uint32_t patience_ms);

/**
 * Hears a topic, "metrics.agents", or with a dot at its end all below, "metrics.".
 *
 * @param places  Where to go on from, as td_client_places() gave it, in the first subscription of a
 *                program; NULL: from now on.
 */
enum td_client_result td_client_subscribe(struct td_client *client, const char *topic,
                                          const char *places, uint32_t patience_ms);

/** The next event, figures or gap. @return TD_CLIENT_OK, NOTHING, REFUSED, WRONG_KEY. */
enum td_client_result td_client_next(struct td_client *client, uint32_t timeout_ms,
                                     struct td_client_message *message);

/** Up to where events were taken by td_client_next(). @return `text`. */
const char *td_client_places(const struct td_client *client, char text[TD_CLIENT_PLACES_SIZE]);

/** A number of figures (or of any message of proto/): td_client_number(&message, "waiting", &n).
    @return false: there is no such number in it. */
bool td_client_number(struct td_client *client, const struct td_client_message *message,
                      const char *field, uint64_t *value);

/** A UUID of this moment (version 7), for those who store it before they publish. */
void td_client_new_id(uint8_t id[TD_CLIENT_ID_SIZE]);

#endif
