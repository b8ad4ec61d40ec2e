/* The files of recordings and of spoken texts, in a folder of their own. */
#include <fcntl.h>
#include <ftw.h>
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

#include "media/recording_file.h"
#include "media/sound_cache.h"

static char folder[] = "/tmp/tandem-media-XXXXXX";
static char path[RECORDING_PATH_SIZE];

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_entry(const char *entry, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(entry);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *name)
{
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static size_t read_file(const char *name, uint8_t *bytes, size_t size)
{
    FILE *file = fopen(in_folder(name), "rb");

    assert_non_null(file);
    size_t got = fread(bytes, 1, size, file);
    (void)fclose(file);
    return got;
}

static void the_header_is_right_after_every_block(void **state)
{
    (void)state;
    struct recording_file file;
    struct media_tape_frame frames[100];
    uint8_t header[MEDIA_WAV_HEADER_SIZE];
    uint8_t bytes[2048];

    memset(frames, 0x11, sizeof(frames));
    recording_file_open(&file, in_folder("2026/11/22/a.wav")); // Folders are made.
    for (size_t blocks = 0; blocks < 4; blocks++) {
        assert_int_equal(file.err, TD_OK);
        size_t size = read_file("2026/11/22/a.wav", bytes, sizeof(bytes));
        assert_int_equal(size, MEDIA_WAV_HEADER_SIZE + blocks * sizeof(frames));
        media_wav_header(100 * blocks, header);
        assert_memory_equal(bytes, header, sizeof(header));
        recording_file_append(&file, frames, 100);
    }
    recording_file_close(&file);
    assert_int_equal(file.err, TD_OK);
    assert_int_equal(file.frame_count, 400);
}

static void what_is_there_is_never_overwritten(void **state)
{
    (void)state;
    struct recording_file first;
    struct recording_file second;
    const struct media_tape_frame frame = {{1, 2}};

    recording_file_open(&first, in_folder("b.wav"));
    recording_file_open(&second, in_folder("b.wav"));
    assert_int_equal(second.err, TD_ERR_EXISTS);
    recording_file_append(&second, &frame, 1);
    recording_file_close(&second);
    assert_int_equal(second.frame_count, 0);
    recording_file_append(&first, &frame, 1);
    recording_file_close(&first);
    assert_int_equal(first.err, TD_OK);
}

static void only_the_owner_and_its_group_may_read_it(void **state)
{
    (void)state;
    struct recording_file file;
    struct stat status;

    recording_file_open(&file, in_folder("c.wav"));
    recording_file_close(&file);
    assert_int_equal(stat(in_folder("c.wav"), &status), 0);
    assert_int_equal(status.st_mode & 07, 0);
}

static void a_spoken_text_is_read_as_it_was_written(void **state)
{
    (void)state;
    const int16_t samples[] = {1, -2, 32767, -32768};
    int16_t *again = NULL;
    size_t count = 0;

    assert_int_equal(sound_cache_read(in_folder("x.s16"), 100, &again, &count), TD_ERR_NOT_FOUND);
    assert_int_equal(sound_cache_write(in_folder("x.s16"), samples, 4), TD_OK);
    assert_int_equal(sound_cache_read(in_folder("x.s16"), 3, &again, &count), TD_ERR_SYNTAX);
    assert_int_equal(sound_cache_read(in_folder("x.s16"), 4, &again, &count), TD_OK);
    assert_int_equal(count, 4);
    assert_memory_equal(again, samples, sizeof(samples));
    free(again);
}

static void write_used_at(const char *name, time_t used_at)
{
    static const int16_t samples[500];
    const struct timespec times[] = {{.tv_sec = used_at}, {.tv_sec = used_at}};

    assert_int_equal(sound_cache_write(in_folder(name), samples, 500), TD_OK);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void the_longest_unused_texts_go_first(void **state)
{
    (void)state;
    char cache[sizeof(path)];

    assert_int_equal(mkdir(in_folder("cache"), 0700), 0);
    memcpy(cache, path, sizeof(path));
    write_used_at("cache/middle", 2000);
    write_used_at("cache/oldest", 1000);
    write_used_at("cache/newest", 3000);
    sound_cache_trim(cache, 2000); // Of 3,000 bytes.
    assert_int_not_equal(access(in_folder("cache/oldest"), F_OK), 0);
    assert_int_equal(access(in_folder("cache/middle"), F_OK), 0);
    sound_cache_trim(cache, 0);
    assert_int_not_equal(access(in_folder("cache/newest"), F_OK), 0);
    sound_cache_trim("/nowhere", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_right_after_every_block),
        cmocka_unit_test(what_is_there_is_never_overwritten),
        cmocka_unit_test(only_the_owner_and_its_group_may_read_it),
        cmocka_unit_test(a_spoken_text_is_read_as_it_was_written),
        cmocka_unit_test(the_longest_unused_texts_go_first),
    };

    return cmocka_run_group_tests_name("media/files", tests, make_folder, remove_folder);
}
