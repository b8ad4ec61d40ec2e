/**
 * @file udp.h  UDP sockets for media: many datagrams per system call, and addresses as the core
 * knows them.
 *
 * A batch is memory set aside once and used for every socket of the loop: filled by one recvmmsg,
 * emptied by one sendmmsg. Nothing here allocates.
 */
#ifndef MEDIA_UDP_H
#define MEDIA_UDP_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/err.h"
#include "media/core/latch.h"
#include "media/core/rtp.h"

/** Datagrams of one system call. */
#define MEDIA_BATCH 16

struct media_udp_batch {
    unsigned count;
    size_t sizes[MEDIA_BATCH];
    struct media_peer peers[MEDIA_BATCH]; /**< Receiving: from whom. */
    uint8_t data[MEDIA_BATCH][MEDIA_RTP_PACKET_MAX];
};

/** Parses "127.0.0.1" or "::1". @return TD_OK or TD_ERR_SYNTAX. */
enum td_err TD_MUST_CHECK media_peer_parse(const char *address, uint16_t port,
                                           struct media_peer *peer);

/** Length of a peer's socket address. @param address  Filled. */
socklen_t media_peer_to_sockaddr(const struct media_peer *peer, struct sockaddr_storage *address);

/** Makes a non-blocking socket bound to `local`.
    @return TD_OK; TD_ERR_EXISTS (port taken); TD_ERR_LIMIT (descriptors); other. */
enum td_err TD_MUST_CHECK media_udp_open(const struct media_peer *local, int *fd);

/** Receives what is there, up to a batch. One larger than a packet may be comes with size 0.
    @return batch->count. */
unsigned media_udp_receive(int fd, struct media_udp_batch *batch);

/** Sends a batch to one peer. @return How many the kernel took. */
unsigned media_udp_send(int fd, const struct media_udp_batch *batch, const struct media_peer *to);

#endif
