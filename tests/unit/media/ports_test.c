#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/core/ports.h"

static struct media_port ring[8];

static struct media_ports make(void)
{
    struct media_ports ports;

    media_ports_init(&ports, ring, 8);
    assert_int_equal(media_ports_add_block(&ports, 20000, 8, 0), TD_OK);
    return ports;
}

static void a_block_gives_its_even_ports_in_order(void **state)
{
    (void)state;
    struct media_ports ports = make();
    uint16_t number = 0;

    for (uint16_t i = 0; i < 4; i++) {
        assert_int_equal(media_ports_take(&ports, 0, &number), TD_OK);
        assert_int_equal(number, 20000 + 2 * i);
    }
    assert_int_equal(media_ports_take(&ports, 0, &number), TD_ERR_LIMIT);
}

static void a_port_rests_after_use(void **state)
{
    (void)state;
    struct media_ports ports = make();
    uint16_t number = 0;

    for (int i = 0; i < 4; i++)
        assert_int_equal(media_ports_take(&ports, 0, &number), TD_OK);
    media_ports_give(&ports, 20004, 500);
    assert_int_equal(media_ports_free(&ports), 1);
    assert_int_equal(media_ports_take(&ports, 499, &number), TD_ERR_LIMIT);
    assert_int_equal(media_ports_take(&ports, 500, &number), TD_OK);
    assert_int_equal(number, 20004);
}

static void the_longest_rested_is_taken_first(void **state)
{
    (void)state;
    struct media_ports ports = make();
    uint16_t number = 0;

    assert_int_equal(media_ports_take(&ports, 0, &number), TD_OK);
    media_ports_give(&ports, number, 0);
    assert_int_equal(media_ports_take(&ports, 0, &number), TD_OK);
    assert_int_equal(number, 20002);
}

static void a_lost_block_takes_its_free_ports_with_it(void **state)
{
    (void)state;
    struct media_ports ports = make();
    uint16_t number = 0;

    assert_int_equal(media_ports_add_block(&ports, 30000, 8, 0), TD_OK);
    assert_int_equal(media_ports_take(&ports, 0, &number), TD_OK); // 20000 is in use
    media_ports_drop_block(&ports, 20000, 8);
    assert_int_equal(media_ports_free(&ports), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(media_ports_take(&ports, 0, &number), TD_OK);
        assert_in_range(number, 30000, 30007);
    }
}

static void a_block_that_does_not_fit_is_refused_whole(void **state)
{
    (void)state;
    struct media_ports ports = make();

    assert_int_equal(media_ports_add_block(&ports, 30000, 10, 0), TD_ERR_LIMIT);
    assert_int_equal(media_ports_free(&ports), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_gives_its_even_ports_in_order),
        cmocka_unit_test(a_port_rests_after_use),
        cmocka_unit_test(the_longest_rested_is_taken_first),
        cmocka_unit_test(a_lost_block_takes_its_free_ports_with_it),
        cmocka_unit_test(a_block_that_does_not_fit_is_refused_whole),
    };

    return cmocka_run_group_tests_name("media/ports", tests, NULL, NULL);
}
