/**
 * @file sofia.h  The headers of sofia-sip, and sofia-sip inside our loop.
 *
 * sofia-sip has a loop of its own (su_root) around an epoll descriptor that it does not show. We
 * keep the descriptor when it is made, let libuv watch it, and step su_root once before each wait:
 * stepping then also sends what our own callbacks have asked for. One thread, no locks.
 */
#ifndef EDGE_SOFIA_H
#define EDGE_SOFIA_H

// Contexts of nta's callbacks differ from object to object; each callback knows its own.
#define NTA_AGENT_MAGIC_T void
#define NTA_LEG_MAGIC_T void
#define NTA_INCOMING_MAGIC_T void
#define NTA_OUTGOING_MAGIC_T void
#define NTA_RELIABLE_MAGIC_T void

#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/url.h>

#include "io/loop.h"

struct edge_sofia;

/**
 * Makes sofia-sip on a loop; once per process. Nothing is read or sent before edge_sofia_run().
 *
 * @param loop  Kept.
 * @return TD_OK; TD_ERR_NO_MEMORY; TD_ERR_INTERNAL when its descriptor cannot be had or watched.
 */
enum td_err TD_MUST_CHECK edge_sofia_create(struct td_loop *loop, struct edge_sofia **sofia);

/** From now on messages are read; those that came since the sockets were opened wait there. */
void edge_sofia_run(struct edge_sofia *sofia);

/** All agents must have been destroyed. Sets *sofia to NULL; memory goes when the loop has closed
    the handles. */
void edge_sofia_destroy(struct edge_sofia **sofia);

su_root_t *edge_sofia_root(const struct edge_sofia *sofia);

#endif
