/* Lines of standard input: "run CALLS_PER_S SECONDS", one after the other. The end of it ends us.
 */
#include "callload/callload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

#define BEAT_MS 1
#define NS_PER_S 1e9
#define CALLS_MAX 10000000

static void read_line(struct load *load);

/* --- a run -------------------------------------------------------------------------------------
 */

static void end_run(struct load *load)
{
    load_figures_print(&load->figures, load->run.calls_per_s, load->run.seconds);
    load_figures_fini(&load->figures);
    load->run = (struct load_run){0};
    read_line(load);
}

/* Those that are due by now begin; one beat of the loop may bring several. */
static void on_beat(void *ctx)
{
    struct load *load = ctx;
    struct load_run *run = &load->run;
    double elapsed_s = (double)(td_loop_now_ns() - run->began_ns) / NS_PER_S;

    while (run->begun < run->planned && run->begun <= elapsed_s * run->calls_per_s) {
        run->begun++;
        load_calls_begin(load);
    }
    if (run->begun < run->planned)
        return;
    td_timer_stop(&load->beat);
    if (load->under_way == 0)
        end_run(load);
}

void load_commands_ended(struct load *load)
{
    if (load->run.planned > 0 && load->run.begun == load->run.planned && load->under_way == 0)
        end_run(load);
}

static void begin_run(struct load *load, double calls_per_s, unsigned seconds)
{
    double planned = calls_per_s * seconds;

    if (!(planned >= 1 && planned <= CALLS_MAX)) {
        load_fail(load, "run: expected a rate and seconds that make 1 to %d calls", CALLS_MAX);
        return;
    }
    load->run = (struct load_run){.calls_per_s = calls_per_s,
                                  .seconds = seconds,
                                  .began_ns = td_loop_now_ns(),
                                  .planned = (uint32_t)planned};
    if (!load_figures_init(&load->figures, load->run.planned)) {
        load_fail(load, "run: no memory for so many calls");
        return;
    }
    td_timer_start_repeating(&load->beat, BEAT_MS);
}

/* --- lines -------------------------------------------------------------------------------------
 */

/* "run CALLS_PER_S SECONDS" */
static bool parse_run(const char *line, double *calls_per_s, unsigned *seconds)
{
    static const char word[] = "run ";
    uint64_t number;
    char *end;

    if (!td_str_starts_with(line, word))
        return false;
    *calls_per_s = strtod(line + sizeof(word) - 1, &end);
    if (*end != ' ' || td_str_to_u64(end + 1, CALLS_MAX, &number) != TD_OK)
        return false;
    *seconds = (unsigned)number;
    return true;
}

static void take_line(struct load *load)
{
    double calls_per_s;
    unsigned seconds;

    if (parse_run(load->line, &calls_per_s, &seconds))
        begin_run(load, calls_per_s, seconds);
    else
        load_fail(load, "\"%s\": expected run CALLS_PER_S SECONDS", load->line);
}

static void on_input(uv_poll_t *poll, int status, int events)
{
    struct load *load = poll->data;
    char byte;
    ssize_t got;

    (void)status;
    (void)events;
    while ((got = read(STDIN_FILENO, &byte, 1)) == 1 && byte != '\n') {
        if (load->line_size + 1 < sizeof(load->line))
            load->line[load->line_size++] = byte;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    (void)uv_poll_stop(poll);
    load->line[load->line_size] = '\0';
    load->line_size = 0;
    if (got == 0)
        td_tool_exit(load->service, 0);
    else
        take_line(load);
}

static void read_line(struct load *load)
{
    if (uv_poll_start(&load->input, UV_READABLE, on_input) != 0)
        load_fail(load, "standard input cannot be read");
}

void load_commands_start(struct load *load)
{
    (void)printf("{\"agents\": %u}\n", load->agents_ready);
    (void)fflush(stdout);
    td_timer_init(&load->beat, load->loop, on_beat, load);
    load->input.data = load;
    if (uv_poll_init(td_loop_uv(load->loop), &load->input, STDIN_FILENO) != 0) {
        load_fail(load, "standard input must be a pipe or a terminal");
        return;
    }
    load->input_open = true;
    read_line(load);
}

void load_commands_stop(struct load *load)
{
    td_timer_stop(&load->beat);
    if (load->input_open)
        uv_close((uv_handle_t *)&load->input, NULL);
    load->input_open = false;
}
