#include "io/bus_zap.h"

#include <string.h>

#include "io/bus_key.h"

#define ENDPOINT "inproc://zeromq.zap.01"
#define CURVE_KEY_BYTES 32

/* Frames of a request; ROUTER puts the asking connection in front. */
enum { ASKER, EMPTY, VERSION, NUMBER, DOMAIN, ADDRESS, IDENTITY, MECHANISM, KEY, FRAME_COUNT };

static bool is_text(zmq_msg_t *frame, const char *text)
{
    size_t size = strlen(text);

    return zmq_msg_size(frame) == size && memcmp(zmq_msg_data(frame), text, size) == 0;
}

static bool read_key(zmq_msg_t *frames, size_t count, char key[TD_BUS_KEY_SIZE])
{
    return count == FRAME_COUNT && is_text(&frames[VERSION], "1.0") &&
           is_text(&frames[MECHANISM], "CURVE") && zmq_msg_size(&frames[KEY]) == CURVE_KEY_BYTES &&
           zmq_z85_encode(key, zmq_msg_data(&frames[KEY]), CURVE_KEY_BYTES) != NULL;
}

static struct td_bytes text_bytes(const char *text)
{
    return td_bytes(text, strlen(text));
}

/* @param key  Of whom is admitted; NULL: nobody is. A connection that died takes its answer with
   it. */
static void answer(struct td_bus_zap *zap, zmq_msg_t *frames, const char *key)
{
    const struct td_bytes parts[] = {
        td_bus_frame_bytes(&frames[ASKER]),
        text_bytes(""),
        text_bytes("1.0"),
        td_bus_frame_bytes(&frames[NUMBER]),
        text_bytes(key != NULL ? "200" : "400"),
        text_bytes(key != NULL ? "OK" : "unknown key"),
        text_bytes(key != NULL ? key : ""),
        text_bytes(""), // No metadata of ours.
    };
    const size_t count = sizeof(parts) / sizeof(parts[0]);

    for (size_t i = 0; i < count; i++) {
        if (td_bus_send(&zap->socket, parts[i].data, parts[i].size, i + 1 < count) != TD_OK)
            break;
    }
    td_bus_socket_touch(&zap->socket);
}

static bool on_work(struct td_bus_socket *socket)
{
    struct td_bus_zap *zap = (struct td_bus_zap *)socket; // Its first member.

    for (int i = 0; i < TD_BUS_TURN_MESSAGES; i++) {
        zmq_msg_t frames[FRAME_COUNT];
        char key[TD_BUS_KEY_SIZE];
        size_t count = td_bus_receive(socket, frames, FRAME_COUNT);

        if (count == 0)
            return false;
        bool admitted = read_key(frames, count, key) && zap->admits(zap->ctx, key);
        zap->refused += !admitted;
        if (count > NUMBER)
            answer(zap, frames, admitted ? key : NULL);
        td_bus_frames_close(frames, count, FRAME_COUNT);
    }
    return false;
}

enum td_err td_bus_zap_open(struct td_bus_zap *zap, struct td_bus *bus)
{
    char resolved[TD_BUS_ENDPOINT_SIZE];
    enum td_err err = td_bus_socket_open(&zap->socket, bus, ZMQ_ROUTER, on_work);

    return err == TD_OK ? td_bus_socket_bind(&zap->socket, ENDPOINT, resolved) : err;
}
