/**
 * @file blocks.h  RTP ports of this instance: leased in blocks, handed out one by one.
 *
 * Several media instances may run on one host with one range of ports. Each leases blocks of it in
 * Redis, under the host's name and address: a key per block that holds the instance and expires
 * unless it is renewed. A leg takes its port from memory; another block is leased before the last
 * one is used up. Where a lease was lost all the same (Redis restored from a copy), the block's
 * free ports are dropped; calls go on, since the kernel gives a port to one process only.
 */
#ifndef MEDIA_BLOCKS_H
#define MEDIA_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "service/service.h"

struct media_blocks;

struct media_blocks_config {
    const char *address; /**< That the ports are bound to. */
    uint32_t port_first;
    uint32_t port_last;
    uint32_t block_size; /**< Ports, even. */
    uint32_t rest_ms;    /**< How long a port is not used again. */
};

/** Begins to lease the first block. @return TD_OK, TD_ERR_RANGE (no block fits), TD_ERR_NO_MEMORY.
 */
enum td_err TD_MUST_CHECK media_blocks_create(struct td_service *service,
                                              const struct media_blocks_config *config,
                                              struct media_blocks **blocks);
/** Gives the leases back. NULL is ignored. */
void media_blocks_destroy(struct media_blocks **blocks);

/** Takes an even port; the next one belongs to it. @return TD_OK or TD_ERR_LIMIT. */
enum td_err TD_MUST_CHECK media_blocks_take(struct media_blocks *blocks, uint16_t *port);
/** Gives it back. */
void media_blocks_give(struct media_blocks *blocks, uint16_t port);

/** Whether any block is held. */
bool media_blocks_ready(const struct media_blocks *blocks);

#endif
