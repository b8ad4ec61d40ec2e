#include "io/hash.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

static void to_hex(const unsigned char *digest, unsigned size, char hex[TD_HASH_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    assert(size * 2 < TD_HASH_TEXT_SIZE);
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * (size_t)size] = '\0';
}

static bool hash_joined(EVP_MD_CTX *context, const EVP_MD *type, const char *const *texts,
                        size_t count, unsigned char *digest, unsigned *size)
{
    if (EVP_DigestInit_ex(context, type, NULL) != 1)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && EVP_DigestUpdate(context, ":", 1) != 1)
            return false;
        if (EVP_DigestUpdate(context, texts[i], strlen(texts[i])) != 1)
            return false;
    }
    return EVP_DigestFinal_ex(context, digest, size) == 1;
}

enum td_err td_hash_texts(enum td_hash_algorithm algorithm, const char *const *texts, size_t count,
                          char hex[TD_HASH_TEXT_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const EVP_MD *type = algorithm == TD_HASH_SHA256 ? EVP_sha256() : EVP_md5();
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    hex[0] = '\0';
    if (context == NULL)
        return TD_ERR_NO_MEMORY;
    bool hashed = hash_joined(context, type, texts, count, digest, &size);
    EVP_MD_CTX_free(context);
    if (!hashed)
        return TD_ERR_INTERNAL;
    to_hex(digest, size, hex);
    return TD_OK;
}

enum td_err td_hash_hmac(struct td_bytes key, struct td_bytes message, char hex[TD_HASH_TEXT_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    hex[0] = '\0';
    if (HMAC(EVP_sha256(), key.data, (int)key.size, message.data, message.size, digest, &size) ==
        NULL)
        return TD_ERR_INTERNAL;
    to_hex(digest, size, hex);
    return TD_OK;
}

bool td_hash_equal(const char *a, const char *b)
{
    size_t size = strlen(a);

    return size == strlen(b) && CRYPTO_memcmp(a, b, size) == 0;
}

void td_hash_random(void *buf, size_t size)
{
    assert(size <= INT32_MAX);
    if (RAND_bytes(buf, (int)size) != 1)
        abort(); // Guessable nonces would be worse than no service.
}
