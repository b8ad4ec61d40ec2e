#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context/core/phone.h"

static const struct context_dialling china = {"86", "0", "00"};
static const struct context_dialling america = {"1", "", "011"};

static void assert_reads(const char *text, const struct context_dialling *dialling,
                         const char *e164)
{
    char result[CONTEXT_E164_SIZE] = "";

    assert_int_equal(context_phone_read(text, dialling, result), CONTEXT_PHONE_NUMBER);
    assert_string_equal(result, e164);
}

static void assert_is(const char *text, enum context_phone what)
{
    char result[CONTEXT_E164_SIZE] = "kept";

    assert_int_equal(context_phone_read(text, &china, result), what);
    assert_string_equal(result, "kept");
}

static void all_ways_to_write_one_number_give_the_same(void **state)
{
    (void)state;
    assert_reads("+86 10 5550 0123", &china, "+861055500123");
    assert_reads("010-5550-0123", &china, "+861055500123");
    assert_reads("00861055500123", &china, "+861055500123");
    assert_reads("tel:+86-10-5550-0123;phone-context=x", &china, "+861055500123");
    assert_reads("sip:+861055500123@192.0.2.1", &china, "+861055500123");
}

static void each_site_dials_in_its_own_way(void **state)
{
    (void)state;
    assert_reads("(202) 555-0123", &america, "+12025550123");
    assert_reads("011 44 7700 900123", &america, "+447700900123");
    assert_reads("+447700900123", &america, "+447700900123");
}

static void who_hides_is_withheld(void **state)
{
    (void)state;
    assert_is("", CONTEXT_PHONE_WITHHELD);
    assert_is("  ", CONTEXT_PHONE_WITHHELD);
    assert_is("Anonymous", CONTEXT_PHONE_WITHHELD);
    assert_is("sip:anonymous@anonymous.invalid", CONTEXT_PHONE_WITHHELD);
    assert_is("unavailable", CONTEXT_PHONE_WITHHELD);
}

static void what_cannot_be_called_back_is_unreadable(void **state)
{
    (void)state;
    assert_is("alice", CONTEXT_PHONE_UNREADABLE);
    assert_is("1001", CONTEXT_PHONE_UNREADABLE);
    assert_is("+", CONTEXT_PHONE_UNREADABLE);
    assert_is("+123456", CONTEXT_PHONE_UNREADABLE);
    assert_is("+1234567890123456", CONTEXT_PHONE_UNREADABLE);
    assert_is("+0123456789", CONTEXT_PHONE_UNREADABLE);
    assert_is("+1234567x", CONTEXT_PHONE_UNREADABLE);
    assert_is("12345678901234567890123456789012345678", CONTEXT_PHONE_UNREADABLE);
}

static void any_bytes_give_a_number_of_digits_or_none(void **state)
{
    (void)state;
    srand(7);
    for (int i = 0; i < 200000; i++) {
        static const char letters[] = "+0123456789 -().;@ax";
        char text[40];
        char e164[CONTEXT_E164_SIZE];
        size_t length = (size_t)rand() % (sizeof(text) - 1);

        for (size_t k = 0; k < length; k++)
            text[k] = letters[(size_t)rand() % (sizeof(letters) - 1)];
        text[length] = '\0';
        if (context_phone_read(text, &china, e164) == CONTEXT_PHONE_NUMBER) {
            assert_int_equal(e164[0], '+');
            assert_int_equal(strspn(e164 + 1, "0123456789"), strlen(e164 + 1));
            assert_in_range(strlen(e164), 8, 16);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_to_write_one_number_give_the_same),
        cmocka_unit_test(each_site_dials_in_its_own_way),
        cmocka_unit_test(who_hides_is_withheld),
        cmocka_unit_test(what_cannot_be_called_back_is_unreadable),
        cmocka_unit_test(any_bytes_give_a_number_of_digits_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
