#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/agent_wire.h"
#include "wire/codec.h"
#include "wire/config_wire.h"
#include "wire/envelope_wire.h"
#include "wire/interaction_wire.h"
#include "wire/media_wire.h"

#define ARENA_SIZE (1U << 20)

static max_align_t block[ARENA_SIZE / sizeof(max_align_t)];

static max_align_t filled_block[ARENA_SIZE / sizeof(max_align_t)];
static struct td_arena filled; /* holds what filled values point to */

static struct td_arena fresh_arena(void)
{
    struct td_arena arena;

    td_arena_init(&arena, block, sizeof(block));
    td_arena_init(&filled, filled_block, sizeof(filled_block));
    return arena;
}

/* A value with every field set to something of its own; arrays of length 2. */
static void fill(const struct td_wire_message *message, uint8_t *to, unsigned *seed)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct td_wire_field *field = &message->fields[i];
        uint8_t *at = to + field->offset;
        size_t count = 1;

        if ((field->flags & TD_WIRE_REPEATED) != 0) {
            uint32_t two = 2;
            count = field->max_count < 2 ? field->max_count : 2;
            two = (uint32_t)count;
            memcpy(to + field->extra_offset, &two, sizeof(two));
            if ((field->flags & TD_WIRE_DYNAMIC) != 0) {
                uint8_t *elements = td_arena_array(&filled, 2, field->sub->size);
                memcpy(at, &elements, sizeof(elements));
                at = elements;
            }
        }
        for (size_t k = 0; k < count; k++) {
            unsigned value = ++*seed;
            uint64_t wide = UINT64_C(0x8000000000000000) + value;
            double real = value + 0.5;
            bool yes = true;
            static uint8_t data[3] = {1, 0, 255};
            struct td_bytes bytes = td_bytes(data, sizeof(data));

            switch (field->kind) {
            case TD_WIRE_STRING:
                at[0] = (uint8_t)('a' + value % 26);
                at += field->max + 1U;
                break;
            case TD_WIRE_BYTES:
                memcpy(at, &bytes, sizeof(bytes));
                break;
            case TD_WIRE_ID:
                memset(at, (int)(value % 255 + 1), 16);
                break;
            case TD_WIRE_U32:
            case TD_WIRE_ENUM:
                memcpy(at, &value, 4);
                break;
            case TD_WIRE_U64:
            case TD_WIRE_I64:
                memcpy(at, &wide, 8);
                break;
            case TD_WIRE_DOUBLE:
                memcpy(at, &real, 8);
                break;
            case TD_WIRE_BOOL:
                memcpy(at, &yes, sizeof(yes));
                break;
            case TD_WIRE_MESSAGE:
                if ((field->flags & TD_WIRE_REPEATED) == 0)
                    memcpy(to + field->extra_offset, &yes, sizeof(yes));
                fill(field->sub, at, seed);
                at += field->sub->size;
                break;
            }
        }
    }
}

static void every_message_of_the_bus_survives_the_round_trip(void **state)
{
    (void)state;
    assert_true(td_wire_types_count > 40);
    for (size_t i = 0; i < td_wire_types_count; i++) {
        const struct td_wire_message *message = td_wire_types[i];
        struct td_arena arena = fresh_arena();
        uint8_t *sent = calloc(1, message->size);
        uint8_t *received = malloc(message->size);
        unsigned seed = (unsigned)i;

        fill(message, sent, &seed);
        struct td_bytes first = td_wire_encode(message, &arena, sent);
        assert_int_equal(td_wire_decode(message, &arena, first, received, NULL), TD_OK);
        struct td_bytes second = td_wire_encode(message, &arena, received);
        assert_int_equal(first.size, second.size);
        if (first.size > 0)
            assert_memory_equal(first.data, second.data, first.size);
        free(sent);
        free(received);
    }
}

static void the_tables_and_the_generated_descriptors_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < td_wire_types_count; i++)
        assert_ptr_equal(td_wire_find(td_wire_types[i]->name), td_wire_types[i]);
    assert_null(td_wire_find("Nothing"));
}

static const struct td_leg_connect connect_sample = {
    .leg_a = {{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}},
    .leg_b = {{{0xff, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}},
    .record = true,
};

/* Written down once: a round trip alone would not notice a change of the format. */
static const uint8_t connect_golden[] = {
    0x0a, 16, 1,    2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, //
    0x12, 16, 0xff, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0x18, 1,
};

static void the_format_is_the_one_already_deployed(void **state)
{
    (void)state;
    struct td_arena arena = fresh_arena();
    struct td_bytes bytes = td_leg_connect_encode(&arena, &connect_sample);

    assert_int_equal(bytes.size, sizeof(connect_golden));
    assert_memory_equal(bytes.data, connect_golden, sizeof(connect_golden));
}

static void a_missing_id_is_named(void **state)
{
    (void)state;
    struct td_arena arena = fresh_arena();
    struct td_leg_connect value;
    const char *bad = NULL;

    enum td_err err = td_leg_connect_decode(&arena, td_bytes(connect_golden, 18), &value, &bad);
    assert_int_equal(err, TD_ERR_RANGE);
    assert_string_equal(bad, "leg_b");
}

static void an_id_of_another_length_is_refused(void **state)
{
    (void)state;
    struct td_arena arena = fresh_arena();
    struct td_leg_release value;
    const uint8_t bytes[] = {0x0a, 3, 1, 2, 3};

    assert_int_equal(td_leg_release_decode(&arena, td_bytes(bytes, sizeof(bytes)), &value, NULL),
                     TD_ERR_RANGE);
}

static void a_required_id_of_zeros_is_refused(void **state)
{
    (void)state;
    struct td_arena arena = fresh_arena();
    uint8_t bytes[18 + 18] = {0x0a, 16, [18] = 0x12, 16, [20] = 1};
    struct td_leg_connect value;
    const char *bad = NULL;

    enum td_err err = td_leg_connect_decode(&arena, td_bytes(bytes, sizeof(bytes)), &value, &bad);
    assert_int_equal(err, TD_ERR_RANGE);
    assert_string_equal(bad, "leg_a");
}

static void a_string_may_be_as_long_as_its_bound_and_no_longer(void **state)
{
    (void)state;
    uint8_t bytes[2 + 64];
    struct td_agent_command value;

    for (unsigned length = 62; length <= 64; length++) {
        struct td_arena arena = fresh_arena();
        uint8_t message[2 + 64 + 2];
        const char *bad = NULL;

        memset(bytes, 'x', sizeof(bytes));
        message[0] = 0x0a;
        message[1] = (uint8_t)length;
        memset(message + 2, 'x', length);
        message[2 + length] = 0x10;
        if (length < 64)
            message[3 + length] = 1;
        struct td_bytes whole = td_bytes(message, length + (length < 64 ? 4U : 2U));
        enum td_err err = td_agent_command_decode(&arena, whole, &value, &bad);
        assert_int_equal(err, length <= 63 ? TD_OK : TD_ERR_RANGE);
        if (err != TD_OK)
            assert_string_equal(bad, "agent");
    }
}

static void a_string_that_is_not_utf8_is_refused_and_repaired_when_sent(void **state)
{
    (void)state;
    struct td_arena arena = fresh_arena();
    struct td_device_changed sent = {.agent = "caf\xe9 ok"};
    struct td_device_changed received;
    const uint8_t raw[] = {0x0a, 2, 'a', 0xe9};

    assert_int_equal(td_device_changed_decode(&arena, td_bytes(raw, sizeof(raw)), &received, NULL),
                     TD_ERR_SYNTAX);
    struct td_bytes bytes = td_device_changed_encode(&arena, &sent);
    assert_int_equal(td_device_changed_decode(&arena, bytes, &received, NULL), TD_OK);
    assert_string_equal(received.agent, "caf? ok");
}

static void a_number_that_is_none_is_refused(void **state)
{
    (void)state;
    const double wrong[] = {NAN, INFINITY, -INFINITY};
    struct td_attribute attribute = {.name = "skill", .type = TD_ATTRIBUTE_TYPE_NUMBER};
    struct td_attribute received;
    const char *bad_field;

    for (size_t i = 0; i < 3; i++) {
        struct td_arena arena = fresh_arena();

        attribute.number = wrong[i];
        struct td_bytes bytes = td_attribute_encode(&arena, &attribute);
        assert_int_equal(td_attribute_decode(&arena, bytes, &received, &bad_field), TD_ERR_RANGE);
        assert_string_equal(bad_field, "number");
    }
}

static void unknown_fields_and_enum_values_are_kept_harmless(void **state)
{
    (void)state;
    struct td_arena arena = fresh_arena();
    struct td_agent_command value;
    const uint8_t bytes[] = {0x0a, 1, 'a', 0x10, 99, 0xf8, 0x07, 1};

    assert_int_equal(td_agent_command_decode(&arena, td_bytes(bytes, sizeof(bytes)), &value, NULL),
                     TD_OK);
    assert_int_equal(value.action, 99);
    assert_string_equal(td_feature_action_name(value.action), "unknown");
    assert_string_equal(td_feature_action_name(TD_FEATURE_ACTION_NOT_READY), "not_ready");
}

static void a_small_arena_gives_a_limit_and_no_overrun(void **state)
{
    (void)state;
    struct td_arena arena;

    td_arena_init(&arena, block, 64);
    struct td_leg_connect value;
    assert_int_equal(td_leg_connect_decode(&arena, td_bytes(connect_golden, sizeof(connect_golden)),
                                           &value, NULL),
                     TD_ERR_LIMIT);
}

/* Decodes from an exact-size heap copy, so that a sanitizer sees any overread. */
static void decode_hostile(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    struct td_interaction_state *value = malloc(sizeof(*value));
    struct td_arena arena = fresh_arena();

    memcpy(copy, bytes, size);
    if (td_interaction_state_decode(&arena, td_bytes(copy, size), value, NULL) == TD_OK) {
        struct td_interaction_state *again = malloc(sizeof(*again));
        struct td_bytes packed = td_interaction_state_encode(&arena, value);
        assert_int_equal(td_interaction_state_decode(&arena, packed, again, NULL), TD_OK);
        free(again);
    }
    free(value);
    free(copy);
}

static void truncations_and_flipped_bits_never_harm(void **state)
{
    (void)state;
    static struct td_interaction_state sample;
    static uint8_t packed[16384];
    struct td_arena arena = fresh_arena();
    unsigned seed = 7;

    fill(&td_interaction_state_wire, (uint8_t *)&sample, &seed);
    struct td_bytes bytes = td_interaction_state_encode(&arena, &sample);
    assert_true(bytes.size < sizeof(packed));
    memcpy(packed, bytes.data, bytes.size);
    for (size_t size = 0; size < bytes.size; size++)
        decode_hostile(packed, size);
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        packed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        decode_hostile(packed, bytes.size);
        packed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_of_the_bus_survives_the_round_trip),
        cmocka_unit_test(the_tables_and_the_generated_descriptors_agree),
        cmocka_unit_test(the_format_is_the_one_already_deployed),
        cmocka_unit_test(a_missing_id_is_named),
        cmocka_unit_test(an_id_of_another_length_is_refused),
        cmocka_unit_test(a_required_id_of_zeros_is_refused),
        cmocka_unit_test(a_string_may_be_as_long_as_its_bound_and_no_longer),
        cmocka_unit_test(a_string_that_is_not_utf8_is_refused_and_repaired_when_sent),
        cmocka_unit_test(a_number_that_is_none_is_refused),
        cmocka_unit_test(unknown_fields_and_enum_values_are_kept_harmless),
        cmocka_unit_test(a_small_arena_gives_a_limit_and_no_overrun),
        cmocka_unit_test(truncations_and_flipped_bits_never_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
