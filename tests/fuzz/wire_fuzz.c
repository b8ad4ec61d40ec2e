/*
 * Every message of the bus: the first byte chooses which. What decodes must encode, and decode
 * again to the same; as JSON it must be valid.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/codec.h"
#include "wire/json.h"

#define ARENA_SIZE (4U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const struct td_wire_message *message, const void *value)
{
    char *text;

    assert(td_wire_to_json(message, value, (struct td_json_options){0}, &text) == TD_OK);
    assert(td_json_is_valid(text, strlen(text), NULL, 0));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static max_align_t block[ARENA_SIZE / sizeof(max_align_t)];
    struct td_arena arena;
    const char *bad_field = NULL;

    if (size == 0)
        return 0;
    td_arena_init(&arena, block, sizeof(block));
    const struct td_wire_message *message = td_wire_types[data[0] % td_wire_types_count];
    void *value = td_arena_alloc(&arena, message->size);
    assert(value != NULL);
    if (td_wire_decode(message, &arena, td_bytes(data + 1, size - 1), value, &bad_field) != TD_OK) {
        assert(bad_field != NULL);
        return 0;
    }
    check_json(message, value);
    struct td_bytes first = td_wire_encode(message, &arena, value);
    void *again = td_arena_alloc(&arena, message->size);
    assert(again != NULL);
    assert(td_wire_decode(message, &arena, first, again, NULL) == TD_OK);
    struct td_bytes second = td_wire_encode(message, &arena, again);
    assert(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    return 0;
}
