/*
 * The script worker: an expression in, its value out, one frame each, until the ivr service closes
 * the pipe. A process of its own, because an endless loop in a document can only be ended by ending
 * the process it runs in. Exit status: 0 told to end, 1 could not run, 2 usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/worker.h"
#include "ivr/script/engine.h"

#define FRAME_MAX (1U << 20)
#define ARENA_SIZE (4U << 20)
#define MEMORY_MAX (UINT64_C(1) << 30)

static max_align_t received[(TD_FRAME_HEADER_SIZE + FRAME_MAX) / sizeof(max_align_t) + 1];
static max_align_t arena_block[ARENA_SIZE / sizeof(max_align_t)];

static enum td_err answer(struct td_worker *worker, struct engine *engine, struct td_bytes frame)
{
    struct td_arena arena;
    struct td_script_request request;
    struct td_script_reply reply = {.number = 0};
    const char *bad_field;

    td_arena_init(&arena, arena_block, sizeof(arena_block));
    enum td_err err = td_script_request_decode(&arena, frame, &request, &bad_field);
    if (err != TD_OK) {
        (void)fprintf(stderr, "script: %s of the request: %s\n", bad_field, td_err_text(err));
        return err;
    }
    engine_evaluate(engine, &request, &arena, &reply);
    err = td_worker_send(worker, td_script_reply_encode(&arena, &reply));
    engine_prepare(engine);
    return err;
}

static enum td_err serve(struct td_worker *worker, struct engine *engine)
{
    struct td_bytes frame;
    enum td_err err;

    engine_prepare(engine);
    while ((err = td_worker_receive(worker, &frame)) == TD_OK) {
        err = answer(worker, engine, frame);
        if (err != TD_OK)
            break;
    }
    return err;
}

int main(int argc, char **argv)
{
    struct td_worker worker;
    struct engine engine;
    uint64_t memory_max;

    if (argc != 2 || td_str_to_u64(argv[1], MEMORY_MAX, &memory_max) != TD_OK) {
        (void)printf("usage: script BYTES\n\nThe ivr service starts it: frames of "
                     "proto/tandem/v1/script.proto on standard input and output. BYTES is the "
                     "memory that one expression may use.\n");
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    if (td_worker_init(&worker, received, sizeof(received)) != TD_OK)
        return 1;
    engine_init(&engine, (size_t)memory_max);
    enum td_err err = serve(&worker, &engine);
    engine_fini(&engine);
    return err == TD_ERR_UNAVAILABLE ? 0 : 1;
}
