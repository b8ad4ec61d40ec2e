/* Connections of a door by their descriptors: who gives way, and who is which guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/bus_line.h"

static struct td_bus_lines lines;

static int setup(void **state)
{
    (void)state;
    return td_bus_lines_init(&lines, 3) == TD_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    td_bus_lines_fini(&lines);
    return 0;
}

static void the_oldest_that_said_nothing_gives_way(void **state)
{
    (void)state;
    assert_int_equal(td_bus_lines_oldest_silent(&lines), -1);
    assert_true(td_bus_lines_accept(&lines, 10, 300));
    assert_true(td_bus_lines_accept(&lines, 11, 100));
    assert_true(td_bus_lines_accept(&lines, 12, 200));
    assert_int_equal(td_bus_lines_oldest_silent(&lines), 11);
    td_bus_lines_welcome(&lines, td_bus_lines_at(&lines, 11), 1);
    assert_int_equal(td_bus_lines_oldest_silent(&lines), 12);
    td_bus_lines_close(&lines, td_bus_lines_at(&lines, 12));
    assert_int_equal(td_bus_lines_oldest_silent(&lines), 10);
    td_bus_lines_welcome(&lines, td_bus_lines_at(&lines, 10), 2);
    assert_int_equal(td_bus_lines_oldest_silent(&lines), -1);
}

static void every_guest_of_a_descriptor_is_another_one(void **state)
{
    (void)state;
    assert_true(td_bus_lines_accept(&lines, 10, 1));
    struct td_bus_line *line = td_bus_lines_at(&lines, 10);

    td_bus_lines_welcome(&lines, line, 7);
    uint32_t first = line->generation;
    td_bus_lines_close(&lines, line);
    assert_null(td_bus_lines_at(&lines, 10));
    assert_true(td_bus_lines_accept(&lines, 10, 2));
    td_bus_lines_welcome(&lines, line, 8);
    assert_int_not_equal(line->generation, first);
    uint32_t second = line->generation;
    td_bus_lines_dismiss(&lines, line, 3);
    td_bus_lines_welcome(&lines, line, 9);
    assert_int_not_equal(line->generation, second);
}

static void counts_follow(void **state)
{
    (void)state;
    assert_true(td_bus_lines_accept(&lines, 10, 1));
    assert_true(td_bus_lines_accept(&lines, 10, 2)); // Its end was not told.
    assert_true(td_bus_lines_accept(&lines, 11, 2));
    assert_int_equal(lines.open, 2);
    td_bus_lines_welcome(&lines, td_bus_lines_at(&lines, 11), 1);
    assert_int_equal(lines.guests, 1);
    td_bus_lines_dismiss(&lines, td_bus_lines_at(&lines, 11), 3);
    assert_int_equal(lines.guests, 0);
    assert_int_equal(lines.open, 2);
    td_bus_lines_close(&lines, td_bus_lines_at(&lines, 11));
    td_bus_lines_close(&lines, td_bus_lines_at(&lines, 10));
    assert_int_equal(lines.open, 0);
}

static void descriptors_out_of_the_table_are_nobodys(void **state)
{
    (void)state;
    assert_null(td_bus_lines_at(&lines, -1));
    assert_null(td_bus_lines_at(&lines, 1000000));
    assert_null(td_bus_lines_at(&lines, 5));
    assert_false(td_bus_lines_accept(&lines, -1, 1));
    assert_false(td_bus_lines_accept(&lines, 1000000, 1));
    assert_int_equal(lines.open, 0);
}

/* Two ends of one TCP connection over loopback, and the port that was listened on. */
static uint16_t connect_pair(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_return_code(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_return_code(listen(listener, 1), 0);
    assert_return_code(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_return_code(connect(ends[0], (struct sockaddr *)&address, sizeof(address)), 0);
    ends[1] = accept(listener, NULL, NULL);
    assert_return_code(ends[1], 0);
    (void)close(listener);
    return ntohs(address.sin_port);
}

static void only_connections_to_the_listener_are_shut(void **state)
{
    int ends[2];
    char byte = 'x';

    (void)state;
    lines.port = connect_pair(ends);
    td_bus_lines_shut(&lines, ends[0]); // Its own port is another one.
    assert_int_equal(send(ends[0], &byte, 1, MSG_NOSIGNAL), 1);
    assert_int_equal(recv(ends[1], &byte, 1, 0), 1);
    td_bus_lines_shut(&lines, ends[1]);
    assert_int_equal(recv(ends[0], &byte, 1, 0), 0);
    td_bus_lines_shut(&lines, -1);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void who_sends_without_a_message_floods(void **state)
{
    static const char block[3000];
    const uint64_t second = UINT64_C(1000000000);
    int ends[2];

    (void)state;
    (void)connect_pair(ends);
    struct td_bus_line line = {.is_open = true, .marked_ns = second};

    assert_int_equal(send(ends[0], block, sizeof(block), 0), sizeof(block));
    while (recv(ends[1], (char[3000]){0}, 3000, MSG_PEEK) < (ssize_t)sizeof(block))
        ;
    assert_false(td_bus_line_floods(&line, ends[1], 3000, second));
    assert_true(td_bus_line_floods(&line, ends[1], 2999, second));
    assert_false(td_bus_line_floods(&line, ends[1], 2999, 2 * second)); // Pings take their part.
    line.spoke = true;
    assert_false(td_bus_line_floods(&line, ends[1], 1, 2 * second));
    assert_false(td_bus_line_floods(&line, ends[1], 1, 2 * second));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_oldest_that_said_nothing_gives_way, setup, teardown),
        cmocka_unit_test_setup_teardown(every_guest_of_a_descriptor_is_another_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(counts_follow, setup, teardown),
        cmocka_unit_test_setup_teardown(descriptors_out_of_the_table_are_nobodys, setup, teardown),
        cmocka_unit_test_setup_teardown(only_connections_to_the_listener_are_shut, setup, teardown),
        cmocka_unit_test(who_sends_without_a_message_floods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
