#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reporting/core/stretch.h"

#define S UINT64_C(1000000)
#define NOW (UINT64_C(1763942400) * S)

/* Pieces meet, and together they are the whole. @return How many. */
static uint32_t take_all(struct stretch rest)
{
    uint64_t at = rest.began_unix_us;
    uint64_t end = rest.ended_unix_us;
    uint32_t count = 0;
    struct stretch piece;

    while (stretch_take(&rest, &piece)) {
        assert_int_equal(piece.began_unix_us, at);
        assert_true(piece.ended_unix_us > at);
        assert_true(piece.ended_unix_us - at <= STRETCH_PIECE_US);
        at = piece.ended_unix_us;
        count++;
        assert_true(count <= STRETCH_PIECES_MAX);
    }
    assert_true(count == 0 || at == end);
    return count;
}

static void pieces_are_at_most_a_day_and_lose_nothing(void **state)
{
    (void)state;
    assert_int_equal(take_all((struct stretch){NOW, NOW + 1}), 1);
    assert_int_equal(take_all((struct stretch){NOW, NOW + STRETCH_PIECE_US}), 1);
    assert_int_equal(take_all((struct stretch){NOW, NOW + STRETCH_PIECE_US + 1}), 2);
    assert_int_equal(take_all((struct stretch){NOW, NOW + 10 * STRETCH_PIECE_US}), 10);
}

static void no_time_has_no_piece(void **state)
{
    (void)state;
    assert_int_equal(take_all((struct stretch){NOW, NOW}), 0);
    assert_int_equal(take_all((struct stretch){NOW + 1, NOW}), 0);
}

static void of_an_endless_one_the_end_is_kept(void **state)
{
    struct stretch rest = {1, NOW};
    struct stretch piece;
    uint32_t count = 0;

    (void)state;
    while (stretch_take(&rest, &piece))
        count++;
    assert_int_equal(count, STRETCH_PIECES_MAX);
    assert_int_equal(piece.ended_unix_us, NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_at_most_a_day_and_lose_nothing),
        cmocka_unit_test(no_time_has_no_piece),
        cmocka_unit_test(of_an_endless_one_the_end_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
