#include "live_fixture.h"

#include "io/live_link.h"

static void addresses_are_checked(void **state)
{
    (void)state;
    struct td_live_address address;
    static const char *const wrong[] = {"",        "unix:",   "localhost", ":6379", "a:0",
                                        "a:65536", "a:6379x", "[]:6379",   "host:"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(td_live_address_parse(wrong[i], &address), TD_ERR_INVALID);
    assert_int_equal(td_live_address_parse("unix:/run/x", &address), TD_OK);
    assert_string_equal(address.host, "/run/x");
    assert_int_equal(address.port, 0);
    assert_int_equal(td_live_address_parse("redis:6379", &address), TD_OK);
    assert_string_equal(address.host, "redis");
    assert_int_equal(address.port, 6379);
    assert_int_equal(td_live_address_parse("[::1]:1", &address), TD_OK);
    assert_string_equal(address.host, "::1");
}

static void replies_keep_their_kind(void **state)
{
    struct live_fixture *fixture = *state;

    assert_string_equal(run_words(fixture, "SET a 17").text, "OK");
    struct answer answer = run_words(fixture, "GET a");
    assert_string_equal(answer.text, "17");
    assert_int_equal(answer.integer, 17);
    assert_int_equal(run_words(fixture, "INCR a").integer, 18);
    assert_int_equal(run_words(fixture, "RPUSH l x y z").integer, 3);
    assert_int_equal(run_words(fixture, "LRANGE l 0 -1").elements, 3);
    assert_int_equal(run_words(fixture, "GET absent").integer, 0);
}

static void errors_of_redis_are_told_apart(void **state)
{
    struct live_fixture *fixture = *state;
    struct answer answer;

    (void)run_words(fixture, "SET a text");
    assert_int_equal(send_words(fixture, "HGET a b", 5000, &answer), TD_OK);
    await(fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, TD_ERR_INVALID);
    assert_int_equal(send_words(fixture, "NONSENSE", 5000, &answer), TD_OK);
    await(fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, TD_ERR_INTERNAL);
}

static void a_script_gets_its_keys_and_arguments(void **state)
{
    struct live_fixture *fixture = *state;
    struct answer answer = {0};
    const struct td_bytes key = td_live_text("k");
    const struct td_bytes args[] = {td_live_text("v1"), td_bytes("\0", 1)};
    const struct td_live_eval eval = {
        .script = "redis.call('SET', KEYS[1], ARGV[1]) return #KEYS * 10 + #ARGV[2]",
        .keys = &key,
        .key_count = 1,
        .args = args,
        .arg_count = 2,
        .deadline_ms = 5000};

    assert_int_equal(td_live_eval(fixture->live, &eval, take_answer, &answer), TD_OK);
    await(fixture->loop, answer.count == 1);
    assert_int_equal(answer.integer, 11);
    assert_string_equal(run_words(fixture, "GET k").text, "v1");
}

static void a_late_answer_is_a_timeout_and_not_told_twice(void **state)
{
    struct live_fixture *fixture = *state;
    struct answer answer;

    private_server_freeze(&fixture->redis.server, true);
    assert_int_equal(send_words(fixture, "PING", 30, &answer), TD_OK);
    assert_int_equal(answer.count, 0);
    await(fixture->loop, answer.count == 1);
    assert_int_equal(answer.err, TD_ERR_TIMEOUT);
    assert_true(td_live_is_up(fixture->live));
    private_server_freeze(&fixture->redis.server, false);
    (void)run_words(fixture, "PING"); // The late one was answered before this one.
    assert_int_equal(answer.count, 1);
    assert_int_equal(td_live_stats(fixture->live).timeouts, 1);
}

struct changes {
    uint32_t ups;
    uint32_t downs;
};

static void note_state(void *ctx, bool up)
{
    struct changes *changes = ctx;

    if (up)
        changes->ups++;
    else
        changes->downs++;
}

static void a_redis_that_comes_later_goes_and_comes_is_followed(void **state)
{
    (void)state;
    struct live_fixture fixture = {.loop = make_loop()};
    struct changes changes = {0};
    struct answer answer;

    private_redis_prepare(&fixture.redis);
    const struct td_live_config config = {
        .address = fixture.redis.address, .state = note_state, .ctx = &changes};
    assert_int_equal(td_live_create(fixture.loop, &config, &fixture.live), TD_OK);
    assert_int_equal(send_words(&fixture, "PING", 50, &answer), TD_ERR_UNAVAILABLE);
    private_redis_start(&fixture.redis);
    await(fixture.loop, changes.ups == 1);
    for (uint32_t round = 1; round <= 3; round++) {
        assert_int_equal(send_words(&fixture, "BLPOP nothing 0", 60000, &answer), TD_OK);
        private_redis_kill(&fixture.redis);
        await(fixture.loop, changes.downs == round);
        assert_int_equal(answer.count, 1);
        assert_int_equal(answer.err, TD_ERR_UNAVAILABLE);
        assert_false(td_live_is_up(fixture.live));
        private_redis_start(&fixture.redis);
        await(fixture.loop, changes.ups == round + 1);
    }
    fixture_teardown((void *[]){&fixture});
}

static void a_silent_redis_is_given_up(void **state)
{
    (void)state;
    struct live_fixture fixture = {.loop = make_loop()};
    struct changes changes = {0};
    struct answer answer;

    private_redis_prepare(&fixture.redis);
    private_redis_start(&fixture.redis);
    fixture_connect(
        &fixture, (struct td_live_config){.silence_ms = 100, .state = note_state, .ctx = &changes});
    private_server_freeze(&fixture.redis.server, true);
    assert_int_equal(send_words(&fixture, "PING", 60000, &answer), TD_OK);
    await(fixture.loop, changes.downs == 1);
    assert_int_equal(answer.err, TD_ERR_UNAVAILABLE);
    private_server_freeze(&fixture.redis.server, false);
    await(fixture.loop, changes.ups == 2);
    fixture_teardown((void *[]){&fixture});
}

static void too_many_commands_are_refused(void **state)
{
    (void)state;
    struct live_fixture fixture = {.loop = make_loop()};
    struct answer first;
    struct answer second;
    struct answer third;

    private_redis_prepare(&fixture.redis);
    private_redis_start(&fixture.redis);
    fixture_connect(&fixture, (struct td_live_config){.commands_max = 2});
    assert_int_equal(send_words(&fixture, "PING", 5000, &first), TD_OK);
    assert_int_equal(send_words(&fixture, "PING", 5000, &second), TD_OK);
    assert_int_equal(send_words(&fixture, "PING", 5000, &third), TD_ERR_BUSY);
    await(fixture.loop, first.count == 1 && second.count == 1);
    assert_int_equal(send_words(&fixture, "PING", 5000, &third), TD_OK);
    td_live_destroy(&fixture.live);
    assert_int_equal(third.count, 1);
    assert_int_equal(third.err, TD_ERR_UNAVAILABLE);
    fixture_teardown((void *[]){&fixture});
}

static void destroy_it(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct live_fixture *fixture = ctx;

    (void)err;
    (void)reply;
    td_live_destroy(&fixture->live);
}

static void it_may_be_destroyed_from_a_callback(void **state)
{
    struct live_fixture *fixture = *state;
    const struct td_bytes ping = td_live_text("PING");
    struct answer answer;

    assert_int_equal(td_live_command(fixture->live, &ping, 1, 5000, destroy_it, fixture), TD_OK);
    assert_int_equal(send_words(fixture, "PING", 5000, &answer), TD_OK);
    await(fixture->loop, fixture->live == NULL);
    assert_int_equal(answer.err, TD_ERR_UNAVAILABLE);
}

static void a_host_is_found_by_its_name(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_live *live = NULL;
    char command[64];
    char address[64];
    int port = private_free_port();

    (void)snprintf(command, sizeof(command), "CONFIG SET port %d", port);
    (void)run_words(fixture, command);
    // It may stand for ::1 too, where nobody listens: the addresses are tried in turn.
    (void)snprintf(address, sizeof(address), "localhost:%d", port);
    const struct td_live_config config = {.address = address};
    assert_int_equal(td_live_create(fixture->loop, &config, &live), TD_OK);
    await(fixture->loop, td_live_is_up(live));
    td_live_destroy(&live);
}

static void a_name_nobody_knows_stays_down(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct td_live *live = NULL;
    const struct td_live_config config = {.address = "name.invalid:6379"};
    uint64_t until_ns = td_loop_now_ns() + UINT64_C(100000000);

    assert_int_equal(td_live_create(loop, &config, &live), TD_OK);
    await(loop, td_loop_now_ns() > until_ns);
    assert_false(td_live_is_up(live));
    td_live_destroy(&live);
    td_loop_destroy(&loop);
}

static void a_wrong_password_keeps_it_down_and_a_right_one_does_not(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_live *wrong = NULL;
    struct td_live *right = NULL;

    (void)run_words(fixture, "CONFIG SET requirepass secret");
    struct td_live_config config = {.address = fixture->redis.address, .password = "guess"};
    assert_int_equal(td_live_create(fixture->loop, &config, &wrong), TD_OK);
    config.password = "secret";
    assert_int_equal(td_live_create(fixture->loop, &config, &right), TD_OK);
    await(fixture->loop, td_live_is_up(right));
    assert_false(td_live_is_up(wrong));
    td_live_destroy(&wrong);
    td_live_destroy(&right);
}

#define WITH_REDIS(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_checked),
        WITH_REDIS(replies_keep_their_kind),
        WITH_REDIS(errors_of_redis_are_told_apart),
        WITH_REDIS(a_script_gets_its_keys_and_arguments),
        WITH_REDIS(a_late_answer_is_a_timeout_and_not_told_twice),
        cmocka_unit_test(a_redis_that_comes_later_goes_and_comes_is_followed),
        cmocka_unit_test(a_silent_redis_is_given_up),
        cmocka_unit_test(too_many_commands_are_refused),
        WITH_REDIS(it_may_be_destroyed_from_a_callback),
        WITH_REDIS(a_host_is_found_by_its_name),
        cmocka_unit_test(a_name_nobody_knows_stays_down),
        WITH_REDIS(a_wrong_password_keeps_it_down_and_a_right_one_does_not),
    };

    return cmocka_run_group_tests_name("io/live", tests, NULL, NULL);
}
