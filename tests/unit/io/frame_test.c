#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/frame.h"

static void feed(struct td_frame_reader *reader, const void *bytes, size_t size)
{
    uint8_t *space;
    size_t room;

    td_frame_reader_space(reader, &space, &room);
    assert_true(size <= room);
    memcpy(space, bytes, size);
    td_frame_reader_filled(reader, size);
}

static void assert_frame(struct td_frame_reader *reader, const char *text)
{
    struct td_bytes frame;

    assert_int_equal(td_frame_take(reader, &frame), TD_OK);
    assert_int_equal(frame.size, strlen(text));
    assert_memory_equal(frame.data, text, frame.size);
}

static void assert_no_frame(struct td_frame_reader *reader)
{
    struct td_bytes frame;

    assert_int_equal(td_frame_take(reader, &frame), TD_ERR_NOT_FOUND);
}

static void frames_are_cut_out_of_the_stream(void **state)
{
    (void)state;
    uint8_t buf[32];
    struct td_frame_reader reader;

    td_frame_reader_init(&reader, buf, sizeof(buf));
    feed(&reader, "\0\0\0\3abc\0\0\0\0\0\0\0\2de\0", 18);
    assert_frame(&reader, "abc");
    assert_frame(&reader, "");
    assert_frame(&reader, "de");
    assert_no_frame(&reader);
    feed(&reader, "\0\0\1f", 4);
    assert_frame(&reader, "f");
    assert_no_frame(&reader);
}

static void a_frame_may_come_byte_by_byte(void **state)
{
    (void)state;
    uint8_t buf[16];
    struct td_frame_reader reader;
    static const char stream[] = "\0\0\0\5hello";

    td_frame_reader_init(&reader, buf, sizeof(buf));
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < sizeof(stream) - 1; i++) {
            assert_no_frame(&reader);
            feed(&reader, stream + i, 1);
        }
        assert_frame(&reader, "hello");
    }
}

static void the_largest_frame_fits_and_one_byte_more_breaks_the_stream(void **state)
{
    (void)state;
    uint8_t buf[TD_FRAME_HEADER_SIZE + 5];
    struct td_frame_reader reader;
    struct td_bytes frame;

    td_frame_reader_init(&reader, buf, sizeof(buf));
    feed(&reader, "\0\0\0\5hello", 9);
    assert_frame(&reader, "hello");
    feed(&reader, "\0\0\0\6", 4);
    assert_int_equal(td_frame_take(&reader, &frame), TD_ERR_LIMIT);
    assert_int_equal(td_frame_take(&reader, &frame), TD_ERR_LIMIT);

    td_frame_reader_init(&reader, buf, sizeof(buf));
    feed(&reader, "\xff\xff\xff\xff", 4);
    assert_int_equal(td_frame_take(&reader, &frame), TD_ERR_LIMIT);
}

static void a_header_is_read_back(void **state)
{
    (void)state;
    uint8_t header[TD_FRAME_HEADER_SIZE];

    td_frame_header(header, UINT32_C(0x01020304));
    assert_memory_equal(header, "\1\2\3\4", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_cut_out_of_the_stream),
        cmocka_unit_test(a_frame_may_come_byte_by_byte),
        cmocka_unit_test(the_largest_frame_fits_and_one_byte_more_breaks_the_stream),
        cmocka_unit_test(a_header_is_read_back),
    };

    return cmocka_run_group_tests_name("io/frame", tests, NULL, NULL);
}
