/* Who may hold how many connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "edge/core/connections.h"

#define DESCRIPTORS 64

static struct edge_connection places[DESCRIPTORS];
static struct edge_connections connections;

static int start(void **state)
{
    (void)state;
    for (size_t i = 0; i < DESCRIPTORS; i++)
        places[i] = (struct edge_connection){0};
    edge_connections_init(&connections, places, DESCRIPTORS, 12, 5);
    return 0;
}

static void an_address_holds_so_many_and_gets_another_for_one_it_gives_back(void **state)
{
    (void)state;
    for (int d = 10; d < 15; d++)
        assert_true(edge_connections_open(&connections, d, 7, true));
    assert_false(edge_connections_open(&connections, 15, 7, true));
    assert_true(edge_connections_open(&connections, 15, 8, true));
    edge_connections_close(&connections, 12);
    assert_true(edge_connections_open(&connections, 16, 7, true));
}

static void strangers_leave_a_quarter_to_those_who_are_known(void **state)
{
    (void)state;
    for (int d = 0; d < 9; d++)
        assert_true(edge_connections_open(&connections, d, (uint64_t)d, true));
    assert_false(edge_connections_open(&connections, 9, 9, true));
    for (int d = 9; d < 12; d++) // However many from one address.
        assert_true(edge_connections_open(&connections, d, 77, false));
    assert_false(edge_connections_open(&connections, 12, 77, false));
}

static void descriptors_that_are_none_change_nothing(void **state)
{
    (void)state;
    edge_connections_close(&connections, -1);
    edge_connections_close(&connections, DESCRIPTORS);
    edge_connections_close(&connections, 3); // Not a connection.
    assert_false(edge_connections_open(&connections, -1, 1, false));
    assert_false(edge_connections_open(&connections, DESCRIPTORS, 1, false));
    assert_int_equal(connections.open, 0);
}

static void the_books_are_even_after_any_order(void **state)
{
    (void)state;
    unsigned seed = 11;

    for (int i = 0; i < 20000; i++) {
        seed = seed * 1103515245 + 12345;
        int descriptor = (int)(seed >> 16) % DESCRIPTORS;
        if ((seed >> 24) % 2 == 0)
            (void)edge_connections_open(&connections, descriptor, (seed >> 8) % 4,
                                        (seed >> 9) % 2 == 0);
        else
            edge_connections_close(&connections, descriptor);
        uint32_t open = 0;
        uint32_t strangers = 0;
        for (size_t d = 0; d < DESCRIPTORS; d++) {
            open += places[d].open;
            strangers += places[d].stranger;
        }
        assert_int_equal(connections.open, open);
        assert_int_equal(connections.strangers, strangers);
        assert_true(open <= 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_address_holds_so_many_and_gets_another_for_one_it_gives_back,
                               start),
        cmocka_unit_test_setup(strangers_leave_a_quarter_to_those_who_are_known, start),
        cmocka_unit_test_setup(descriptors_that_are_none_change_nothing, start),
        cmocka_unit_test_setup(the_books_are_even_after_any_order, start),
    };

    return cmocka_run_group_tests_name("edge/connections", tests, NULL, NULL);
}
