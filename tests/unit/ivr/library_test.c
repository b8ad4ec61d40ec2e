/* Documents on disk: found, shared, private to a tenant, renewed when they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ivr/library.h"

#define GOOD(text) "<vxml version=\"2.1\"><form><block>" text "</block></form></vxml>"

static uint64_t no_time(void)
{
    return 0;
}

static void no_log(const char *line, size_t size)
{
    (void)line;
    (void)size;
}

static const struct td_log test_log = {"test", TD_LOG_ERROR, no_time, no_log};

struct shelf {
    char folder[64];
    struct library *library;
};

static int open_shelf(void **state)
{
    static struct shelf shelf;

    (void)snprintf(shelf.folder, sizeof(shelf.folder), "/tmp/tandem-library-XXXXXX");
    if (mkdtemp(shelf.folder) == NULL ||
        library_create(shelf.folder, &test_log, &shelf.library) != TD_OK)
        return -1;
    *state = &shelf;
    return 0;
}

static int close_shelf(void **state)
{
    struct shelf *shelf = *state;
    char command[128];

    library_destroy(&shelf->library);
    (void)snprintf(command, sizeof(command), "rm -r %s", shelf->folder);
    return system(command);
}

static void put(const struct shelf *shelf, const char *name, const char *text)
{
    char path[256];
    char fresh[300];

    (void)snprintf(path, sizeof(path), "%s/%s", shelf->folder, name);
    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(fresh, path),
                     0); // A new inode: a change within the same clock tick shows.
}

/* What the document's only block says; "" when it cannot be had. */
static const char *take(const struct shelf *shelf, uint32_t tenant, const char *name,
                        struct library_document **taken, enum td_err expected)
{
    char fault[LIBRARY_FAULT_SIZE];

    assert_int_equal(library_take(shelf->library, tenant, name, taken, fault), expected);
    if (expected != TD_OK)
        return "";
    const struct ivr_document *document = &(*taken)->document;
    uint32_t block = ivr_node_child(document, ivr_document_dialog(document, ""));
    return ivr_node_text(document, ivr_node_child(document, block));
}

static void a_tenants_own_document_comes_before_the_shared_one(void **state)
{
    struct shelf *shelf = *state;
    struct library_document *document;
    char folder[128];

    (void)snprintf(folder, sizeof(folder), "%s/tenant-7", shelf->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    put(shelf, "main.vxml", GOOD("shared"));
    put(shelf, "tenant-7/main.vxml", GOOD("seven"));
    put(shelf, "tenant-7/own.vxml", GOOD("own"));
    assert_int_equal(library_load_all(shelf->library), 0);
    assert_string_equal(take(shelf, 1, "main.vxml", &document, TD_OK), "shared");
    library_release(&document);
    assert_string_equal(take(shelf, 7, "main.vxml", &document, TD_OK), "seven");
    library_release(&document);
    (void)take(shelf, 1, "own.vxml", &document, TD_ERR_NOT_FOUND);
}

static void a_change_is_seen_and_the_old_version_lives_on_where_it_runs(void **state)
{
    struct shelf *shelf = *state;
    struct library_document *old;
    struct library_document *fresh;

    put(shelf, "main.vxml", GOOD("old"));
    const char *said = take(shelf, 1, "main.vxml", &old, TD_OK);
    assert_string_equal(said, "old");
    put(shelf, "main.vxml", GOOD("fresh"));
    assert_string_equal(take(shelf, 1, "main.vxml", &fresh, TD_OK), "fresh");
    assert_string_equal(said, "old");
    library_release(&old);
    library_release(&fresh);
}

static void a_broken_change_leaves_the_version_before_in_use(void **state)
{
    struct shelf *shelf = *state;
    struct library_document *document;

    put(shelf, "main.vxml", GOOD("good"));
    (void)take(shelf, 1, "main.vxml", &document, TD_OK);
    library_release(&document);
    put(shelf, "main.vxml", "<vxml version=\"2.1\">");
    assert_string_equal(take(shelf, 1, "main.vxml", &document, TD_OK), "good");
    library_release(&document);

    put(shelf, "never.vxml", "<vxml");
    (void)take(shelf, 1, "never.vxml", &document, TD_ERR_SYNTAX);
    assert_int_equal(library_load_all(shelf->library), 2);
    put(shelf, "never.vxml", GOOD("at last"));
    assert_string_equal(take(shelf, 1, "never.vxml", &document, TD_OK), "at last");
    library_release(&document);
}

static void names_stay_within_the_folder(void **state)
{
    struct shelf *shelf = *state;
    struct library_document *document;
    static const char *const bad[] = {
        "../main.vxml", "/etc/passwd", "tenant-7/main.vxml", "main.txt", "", "main.vxml#form"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        (void)take(shelf, 1, bad[i], &document, TD_ERR_INVALID);
    char folder[128];
    (void)snprintf(folder, sizeof(folder), "%s/folder.vxml", shelf->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)take(shelf, 1, "folder.vxml", &document, TD_ERR_NOT_FOUND);
}

static void what_is_too_large_is_refused(void **state)
{
    struct shelf *shelf = *state;
    struct library_document *document;
    char *text = malloc(IVR_DOCUMENT_XML_MAX + 2);

    assert_non_null(text);
    memset(text, ' ', IVR_DOCUMENT_XML_MAX + 1);
    text[IVR_DOCUMENT_XML_MAX + 1] = '\0';
    put(shelf, "large.vxml", text);
    free(text);
    (void)take(shelf, 1, "large.vxml", &document, TD_ERR_LIMIT);
}

int main(void)
{
#define SHELF_TEST(name) cmocka_unit_test_setup_teardown(name, open_shelf, close_shelf)
    const struct CMUnitTest tests[] = {
        SHELF_TEST(a_tenants_own_document_comes_before_the_shared_one),
        SHELF_TEST(a_change_is_seen_and_the_old_version_lives_on_where_it_runs),
        SHELF_TEST(a_broken_change_leaves_the_version_before_in_use),
        SHELF_TEST(names_stay_within_the_folder),
        SHELF_TEST(what_is_too_large_is_refused),
    };

    return cmocka_run_group_tests_name("ivr/library", tests, NULL, NULL);
}
