/* The table of running dialogs: found by what names them, forgotten when gone, told in pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ivr/ivr.h"

#define DIALOGS 200U

static uint64_t running;

static struct ivr *table_new(void)
{
    struct ivr *ivr = calloc(1, sizeof(*ivr));

    assert_non_null(ivr);
    ivr->config.dialogs_max = DIALOGS;
    running = 0;
    ivr->counters.running = &running;
    assert_int_equal(dialogs_create(ivr), TD_OK);
    return ivr;
}

static void table_free(struct ivr *ivr)
{
    dialogs_destroy(ivr);
    free(ivr);
}

/* Ids whose order is not that of their numbers. */
static struct td_id id_of(uint32_t number)
{
    uint8_t random[10] = {0};

    random[9] = (uint8_t)number;
    random[8] = (uint8_t)(number >> 8);
    return td_id_make(number * 7919U % 1000U + 1, random);
}

static struct dialog *add(struct ivr *ivr, uint32_t number)
{
    struct td_media_leg leg = {.leg_id = {id_of(number + 5000)}};

    return dialogs_add(ivr, (struct td_dialog_id){id_of(number)}, &leg);
}

static struct dialog *find(const struct ivr *ivr, uint32_t number)
{
    return dialogs_find(ivr, (struct td_dialog_id){id_of(number)});
}

static void dialogs_are_found_by_their_ids_until_they_are_removed(void **state)
{
    (void)state;
    struct ivr *ivr = table_new();

    for (uint32_t i = 0; i < DIALOGS; i++)
        assert_non_null(add(ivr, i));
    assert_null(add(ivr, DIALOGS)); // Full.
    assert_int_equal(running, DIALOGS);
    for (uint32_t i = 0; i < DIALOGS; i += 2)
        dialogs_remove(find(ivr, i));
    for (uint32_t i = 0; i < DIALOGS; i++)
        assert_int_equal(find(ivr, i) != NULL, i % 2 == 1);
    for (uint32_t i = 0; i < DIALOGS; i += 2)
        assert_non_null(add(ivr, 1000 + i));
    assert_null(add(ivr, DIALOGS));
    for (uint32_t i = 0; i < DIALOGS; i += 2)
        assert_non_null(find(ivr, 1000 + i));
    table_free(ivr);
}

static void a_token_finds_its_own_dialog_and_never_the_next_one_in_its_place(void **state)
{
    (void)state;
    struct ivr *ivr = table_new();
    struct dialog *first = add(ivr, 1);
    uint64_t token = dialogs_token(first);

    assert_ptr_equal(dialogs_of_token(ivr, token), first);
    dialogs_remove(first);
    assert_null(dialogs_of_token(ivr, token));
    struct dialog *second = add(ivr, 2);
    assert_ptr_equal(second, first); // The same slot.
    assert_null(dialogs_of_token(ivr, token));
    table_free(ivr);
}

static void media_is_heard_only_about_what_it_was_asked(void **state)
{
    (void)state;
    struct ivr *ivr = table_new();
    struct dialog *dialog = add(ivr, 1);
    struct td_command_id request = {id_of(77)};
    struct td_command_id other = {id_of(78)};

    assert_null(dialogs_find_asked(ivr, dialog->leg.leg_id, request));
    dialog->asked = true;
    dialog->request_id = request;
    assert_ptr_equal(dialogs_find_asked(ivr, dialog->leg.leg_id, request), dialog);
    assert_null(dialogs_find_asked(ivr, dialog->leg.leg_id, other));
    assert_null(dialogs_find_asked(ivr, (struct td_leg_id){id_of(3)}, request));
    table_free(ivr);
}

/* A router that took over asks page by page: each dialog comes once, in the order of ids. */
static void pages_tell_every_dialog_once(void **state)
{
    (void)state;
    for (uint32_t count = 0; count <= DIALOGS; count = count < 60 ? count + 20 : count + 1) {
        struct ivr *ivr = table_new();
        struct td_dialog_id after = {{{0}}};
        struct td_dialog_sync_reply page;
        uint32_t told = 0;

        for (uint32_t i = 0; i < count; i++)
            assert_non_null(add(ivr, i));
        do {
            dialogs_page(ivr, after, &page);
            assert_true(page.done || page.items_count == 64);
            for (uint32_t i = 0; i < page.items_count; i++) {
                assert_true(td_id_compare(page.items[i].dialog_id.id, after.id) > 0);
                after = page.items[i].dialog_id;
                told++;
            }
        } while (!page.done);
        assert_int_equal(told, count);
        table_free(ivr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialogs_are_found_by_their_ids_until_they_are_removed),
        cmocka_unit_test(a_token_finds_its_own_dialog_and_never_the_next_one_in_its_place),
        cmocka_unit_test(media_is_heard_only_about_what_it_was_asked),
        cmocka_unit_test(pages_tell_every_dialog_once),
    };

    return cmocka_run_group_tests_name("ivr/dialogs", tests, NULL, NULL);
}
