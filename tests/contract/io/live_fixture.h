/**
 * @file live_fixture.h  A private Redis, a loop and a connection; and answers one can wait for.
 */
#ifndef TD_TESTS_CONTRACT_IO_LIVE_FIXTURE_H
#define TD_TESTS_CONTRACT_IO_LIVE_FIXTURE_H

#include "private_redis.h"

#include "io/live.h"

struct live_fixture {
    struct private_redis redis;
    struct td_loop *loop;
    struct td_live *live;
};

/** What came of a command. */
struct answer {
    uint32_t count;
    enum td_err err;
    int64_t integer;
    char text[256];
    uint32_t elements;
};

static inline void take_answer(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct answer *answer = ctx;

    answer->count++;
    answer->err = err;
    if (reply == NULL)
        return;
    answer->integer = td_live_reply_integer(reply);
    answer->elements = td_live_reply_count(reply);
    (void)snprintf(answer->text, sizeof(answer->text), "%s",
                   (const char *)td_live_reply_bytes(reply).data);
}

/** Sends a command of up to eight words, separated by single blanks. */
static inline enum td_err send_words(struct live_fixture *fixture, const char *words,
                                     uint32_t deadline_ms, struct answer *answer)
{
    struct td_bytes args[8];
    uint32_t count = 0;

    *answer = (struct answer){0};
    while (*words != '\0') {
        size_t length = strcspn(words, " ");

        assert_true(count < 8);
        args[count++] = td_bytes(words, length);
        words += length + (words[length] == ' ');
    }
    return td_live_command(fixture->live, args, count, deadline_ms, take_answer, answer);
}

/** Sends a command and waits for its answer, which must not be an error. */
static inline struct answer run_words(struct live_fixture *fixture, const char *words)
{
    struct answer answer;

    assert_int_equal(send_words(fixture, words, 5000, &answer), TD_OK);
    await(fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, TD_OK);
    return answer;
}

/** Connects and waits until whatever is done at the start of a connection is over. */
static inline void fixture_connect(struct live_fixture *fixture, struct td_live_config config)
{
    config.address = fixture->redis.address;
    assert_int_equal(td_live_create(fixture->loop, &config, &fixture->live), TD_OK);
    await(fixture->loop, td_live_is_up(fixture->live));
    (void)run_words(fixture, "PING");
}

static inline int fixture_setup(void **state)
{
    static struct live_fixture fixture;

    fixture = (struct live_fixture){0};
    private_redis_prepare(&fixture.redis);
    private_redis_start(&fixture.redis);
    fixture.loop = make_loop();
    fixture_connect(&fixture, (struct td_live_config){.committer = "test:committer"});
    *state = &fixture;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct live_fixture *fixture = *state;

    td_live_destroy(&fixture->live);
    td_loop_destroy(&fixture->loop);
    private_redis_remove(&fixture->redis);
    return 0;
}

#endif
