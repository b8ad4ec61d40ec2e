#include "edge/core/digest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TIME_DIGITS 8
#define MAC_DIGITS 32
#define MAC_INPUT_MAX 512

static const char *const algorithm_names[TD_HASH_ALGORITHM_COUNT] = {
    [TD_HASH_MD5] = "MD5",
    [TD_HASH_SHA256] = "SHA-256",
};

/* Copies a token or a quoted string without its quotes and escapes. */
static enum td_err unquote(const char *from, char *to, size_t size)
{
    bool quoted = *from == '"';
    size_t used = 0;

    for (from += quoted; *from != '\0' && !(quoted && *from == '"'); from++) {
        if (quoted && *from == '\\' && from[1] != '\0')
            from++;
        if (used + 1 >= size)
            return TD_ERR_LIMIT;
        to[used++] = *from;
    }
    to[used] = '\0';
    if (!quoted)
        return TD_OK;
    return from[0] == '"' && from[1] == '\0' ? TD_OK : TD_ERR_SYNTAX;
}

/* Finds one parameter; a name said twice could be read in two ways, so it is refused. */
static enum td_err take(const char *const *params, const char *name, char *to, size_t size)
{
    size_t length = strlen(name);
    const char *value = NULL;

    to[0] = '\0';
    for (; *params != NULL; params++) {
        if (strncasecmp(*params, name, length) != 0 || (*params)[length] != '=')
            continue;
        if (value != NULL)
            return TD_ERR_SYNTAX;
        value = *params + length + 1;
    }
    return value == NULL ? TD_ERR_NOT_FOUND : unquote(value, to, size);
}

static enum td_err take_needed(const char *const *params, const char *name, char *to, size_t size)
{
    enum td_err err = take(params, name, to, size);

    if (err == TD_ERR_NOT_FOUND || (err == TD_OK && to[0] == '\0'))
        return TD_ERR_SYNTAX;
    return err;
}

static enum td_err take_algorithm(const char *const *params, enum td_hash_algorithm *algorithm)
{
    char name[16];
    enum td_err err = take(params, "algorithm", name, sizeof(name));

    if (err == TD_ERR_NOT_FOUND) {
        *algorithm = TD_HASH_MD5; // RFC 7616 section 3.4.
        return TD_OK;
    }
    for (size_t i = 0; err == TD_OK && i < TD_HASH_ALGORITHM_COUNT; i++) {
        if (strcasecmp(name, algorithm_names[i]) == 0) {
            *algorithm = (enum td_hash_algorithm)i;
            return TD_OK;
        }
    }
    return TD_ERR_SYNTAX;
}

static bool is_hex(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "0123456789abcdefABCDEF") == length;
}

enum td_err edge_digest_parse(const char *const *params,
                              struct edge_digest_credentials *credentials)
{
    struct edge_digest_credentials c = {0};
    char qop[16];
    const struct {
        const char *name;
        char *to;
        size_t size;
    } needed[] = {
        {"username", c.username, sizeof(c.username)}, {"realm", c.realm, sizeof(c.realm)},
        {"nonce", c.nonce, sizeof(c.nonce)},          {"uri", c.uri, sizeof(c.uri)},
        {"response", c.response, sizeof(c.response)}, {"cnonce", c.cnonce, sizeof(c.cnonce)},
        {"nc", c.nonce_count, sizeof(c.nonce_count)}, {"qop", qop, sizeof(qop)},
    };

    assert(params != NULL);
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        enum td_err err = take_needed(params, needed[i].name, needed[i].to, needed[i].size);
        if (err != TD_OK)
            return err;
    }
    enum td_err err = take_algorithm(params, &c.algorithm);
    if (err != TD_OK)
        return err;
    if (strcasecmp(qop, "auth") != 0 || !is_hex(c.nonce_count, 8))
        return TD_ERR_SYNTAX;
    *credentials = c;
    return TD_OK;
}

static enum td_err nonce_at(const struct edge_digest_scope *scope, const char *time_text,
                            char nonce[EDGE_DIGEST_NONCE_SIZE])
{
    char input[MAC_INPUT_MAX];
    char mac[TD_HASH_TEXT_SIZE];
    int size = snprintf(input, sizeof(input), "%.*s\n%s\n%s", TIME_DIGITS, time_text,
                        scope->address, scope->realm);

    if (size < 0 || (size_t)size >= sizeof(input))
        return TD_ERR_LIMIT;
    enum td_err err = td_hash_hmac(scope->secret, td_bytes(input, (size_t)size), mac);
    if (err != TD_OK)
        return err;
    (void)snprintf(nonce, EDGE_DIGEST_NONCE_SIZE, "%.*s%.*s", TIME_DIGITS, time_text, MAC_DIGITS,
                   mac);
    return TD_OK;
}

enum td_err edge_digest_nonce(const struct edge_digest_scope *scope,
                              char nonce[EDGE_DIGEST_NONCE_SIZE])
{
    char time_text[TIME_DIGITS + 1];

    (void)snprintf(time_text, sizeof(time_text), "%08x",
                   (unsigned)(scope->now_unix_s & UINT32_MAX));
    return nonce_at(scope, time_text, nonce);
}

enum td_err edge_digest_challenge(const struct edge_digest_scope *scope,
                                  enum td_hash_algorithm algorithm, bool stale,
                                  char text[EDGE_DIGEST_CHALLENGE_SIZE])
{
    char nonce[EDGE_DIGEST_NONCE_SIZE];
    enum td_err err = edge_digest_nonce(scope, nonce);

    if (err != TD_OK)
        return err;
    int size =
        snprintf(text, EDGE_DIGEST_CHALLENGE_SIZE,
                 "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, qop=\"auth\"%s", scope->realm,
                 nonce, algorithm_names[algorithm], stale ? ", stale=true" : "");
    return size < 0 || size >= EDGE_DIGEST_CHALLENGE_SIZE ? TD_ERR_LIMIT : TD_OK;
}

static uint64_t parse_time(const char *nonce)
{
    uint64_t value = 0;

    for (size_t i = 0; i < TIME_DIGITS; i++) {
        char c = nonce[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
        value = value * 16 + (digit & 15);
    }
    return value;
}

static bool nonce_is_fresh(const struct edge_digest_scope *scope, const char *nonce)
{
    char expected[EDGE_DIGEST_NONCE_SIZE];

    if (!is_hex(nonce, EDGE_DIGEST_NONCE_SIZE - 1))
        return false;
    if (nonce_at(scope, nonce, expected) != TD_OK || !td_hash_equal(expected, nonce))
        return false;

    // Ours, hence with a sane time. Modulo 2^32, so that a nonce from before the turn has an age.
    uint32_t age_s = (uint32_t)scope->now_unix_s - (uint32_t)parse_time(nonce);
    return age_s <= scope->lifetime_s;
}

bool edge_digest_is_fresh(const struct edge_digest_scope *scope,
                          const struct edge_digest_credentials *credentials)
{
    return nonce_is_fresh(scope, credentials->nonce);
}

static enum td_err expected_response(const struct edge_digest_credentials *c, const char *method,
                                     const char *ha1, char hex[TD_HASH_TEXT_SIZE])
{
    char ha2[TD_HASH_TEXT_SIZE];
    enum td_err err = td_hash_texts(c->algorithm, (const char *const[]){method, c->uri}, 2, ha2);

    if (err != TD_OK)
        return err;
    const char *const texts[] = {ha1, c->nonce, c->nonce_count, c->cnonce, "auth", ha2};
    return td_hash_texts(c->algorithm, texts, sizeof(texts) / sizeof(texts[0]), hex);
}

enum edge_digest_verdict edge_digest_verify(const struct edge_digest_scope *scope,
                                            const struct edge_digest_credentials *credentials,
                                            const char *method, const char *ha1)
{
    char expected[TD_HASH_TEXT_SIZE];

    if (expected_response(credentials, method, ha1, expected) != TD_OK)
        return EDGE_DIGEST_REFUSED;
    // Both are always evaluated: the time taken must not tell a user from a stranger.
    bool proven = td_hash_equal(expected, credentials->response);
    bool fresh = nonce_is_fresh(scope, credentials->nonce);

    if (!proven || ha1[0] == '\0' || strcmp(credentials->realm, scope->realm) != 0)
        return EDGE_DIGEST_REFUSED;
    return fresh ? EDGE_DIGEST_ACCEPTED : EDGE_DIGEST_STALE;
}
