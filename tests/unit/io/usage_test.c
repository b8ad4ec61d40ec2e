/* Unit tests of what a process takes of its host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "io/usage.h"

static void what_a_process_takes_is_counted(void **state)
{
    const struct td_usage before = td_usage_read();
    int fd = open("/dev/null", O_RDONLY);
    const struct td_usage after = td_usage_read();

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(after.open_fds, before.open_fds + 1);
    assert_int_equal(after.threads, 1);
    assert_true(after.max_fds > after.open_fds);
    assert_true(after.resident_bytes >= 100000);
    assert_true(after.virtual_bytes > after.resident_bytes);
    assert_true(after.cpu_us >= before.cpu_us);
}

static void a_disk_has_a_share_that_is_free(void **state)
{
    (void)state;
    assert_true(td_usage_disk_free_permille("/") <= 1000);
    assert_int_equal(td_usage_disk_free_permille("/no/such/folder"), 1000);
    assert_int_equal(td_usage_disk_free_permille("/proc"), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_process_takes_is_counted),
        cmocka_unit_test(a_disk_has_a_share_that_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
