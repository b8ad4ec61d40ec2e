#include "callload/callload.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32
#define BUFFER_BYTES (8 << 20)
#define NS_PER_S UINT64_C(1000000000)

uint64_t load_now_unix_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t stamp_of(struct msghdr *header)
{
    struct timespec stamp;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL;
         part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&stamp, CMSG_DATA(part), sizeof(stamp));
        return (uint64_t)stamp.tv_sec * NS_PER_S + (uint64_t)stamp.tv_nsec;
    }
    return load_now_unix_ns();
}

static int receive_batch(struct load_socket *udp)
{
    static char texts[BATCH][LOAD_DATAGRAM_MAX];
    static char controls[BATCH][64];
    struct sockaddr_in from[BATCH];
    struct iovec pieces[BATCH];
    struct mmsghdr messages[BATCH];

    for (size_t i = 0; i < BATCH; i++) {
        pieces[i] = (struct iovec){texts[i], sizeof(texts[i])};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &from[i],
                                                   .msg_namelen = sizeof(from[i]),
                                                   .msg_iov = &pieces[i],
                                                   .msg_iovlen = 1,
                                                   .msg_control = controls[i],
                                                   .msg_controllen = sizeof(controls[i])}};
    }
    int count = recvmmsg(udp->fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        const struct load_arrival arrival = {.text = texts[i],
                                             .size = messages[i].msg_len,
                                             .from = from[i],
                                             .at_unix_ns = stamp_of(&messages[i].msg_hdr)};
        udp->arrived(udp->load, &arrival);
    }
    return count;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct load_socket *udp = poll->data;

    (void)events;
    if (status != 0)
        (void)uv_poll_start(poll, UV_READABLE, on_readable); // A passing trouble of the socket.
    while (receive_batch(udp) == BATCH)
        continue;
}

static bool bind_to(struct load_socket *udp, const char *address)
{
    socklen_t length = sizeof(udp->local);
    int buffer = BUFFER_BYTES;
    int on = 1;

    udp->local = (struct sockaddr_in){.sin_family = AF_INET};
    if (inet_pton(AF_INET, address, &udp->local.sin_addr) != 1)
        return false;
    if (setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0)
        (void)setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    (void)setsockopt(udp->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    return bind(udp->fd, (const struct sockaddr *)&udp->local, sizeof(udp->local)) == 0 &&
           getsockname(udp->fd, (struct sockaddr *)&udp->local, &length) == 0;
}

bool load_socket_open(struct load_socket *udp, struct load *load, const char *address,
                      load_arrival_fn *arrived)
{
    *udp = (struct load_socket){.load = load, .arrived = arrived};
    udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp->fd < 0)
        return false;
    if (!bind_to(udp, address) || uv_poll_init(td_loop_uv(load->loop), &udp->poll, udp->fd) != 0) {
        (void)close(udp->fd);
        return false;
    }
    udp->poll.data = udp;
    return uv_poll_start(&udp->poll, UV_READABLE, on_readable) == 0;
}

void load_socket_close(struct load_socket *udp)
{
    if (udp->load == NULL || uv_is_closing((uv_handle_t *)&udp->poll))
        return;
    uv_close((uv_handle_t *)&udp->poll, NULL);
    (void)close(udp->fd);
}

void load_socket_send(const struct load_socket *udp, const struct td_text *message,
                      const struct sockaddr_in *to)
{
    // A datagram that is lost here is repeated like one that is lost on its way.
    (void)sendto(udp->fd, message->to, message->length, MSG_DONTWAIT, (const struct sockaddr *)to,
                 sizeof(*to));
}
