#include "io/bus_message.h"

#include <stdlib.h>
#include <string.h>

enum { TOPIC, STREAM_ID, BODY, FRAME_COUNT };

enum td_err td_bus_message_check(const struct td_bus *bus, const struct td_bus_message *message)
{
    size_t topic_size = strlen(message->topic);

    if (topic_size == 0 || (unsigned char)message->topic[0] == TD_BUS_RESERVED)
        return TD_ERR_INVALID;
    if (topic_size >= TD_BUS_TOPIC_SIZE || message->body.size > td_bus_message_max(bus))
        return TD_ERR_RANGE;
    if (message->stream_id != NULL && strlen(message->stream_id) >= TD_BUS_STREAM_ID_SIZE)
        return TD_ERR_RANGE;
    return TD_OK;
}

/* A socket refuses a message with its first frame or not at all. */
enum td_err td_bus_message_send(struct td_bus_socket *socket, struct td_bytes topic,
                                const char *stream_id, struct td_bytes body)
{
    size_t id_size = stream_id != NULL ? strlen(stream_id) : 0;
    bool sent = td_bus_send(socket, topic.data, topic.size, true) == TD_OK &&
                td_bus_send(socket, stream_id, id_size, true) == TD_OK &&
                td_bus_send(socket, body.data, body.size, false) == TD_OK;

    td_bus_socket_touch(socket);
    return sent ? TD_OK : TD_ERR_UNAVAILABLE;
}

static bool copy_text(char *to, size_t size, struct td_bytes from)
{
    if (from.size >= size || memchr(from.data, '\0', from.size) != NULL)
        return false;
    memcpy(to, from.data, from.size);
    to[from.size] = '\0';
    return true;
}

static void deliver(struct td_bus_receiver *receiver, zmq_msg_t *frames)
{
    char topic[TD_BUS_TOPIC_SIZE];
    char stream_id[TD_BUS_STREAM_ID_SIZE];
    struct td_bytes topic_bytes = td_bus_frame_bytes(&frames[TOPIC]);

    if (receiver->on_own != NULL && receiver->on_own(receiver, topic_bytes))
        return;
    if (!copy_text(topic, sizeof(topic), topic_bytes) ||
        !copy_text(stream_id, sizeof(stream_id), td_bus_frame_bytes(&frames[STREAM_ID]))) {
        receiver->counts.malformed++;
        return;
    }
    receiver->counts.messages++;
    struct td_bus_message message = {topic, stream_id, td_bus_frame_bytes(&frames[BODY])};
    receiver->on_message(receiver->ctx, &message);
}

bool td_bus_receiver_work(struct td_bus_socket *socket)
{
    struct td_bus_receiver *receiver = (struct td_bus_receiver *)socket;
    uint64_t until_ns = td_loop_now_ns() + TD_BUS_TURN_NS;

    for (int i = 0; i < TD_BUS_TURN_MESSAGES; i++) {
        struct td_loop_span span = td_loop_begin("bus.message");
        zmq_msg_t frames[FRAME_COUNT];
        size_t count = td_bus_receive(socket, frames, FRAME_COUNT);

        if (count == 0)
            return false;
        if (count == FRAME_COUNT)
            deliver(receiver, frames);
        else
            receiver->counts.malformed++;
        td_bus_frames_close(frames, count, FRAME_COUNT);
        td_loop_end(td_bus_loop(socket->bus), span);
        if (!td_bus_socket_is_open(socket) || td_loop_now_ns() >= until_ns)
            return false; // What is left shows in ZMQ_EVENTS.
    }
    return false;
}

void td_bus_feed_free(struct td_bus_socket *socket)
{
    free(socket);
}
