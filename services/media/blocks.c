#include "media/blocks.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "io/timer.h"
#include "media/core/ports.h"

#define LEASE_MS "10000"
#define RENEW_MS 2000
#define DEADLINE_MS 1000
/* Asks for a block again after all were taken, or Redis was away. */
#define RETRY_MS 500
#define NS_PER_MS UINT64_C(1000000)

/* Takes a block that is free (1) or ours already (2), and starts its time anew. */
enum { TAKE_REFUSED, TAKE_NEW, TAKE_OURS };
static const char take_script[] = "local owner = redis.call('GET', KEYS[1])\n"
                                  "if owner and owner ~= ARGV[1] then return 0 end\n"
                                  "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
                                  "return owner and 2 or 1\n";
static const char give_script[] = "if redis.call('GET', KEYS[1]) == ARGV[1] then\n"
                                  "  redis.call('DEL', KEYS[1])\n"
                                  "end\n"
                                  "return 1\n";

struct block {
    struct media_blocks *blocks;
    uint16_t first;
    bool ours;
    bool asked;   /* an answer is due */
    bool refused; /* somebody else's, when last asked */
};

struct media_blocks {
    struct td_service *service;
    struct media_blocks_config config;
    char host[64];
    struct media_ports ports;
    struct media_port *ring;
    struct td_timer timer;
    struct block *list;
    uint32_t count;
    uint32_t ours;
    uint32_t in_flight;
    uint32_t turn;  /* of the timer */
    bool desperate; /* no other block is to be had: take what a run before this one had */
    bool exhausted; /* told once */
    bool closing;
    /* Takes of this stretch of `rest_ms` and of the one before. */
    uint64_t stretch_started_ns;
    uint32_t taken;
    uint32_t taken_before;
    uint64_t *free_gauge;
};

static uint64_t rested_at_ns(const struct media_blocks *blocks)
{
    return td_loop_now_ns() + blocks->config.rest_ms * NS_PER_MS;
}

static void free_blocks(struct media_blocks *blocks)
{
    free(blocks->list);
    free(blocks->ring);
    free(blocks);
}

static void show_free(struct media_blocks *blocks)
{
    *blocks->free_gauge = media_ports_free(&blocks->ports);
}

static void won(struct block *block)
{
    struct media_blocks *blocks = block->blocks;

    if (block->ours)
        return;
    block->ours = true;
    blocks->ours++;
    blocks->exhausted = false;
    // It may have been a dead instance's a moment ago; its phones may still be sending.
    enum td_err err =
        media_ports_add_block(&blocks->ports, block->first, (uint16_t)blocks->config.block_size,
                              blocks->ours == 1 ? 0 : rested_at_ns(blocks));
    assert(err == TD_OK); // The ring holds the whole range.
    show_free(blocks);
    td_log_info(td_service_log(blocks->service), "ports.leased", td_u64("first", block->first),
                td_u64("count", blocks->config.block_size));
}

static void lost(struct block *block)
{
    struct media_blocks *blocks = block->blocks;

    block->refused = true;
    if (!block->ours)
        return;
    block->ours = false;
    blocks->ours--;
    media_ports_drop_block(&blocks->ports, block->first, (uint16_t)blocks->config.block_size);
    show_free(blocks);
    td_log_warn(td_service_log(blocks->service), "ports.lost", td_u64("first", block->first));
}

/* A block that this instance had before it was restarted is the last choice: phones of the calls
   that died with it may still be sending to its ports. */
static void judge(struct block *block, int64_t answer)
{
    if (answer == TAKE_NEW || (answer == TAKE_OURS && (block->ours || block->blocks->desperate)))
        won(block);
    else if (answer == TAKE_OURS)
        block->refused = true;
    else
        lost(block);
}

static void want_more(struct media_blocks *blocks);

static void on_answer(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct block *block = ctx;
    struct media_blocks *blocks = block->blocks;

    block->asked = false;
    blocks->in_flight--;
    if (blocks->closing) {
        if (blocks->in_flight == 0)
            free_blocks(blocks);
        return;
    }
    if (err != TD_OK || td_live_reply_kind(reply) != TD_LIVE_INTEGER)
        return; // Redis is away: what is ours stays ours, and the timer asks again.
    judge(block, td_live_reply_integer(reply));
    want_more(blocks);
}

static void send_script(struct block *block, const char *script, td_live_reply_fn done)
{
    struct media_blocks *blocks = block->blocks;
    struct td_service *service = blocks->service;
    char name[128];
    char key_text[TD_KEY_SIZE];

    (void)snprintf(name, sizeof(name), "ports:%s:%s:%u-%u", blocks->host, blocks->config.address,
                   block->first, block->first + blocks->config.block_size - 1);
    // Ports are the host's, not a tenant's.
    struct td_bytes key = td_live_text(td_service_key(service, 0, name, key_text));
    struct td_bytes args[] = {td_live_text(td_service_instance(service)), td_live_text(LEASE_MS)};
    const struct td_live_eval eval = {.script = script,
                                      .keys = &key,
                                      .args = args,
                                      .key_count = 1,
                                      .arg_count = 2,
                                      .deadline_ms = DEADLINE_MS};

    if (td_live_eval(td_service_live(service), &eval, done, block) != TD_OK)
        return;
    block->asked = true;
    blocks->in_flight++;
}

static void note_taken(struct media_blocks *blocks)
{
    uint64_t now_ns = td_loop_now_ns();

    if (now_ns - blocks->stretch_started_ns >= blocks->config.rest_ms * NS_PER_MS) {
        blocks->taken_before = blocks->taken;
        blocks->taken = 0;
        blocks->stretch_started_ns = now_ns;
    }
    blocks->taken++;
}

/* Those that were taken while one port rests will be asked for again before it is ready. */
static uint32_t demand(const struct media_blocks *blocks)
{
    return blocks->taken > blocks->taken_before ? blocks->taken : blocks->taken_before;
}

/* Keeps a whole block in reserve, since a new one rests before it is used; one at a time. */
static void want_more(struct media_blocks *blocks)
{
    uint32_t left = media_ports_free(&blocks->ports);

    if (left >= blocks->config.block_size / 2 + demand(blocks) && blocks->ours > 1)
        return;
    for (uint32_t i = 0; i < blocks->count; i++) {
        struct block *block = &blocks->list[i];

        if (!block->ours && block->asked)
            return;
        if (!block->ours && !block->refused) {
            send_script(block, take_script, on_answer);
            return;
        }
    }
    for (uint32_t i = 0; i < blocks->count; i++)
        blocks->list[i].refused = false; // All asked: once more when the timer comes round.
    if (!blocks->exhausted && left == 0)
        td_log_warn(td_service_log(blocks->service), "ports.exhausted",
                    td_u64("blocks", blocks->ours));
    blocks->exhausted = true;
    blocks->desperate = blocks->ours == 0;
}

static void on_timer(void *ctx)
{
    struct media_blocks *blocks = ctx;
    bool renew = blocks->turn++ % (RENEW_MS / RETRY_MS) == 0;

    for (uint32_t i = 0; i < blocks->count && renew; i++) {
        if (blocks->list[i].ours && !blocks->list[i].asked)
            send_script(&blocks->list[i], take_script, on_answer);
    }
    want_more(blocks);
}

enum td_err media_blocks_take(struct media_blocks *blocks, uint16_t *port)
{
    enum td_err err = media_ports_take(&blocks->ports, td_loop_now_ns(), port);

    note_taken(blocks);
    show_free(blocks);
    want_more(blocks);
    return err;
}

void media_blocks_give(struct media_blocks *blocks, uint16_t port)
{
    for (uint32_t i = 0; i < blocks->count; i++) {
        const struct block *block = &blocks->list[i];

        if (block->ours && port >= block->first &&
            port < block->first + blocks->config.block_size) {
            media_ports_give(&blocks->ports, port, rested_at_ns(blocks));
            show_free(blocks);
            return;
        }
    }
    // Its block was lost meanwhile: not ours to hand out.
}

bool media_blocks_ready(const struct media_blocks *blocks)
{
    return blocks->ours > 0;
}

static enum td_err init_list(struct media_blocks *blocks)
{
    uint32_t first = (blocks->config.port_first + 1) & ~1U;

    blocks->count = (blocks->config.port_last + 1 - first) / blocks->config.block_size;
    if (blocks->config.port_last < first || blocks->count == 0)
        return TD_ERR_RANGE;
    blocks->list = calloc(blocks->count, sizeof(*blocks->list));
    uint32_t ports = blocks->count * blocks->config.block_size / 2;
    blocks->ring = calloc(ports, sizeof(*blocks->ring));
    if (blocks->list == NULL || blocks->ring == NULL)
        return TD_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < blocks->count; i++)
        blocks->list[i] = (struct block){
            .blocks = blocks, .first = (uint16_t)(first + i * blocks->config.block_size)};
    media_ports_init(&blocks->ports, blocks->ring, ports);
    return TD_OK;
}

enum td_err media_blocks_create(struct td_service *service,
                                const struct media_blocks_config *config,
                                struct media_blocks **blocks)
{
    struct media_blocks *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->service = service;
    self->config = *config;
    self->free_gauge = td_service_gauge(service, "ports_free", "Pairs of ports that no call has.");
    if (gethostname(self->host, sizeof(self->host) - 1) != 0)
        td_str_clip(self->host, sizeof(self->host), "host");
    enum td_err err = init_list(self);
    if (err != TD_OK) {
        free_blocks(self);
        return err;
    }
    td_timer_init(&self->timer, td_service_loop(service), on_timer, self);
    td_timer_start_repeating(&self->timer, RETRY_MS);
    want_more(self);
    *blocks = self;
    return TD_OK;
}

void media_blocks_destroy(struct media_blocks **blocks)
{
    struct media_blocks *self = *blocks;
    if (self == NULL)
        return;

    *blocks = NULL;
    td_timer_stop(&self->timer);
    self->closing = true;
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->list[i].ours)
            send_script(&self->list[i], give_script, on_answer);
    }
    if (self->in_flight == 0)
        free_blocks(self);
}
