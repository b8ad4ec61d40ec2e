/*
 * tandem check: is there anything in the site that belongs to nobody, is stuck, or is there twice?
 *
 * Looks again as long as something is found and there is time. Only what every look has found is
 * told: what was merely under way is gone the next time.
 */
#include "tandem/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "io/timer.h"
#include "tandem/command.h"
#include "tandem/core/findings.h"

#define WAIT_MS UINT64_C(3000)
#define WAIT_MAX_S 3600
#define PAUSE_MS 500
#define LINE_SIZE 1024

struct check_run {
    struct look look;
    struct findings findings;
    struct td_timer pause;
    uint64_t begun_ns;
    uint64_t wait_ms;
    uint32_t looks;
    bool json;
};

static uint64_t elapsed_ms(const struct check_run *run)
{
    return (td_loop_now_ns() - run->begun_ns) / 1000000;
}

/* --- telling ---------------------------------------------------------------------------------- */

static void count_kinds(const struct picture *picture, size_t counts[PICTURE_KINDS])
{
    memset(counts, 0, PICTURE_KINDS * sizeof(counts[0]));
    for (size_t i = 0; i < picture->count; i++)
        counts[picture->things[i].kind]++;
}

static void print_text(const struct check_run *run)
{
    size_t counts[PICTURE_KINDS];

    count_kinds(&run->look.picture, counts);
    (void)printf("looked at");
    for (enum picture_kind kind = 0; kind < PICTURE_KINDS; kind++)
        (void)printf("%s %zu %s", kind == 0 ? "" : ",", counts[kind], picture_kind_name(kind));
    (void)printf(" (%u looks in %.1f s)\n", run->looks, (double)elapsed_ms(run) / 1000);
    for (size_t i = 0; i < run->findings.count; i++)
        (void)printf("%s\n", run->findings.items[i].sentence);
    if (run->look.failure[0] == '\0' && run->findings.count == 0)
        (void)puts("clean: everything has its owner");
    else if (run->findings.count > 0)
        (void)printf("%zu findings\n", run->findings.count);
}

static void print_json(const struct check_run *run)
{
    size_t counts[PICTURE_KINDS];
    char line[LINE_SIZE];
    struct td_text text;

    count_kinds(&run->look.picture, counts);
    (void)printf("{\"clean\": %s, \"looks\": %u, \"looked_at\": {",
                 run->findings.count == 0 && run->look.failure[0] == '\0' ? "true" : "false",
                 run->looks);
    for (enum picture_kind kind = 0; kind < PICTURE_KINDS; kind++)
        (void)printf("%s\"%s\": %zu", kind == 0 ? "" : ", ", picture_kind_name(kind), counts[kind]);
    (void)printf("}, \"findings\": [");
    for (size_t i = 0; i < run->findings.count; i++) {
        const struct picture_finding *finding = &run->findings.items[i];
        td_text_init(&text, line, sizeof(line));
        td_text_add(&text, i == 0 ? "\n  {\"key\": " : ",\n  {\"key\": ");
        td_text_add_json(&text, finding->key);
        td_text_add(&text, ", \"sentence\": ");
        td_text_add_json(&text, finding->sentence);
        (void)printf("%s}", line);
    }
    (void)puts("]}");
}

static void end(struct check_run *run)
{
    bool failed = run->look.failure[0] != '\0';

    if (run->json)
        print_json(run);
    else
        print_text(run);
    if (failed)
        (void)command_fail(1, "%s", run->look.failure);
    td_tool_exit(run->look.service, failed || run->findings.count > 0 ? 1 : 0);
}

/* --- looking ---------------------------------------------------------------------------------- */

static void on_found(void *ctx, const struct picture_finding *finding)
{
    findings_add(ctx, finding);
}

static void on_looked(void *ctx)
{
    struct check_run *run = ctx;
    bool failed = run->look.failure[0] != '\0';

    if (!failed) {
        run->looks++;
        findings_begin(&run->findings);
        picture_compare(&run->look.picture, on_found, &run->findings);
        findings_end(&run->findings);
    }
    bool settled = !failed && run->findings.count == 0;
    if (settled || elapsed_ms(run) >= run->wait_ms)
        end(run);
    else
        td_timer_start(&run->pause, PAUSE_MS);
}

static void on_pause_over(void *ctx)
{
    struct check_run *run = ctx;

    look_start(&run->look);
}

static void start(struct td_service *service, void *ctx)
{
    struct check_run *run = ctx;

    look_init(&run->look, service, on_looked, run);
    td_timer_init(&run->pause, td_service_loop(service), on_pause_over, run);
    run->begun_ns = td_loop_now_ns();
    look_start(&run->look);
}

static void stop(struct td_service *service, void *ctx)
{
    struct check_run *run = ctx;

    (void)service;
    td_timer_stop(&run->pause);
}

/* --- arguments -------------------------------------------------------------------------------- */

static bool parse(struct check_run *run, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        uint64_t seconds;

        if (td_str_equal(argv[i], "--json")) {
            run->json = true;
        } else if (td_str_equal(argv[i], "--wait") && i + 1 < argc &&
                   td_str_to_u64(argv[i + 1], WAIT_MAX_S, &seconds) == TD_OK) {
            run->wait_ms = seconds * 1000;
            i++;
        } else {
            return false;
        }
    }
    return true;
}

int command_check(const struct command_options *options, int argc, char **argv)
{
    struct check_run run = {.wait_ms = WAIT_MS};

    if (!parse(&run, argc, argv))
        return command_fail(2, "usage: tandem check [--json] [--wait SECONDS], at most %d s",
                            WAIT_MAX_S);
    const struct td_tool tool = {.site_file = options->site_file,
                                 .uses_history = true,
                                 .start = start,
                                 .stop = stop,
                                 .ctx = &run};
    int status = td_tool_run(&tool);
    look_fini(&run.look);
    findings_fini(&run.findings);
    return status;
}
