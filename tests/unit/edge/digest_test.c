/* Digest authentication: the examples of the RFCs, and what must never be accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "edge/core/digest.h"

static const uint8_t secret[EDGE_DIGEST_SECRET_SIZE] = {1, 2, 3};
static const uint8_t other_secret[EDGE_DIGEST_SECRET_SIZE] = {9};

static struct edge_digest_scope scope_at(const char *realm, uint64_t now_unix_s)
{
    return (struct edge_digest_scope){
        .secret = td_bytes(secret, sizeof(secret)),
        .realm = realm,
        .address = "192.0.2.7",
        .now_unix_s = now_unix_s,
        .lifetime_s = 60,
    };
}

static void make_ha1(enum td_hash_algorithm algorithm, const char *user, const char *realm,
                     const char *password, char hex[TD_HASH_TEXT_SIZE])
{
    const char *const texts[] = {user, realm, password};

    assert_int_equal(td_hash_texts(algorithm, texts, 3, hex), TD_OK);
}

/* What a phone answers to a nonce. */
static struct edge_digest_credentials prove(enum td_hash_algorithm algorithm, const char *user,
                                            const char *realm, const char *password,
                                            const char *nonce)
{
    struct edge_digest_credentials c = {.algorithm = algorithm,
                                        .uri = "sip:example.com",
                                        .cnonce = "0a4f113b",
                                        .nonce_count = "00000001"};
    char ha1[TD_HASH_TEXT_SIZE];
    char ha2[TD_HASH_TEXT_SIZE];

    (void)snprintf(c.username, sizeof(c.username), "%s", user);
    (void)snprintf(c.realm, sizeof(c.realm), "%s", realm);
    (void)snprintf(c.nonce, sizeof(c.nonce), "%s", nonce);
    make_ha1(algorithm, user, realm, password, ha1);
    assert_int_equal(td_hash_texts(algorithm, (const char *const[]){"REGISTER", c.uri}, 2, ha2),
                     TD_OK);
    const char *const texts[] = {ha1, c.nonce, c.nonce_count, c.cnonce, "auth", ha2};
    assert_int_equal(td_hash_texts(algorithm, texts, 6, c.response), TD_OK);
    return c;
}

static enum edge_digest_verdict check(const struct edge_digest_scope *scope,
                                      const struct edge_digest_credentials *c, const char *password)
{
    char ha1[TD_HASH_TEXT_SIZE];

    make_ha1(c->algorithm, c->username, scope->realm, password, ha1);
    return edge_digest_verify(scope, c, "REGISTER", ha1);
}

static void parse(const char *const *params, struct edge_digest_credentials *c)
{
    assert_int_equal(edge_digest_parse(params, c), TD_OK);
}

/* A right proof over a nonce of somebody else's is stale: so the RFCs' examples show the sum. */
static void the_example_of_rfc_2617_is_proven(void **state)
{
    (void)state;
    const char *const params[] = {"username=\"Mufasa\"",
                                  "realm=\"testrealm@host.com\"",
                                  "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
                                  "uri=\"/dir/index.html\"",
                                  "qop=auth",
                                  "nc=00000001",
                                  "cnonce=\"0a4f113b\"",
                                  "response=\"6629fae49393a05397450978507c4ef1\"",
                                  "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
                                  NULL};
    struct edge_digest_scope scope = scope_at("testrealm@host.com", 1000);
    struct edge_digest_credentials c;
    char ha1[TD_HASH_TEXT_SIZE];

    parse(params, &c);
    assert_int_equal(c.algorithm, TD_HASH_MD5);
    make_ha1(TD_HASH_MD5, "Mufasa", "testrealm@host.com", "Circle Of Life", ha1);
    assert_int_equal(edge_digest_verify(&scope, &c, "GET", ha1), EDGE_DIGEST_STALE);
    assert_int_equal(edge_digest_verify(&scope, &c, "PUT", ha1), EDGE_DIGEST_REFUSED);
}

static void the_examples_of_rfc_7616_are_proven(void **state)
{
    (void)state;
    const struct {
        const char *algorithm, *response;
        enum td_hash_algorithm expected;
    } examples[] = {
        {"algorithm=MD5", "response=\"8ca523f5e9506fed4657c9700eebdbec\"", TD_HASH_MD5},
        {"algorithm=SHA-256",
         "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"",
         TD_HASH_SHA256},
    };

    for (size_t i = 0; i < 2; i++) {
        const char *const params[] = {"username=\"Mufasa\"",
                                      "realm=\"http-auth@example.org\"",
                                      "uri=\"/dir/index.html\"",
                                      examples[i].algorithm,
                                      "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"",
                                      "nc=00000001",
                                      "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\"",
                                      "qop=auth",
                                      examples[i].response,
                                      NULL};
        struct edge_digest_scope scope = scope_at("http-auth@example.org", 1000);
        struct edge_digest_credentials c;
        char ha1[TD_HASH_TEXT_SIZE];

        parse(params, &c);
        assert_int_equal(c.algorithm, examples[i].expected);
        make_ha1(c.algorithm, "Mufasa", "http-auth@example.org", "Circle of Life", ha1);
        assert_int_equal(edge_digest_verify(&scope, &c, "GET", ha1), EDGE_DIGEST_STALE);
    }
}

static void a_fresh_nonce_is_accepted_until_it_is_old(void **state)
{
    (void)state;
    for (int algorithm = 0; algorithm < TD_HASH_ALGORITHM_COUNT; algorithm++) {
        struct edge_digest_scope scope = scope_at("example.com", 1700000000);
        char nonce[EDGE_DIGEST_NONCE_SIZE];

        assert_int_equal(edge_digest_nonce(&scope, nonce), TD_OK);
        struct edge_digest_credentials c =
            prove((enum td_hash_algorithm)algorithm, "6001", "example.com", "pw", nonce);
        assert_int_equal(check(&scope, &c, "pw"), EDGE_DIGEST_ACCEPTED);
        scope.now_unix_s += 60;
        assert_int_equal(check(&scope, &c, "pw"), EDGE_DIGEST_ACCEPTED);
        scope.now_unix_s += 1;
        assert_int_equal(check(&scope, &c, "pw"), EDGE_DIGEST_STALE);
        assert_int_equal(check(&scope, &c, "pW"), EDGE_DIGEST_REFUSED);
    }
}

static void a_nonce_serves_one_address_one_realm_and_one_server(void **state)
{
    (void)state;
    struct edge_digest_scope scope = scope_at("example.com", 1700000000);
    char nonce[EDGE_DIGEST_NONCE_SIZE];

    assert_int_equal(edge_digest_nonce(&scope, nonce), TD_OK);
    struct edge_digest_credentials c = prove(TD_HASH_SHA256, "6001", "example.com", "pw", nonce);

    struct edge_digest_scope elsewhere = scope;
    elsewhere.address = "192.0.2.8";
    assert_int_equal(check(&elsewhere, &c, "pw"), EDGE_DIGEST_STALE);

    struct edge_digest_scope restarted = scope;
    restarted.secret = td_bytes(other_secret, sizeof(other_secret));
    assert_int_equal(check(&restarted, &c, "pw"), EDGE_DIGEST_STALE);

    struct edge_digest_scope realm = scope;
    realm.realm = "example.org";
    assert_int_equal(check(&realm, &c, "pw"), EDGE_DIGEST_REFUSED);

    struct edge_digest_scope before = scope;
    before.now_unix_s -= 5; // The clock went back: the nonce comes from the future.
    assert_int_equal(check(&before, &c, "pw"), EDGE_DIGEST_STALE);
}

static void an_unknown_user_is_refused_even_with_an_empty_ha1(void **state)
{
    (void)state;
    struct edge_digest_scope scope = scope_at("example.com", 1700000000);
    char nonce[EDGE_DIGEST_NONCE_SIZE];
    char ha2[TD_HASH_TEXT_SIZE];

    assert_int_equal(edge_digest_nonce(&scope, nonce), TD_OK);
    struct edge_digest_credentials c = prove(TD_HASH_MD5, "6001", "example.com", "pw", nonce);
    // A proof over no HA1 at all, as an attacker would make it who guesses that it is empty.
    assert_int_equal(td_hash_texts(TD_HASH_MD5, (const char *const[]){"REGISTER", c.uri}, 2, ha2),
                     TD_OK);
    const char *const texts[] = {"", c.nonce, c.nonce_count, c.cnonce, "auth", ha2};
    assert_int_equal(td_hash_texts(TD_HASH_MD5, texts, 6, c.response), TD_OK);
    assert_int_equal(edge_digest_verify(&scope, &c, "REGISTER", ""), EDGE_DIGEST_REFUSED);
}

static void a_changed_digit_of_the_nonce_is_not_ours(void **state)
{
    (void)state;
    struct edge_digest_scope scope = scope_at("example.com", 1700000000);
    char nonce[EDGE_DIGEST_NONCE_SIZE];

    assert_int_equal(edge_digest_nonce(&scope, nonce), TD_OK);
    for (size_t i = 0; i < strlen(nonce); i++) {
        char changed[EDGE_DIGEST_NONCE_SIZE];
        memcpy(changed, nonce, sizeof(changed));
        changed[i] = changed[i] == '0' ? '1' : '0';
        struct edge_digest_credentials c = prove(TD_HASH_MD5, "u", "example.com", "pw", changed);
        assert_int_equal(check(&scope, &c, "pw"), EDGE_DIGEST_STALE);
    }
}

static void the_challenge_says_what_phones_need(void **state)
{
    (void)state;
    struct edge_digest_scope scope = scope_at("example.com", 1700000000);
    char text[EDGE_DIGEST_CHALLENGE_SIZE];

    assert_int_equal(edge_digest_challenge(&scope, TD_HASH_SHA256, false, text), TD_OK);
    assert_non_null(strstr(text, "Digest realm=\"example.com\", nonce=\""));
    assert_non_null(strstr(text, "algorithm=SHA-256, qop=\"auth\""));
    assert_null(strstr(text, "stale"));
    assert_int_equal(edge_digest_challenge(&scope, TD_HASH_MD5, true, text), TD_OK);
    assert_non_null(strstr(text, "algorithm=MD5"));
    assert_non_null(strstr(text, "stale=true"));
}

static void incomplete_and_strange_credentials_are_refused(void **state)
{
    (void)state;
    const char *const good[] = {"username=\"u\"", "realm=\"r\"",     "nonce=\"n\"",
                                "uri=\"sip:r\"",  "response=\"ab\"", "cnonce=\"c\"",
                                "nc=00000001",    "qop=auth",        NULL};
    const struct {
        size_t index;
        const char *instead;
        enum td_err expected;
    } bad[] = {
        {0, "opaque=1", TD_ERR_SYNTAX},
        {1, "realm=\"\"", TD_ERR_SYNTAX},
        {2, "uri=\"sip:x\"", TD_ERR_SYNTAX},
        {7, "qop=auth-int", TD_ERR_SYNTAX},
        {6, "nc=1", TD_ERR_SYNTAX},
        {6, "nc=0000000g", TD_ERR_SYNTAX},
        {5, "algorithm=MD5", TD_ERR_SYNTAX},
        {0, "username=\"u", TD_ERR_SYNTAX},
        {0, "username=\"u\"x", TD_ERR_SYNTAX},
        {6, "nc=000000001", TD_ERR_LIMIT},
    };
    struct edge_digest_credentials c;

    parse(good, &c);
    assert_string_equal(c.username, "u");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *params[9];
        memcpy(params, good, sizeof(params));
        params[bad[i].index] = bad[i].instead;
        assert_int_equal(edge_digest_parse(params, &c), bad[i].expected);
    }
}

static void quotes_are_taken_off_and_escapes_resolved(void **state)
{
    (void)state;
    const char *const params[] = {"username=\"a\\\"b\\\\c\"",
                                  "realm=\"r\"",
                                  "nonce=\"n\"",
                                  "uri=\"sip:r\"",
                                  "response=\"ab\"",
                                  "cnonce=\"c\"",
                                  "nc=00000001",
                                  "qop=\"auth\"",
                                  "algorithm=sha-256",
                                  NULL};
    struct edge_digest_credentials c;

    parse(params, &c);
    assert_string_equal(c.username, "a\"b\\c");
    assert_int_equal(c.algorithm, TD_HASH_SHA256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_2617_is_proven),
        cmocka_unit_test(the_examples_of_rfc_7616_are_proven),
        cmocka_unit_test(a_fresh_nonce_is_accepted_until_it_is_old),
        cmocka_unit_test(a_nonce_serves_one_address_one_realm_and_one_server),
        cmocka_unit_test(an_unknown_user_is_refused_even_with_an_empty_ha1),
        cmocka_unit_test(a_changed_digit_of_the_nonce_is_not_ours),
        cmocka_unit_test(the_challenge_says_what_phones_need),
        cmocka_unit_test(incomplete_and_strange_credentials_are_refused),
        cmocka_unit_test(quotes_are_taken_off_and_escapes_resolved),
    };

    return cmocka_run_group_tests_name("edge/digest", tests, NULL, NULL);
}
