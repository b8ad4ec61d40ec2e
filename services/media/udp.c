#include "media/udp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <unistd.h>

/* Expedited forwarding (RFC 3246): what routers should let pass first. */
#define DSCP_VOICE (46 << 2)
/* Half a second of a call's packets with all that the kernel adds to each. */
#define RECEIVE_BUFFER_BYTES (128 * 1024)

enum td_err media_peer_parse(const char *address, uint16_t port, struct media_peer *peer)
{
    struct media_peer parsed = {.port = port};

    if (inet_pton(AF_INET, address, parsed.address) == 1)
        parsed.family = 4;
    else if (inet_pton(AF_INET6, address, parsed.address) == 1)
        parsed.family = 6;
    else
        return TD_ERR_SYNTAX;
    *peer = parsed;
    return TD_OK;
}

socklen_t media_peer_to_sockaddr(const struct media_peer *peer, struct sockaddr_storage *address)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(peer->port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(peer->port)};

    if (peer->family == 6) {
        memcpy(&six.sin6_addr, peer->address, sizeof(six.sin6_addr));
        memcpy(address, &six, sizeof(six));
        return sizeof(six);
    }
    memcpy(&four.sin_addr, peer->address, sizeof(four.sin_addr));
    memcpy(address, &four, sizeof(four));
    return sizeof(four);
}

static struct media_peer peer_of(const struct sockaddr_storage *address)
{
    struct media_peer peer = {0};
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    if (address->ss_family == AF_INET6) {
        memcpy(&six, address, sizeof(six));
        memcpy(peer.address, &six.sin6_addr, sizeof(six.sin6_addr));
        peer.port = ntohs(six.sin6_port);
        peer.family = 6;
    } else {
        memcpy(&four, address, sizeof(four));
        memcpy(peer.address, &four.sin_addr, sizeof(four.sin_addr));
        peer.port = ntohs(four.sin_port);
        peer.family = 4;
    }
    return peer;
}

enum td_err media_udp_open(const struct media_peer *local, int *fd)
{
    struct sockaddr_storage address;
    socklen_t length = media_peer_to_sockaddr(local, &address);
    int family = local->family == 6 ? AF_INET6 : AF_INET;
    int buffer = RECEIVE_BUFFER_BYTES;
    int dscp = DSCP_VOICE;
    int on = 1;
    int opened = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (opened < 0)
        return td_err_from_errno(errno);
    // Priority and buffer are wishes: a system that refuses them still carries calls.
    (void)setsockopt(opened, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    if (family == AF_INET6) {
        (void)setsockopt(opened, IPPROTO_IPV6, IPV6_TCLASS, &dscp, sizeof(dscp));
        (void)setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    } else {
        (void)setsockopt(opened, IPPROTO_IP, IP_TOS, &dscp, sizeof(dscp));
    }
    if (bind(opened, (const struct sockaddr *)&address, length) != 0) {
        enum td_err err = td_err_from_errno(errno);
        (void)close(opened);
        return err;
    }
    *fd = opened;
    return TD_OK;
}

unsigned media_udp_receive(int fd, struct media_udp_batch *batch)
{
    struct mmsghdr messages[MEDIA_BATCH];
    struct iovec pieces[MEDIA_BATCH];
    struct sockaddr_storage from[MEDIA_BATCH];

    for (unsigned i = 0; i < MEDIA_BATCH; i++) {
        pieces[i] = (struct iovec){batch->data[i], MEDIA_RTP_PACKET_MAX};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &from[i],
                                                   .msg_namelen = sizeof(from[i]),
                                                   .msg_iov = &pieces[i],
                                                   .msg_iovlen = 1}};
    }
    int received = recvmmsg(fd, messages, MEDIA_BATCH, MSG_DONTWAIT, NULL);

    batch->count = received > 0 ? (unsigned)received : 0;
    for (unsigned i = 0; i < batch->count; i++) {
        bool whole = (messages[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;

        batch->sizes[i] = whole ? messages[i].msg_len : 0;
        batch->peers[i] = peer_of(&from[i]);
    }
    return batch->count;
}

unsigned media_udp_send(int fd, const struct media_udp_batch *batch, const struct media_peer *to)
{
    struct mmsghdr messages[MEDIA_BATCH];
    struct iovec pieces[MEDIA_BATCH];
    struct sockaddr_storage address;
    socklen_t length = media_peer_to_sockaddr(to, &address);
    unsigned sent = 0;

    for (unsigned i = 0; i < batch->count; i++) {
        // sendmmsg only reads; its vectors know no const.
        pieces[i].iov_base = (void *)(uintptr_t)batch->data[i];
        pieces[i].iov_len = batch->sizes[i];
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &address,
                                                   .msg_namelen = length,
                                                   .msg_iov = &pieces[i],
                                                   .msg_iovlen = 1}};
    }
    while (sent < batch->count) {
        int taken = sendmmsg(fd, messages + sent, batch->count - sent, MSG_DONTWAIT);

        if (taken <= 0)
            break; // A full buffer or an unreachable peer: late sound is worth nothing.
        sent += (unsigned)taken;
    }
    return sent;
}
