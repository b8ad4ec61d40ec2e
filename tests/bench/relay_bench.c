/*
 * The media service as a relay: calls of two phones, 20 ms of G.711 each way, through a media
 * process with a Redis of its own, over real sockets. This process is all the phones: it stamps
 * each packet and looks at the stamp when it comes back on the other side. The figure is the
 * highest step at which fewer than 0.1 % are lost and p99 of the delay is below 20 ms; the media
 * process has one loop, so that is what one core relays. The peer: rtpengine 10.5 in userspace,
 * which relays 400 to 500 calls so, 14.5 us of CPU a packet (a small relay with a socket per leg:
 * 1,000 and 7.6 us).
 *
 * CALLS=n,n... sets the steps, RUNS=n how often; RECORD=1 records every call.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "io/timer.h"
#include "service/tool.h"
#include "wire/media_wire.h"

#define STEPS_MAX 12
#define RUNS_MAX 9
#define CALLS_MAX 4000
#define WINDOW 8 /* calls being set up at a time */
#define SOCKETS 8
#define BATCH 64
#define PAYLOAD 160
#define PACKET (12 + PAYLOAD)
#define SLOTS 20 /* of 1 ms: phones are spread over the 20 ms of a packet */
#define SECONDS 5
#define LOST_MAX_PERCENT 0.1
#define DELAY_MAX_US 20000
#define SAMPLES_MAX (2 * 50 * SECONDS * CALLS_MAX)
#define NS_PER_MS UINT64_C(1000000)

struct phone {
    struct td_leg_id leg;
    struct sockaddr_in to; /* the leg's port */
    uint32_t socket;
    uint16_t sequence;
};

static char folder[] = "/tmp/tandem-relay-XXXXXX";
static pid_t redis_pid;
static pid_t media_pid;
static struct td_service *service;
static uint32_t steps[STEPS_MAX] = {250, 500, 750, 900, 1000, 1100, 1200, 1300};
static uint32_t step_count = 8;
static uint32_t best; /* calls of the highest step that was good enough */
static bool records;
static uint32_t step;
static struct phone phones[2 * CALLS_MAX];
static uint32_t calls_begun;
static uint32_t calls_ready;
static int sockets[SOCKETS];
static uint16_t socket_ports[SOCKETS];
static uint32_t *delays_us;
static size_t delay_count;

static void fail(const char *what)
{
    (void)fprintf(stderr, "relay_bench: %s\n", what);
    if (media_pid > 0)
        (void)kill(media_pid, SIGKILL);
    if (redis_pid > 0)
        (void)kill(redis_pid, SIGKILL);
    exit(1);
}

/* --- the site ----------------------------------------------------------------------------------
 */

static pid_t start(const char *const argv[])
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int quiet = open("/dev/null", O_WRONLY);
    (void)dup2(quiet, STDOUT_FILENO);
    (void)dup2(quiet, STDERR_FILENO);
    (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void start_site(char site_file[256])
{
    const char *build = getenv("BUILD");
    char program[512];
    char redis_socket[256];

    if (mkdtemp(folder) == NULL)
        fail("no temporary folder");
    (void)snprintf(redis_socket, sizeof(redis_socket), "%s/redis", folder);
    (void)snprintf(site_file, 256, "%s/site.yaml", folder);
    FILE *file = fopen(site_file, "w");
    if (file == NULL)
        fail("cannot write the settings");
    (void)fprintf(file,
                  "site:\n  redis: \"unix:%s\"\n  var: %s\n"
                  "media:\n  legs_max: %d\n  rtp_port_first: 20000\n  rtp_port_last: 59999\n"
                  "  rtp_block_size: 10000\n  silent_after: 1h\n  recordings_max: %d\n",
                  redis_socket, folder, 2 * CALLS_MAX, CALLS_MAX);
    (void)fclose(file);

    const char *redis[] = {"redis-server", "--port", "0",    "--unixsocket",
                           redis_socket,   "--save", "",     "--appendonly",
                           "no",           "--dir",  folder, NULL};
    redis_pid = start(redis);
    (void)snprintf(program, sizeof(program), "%s/bin/media", build != NULL ? build : "build");
    const char *media[] = {program, "--site", site_file, "--instance", "media-bench", NULL};
    media_pid = start(media);
}

static void open_sockets(void)
{
    int size = 16 << 20;

    for (size_t i = 0; i < SOCKETS; i++) {
        struct sockaddr_in local = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof(local);

        sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        (void)setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        if (bind(sockets[i], (struct sockaddr *)&local, sizeof(local)) != 0 ||
            getsockname(sockets[i], (struct sockaddr *)&local, &length) != 0)
            fail("no socket");
        socket_ports[i] = ntohs(local.sin_port);
    }
}

/* --- traffic -----------------------------------------------------------------------------------
 */

static void build(struct phone *phone, uint32_t number, uint8_t packet[PACKET])
{
    uint16_t sequence = htons(phone->sequence);
    uint32_t timestamp = htonl(160U * phone->sequence);
    uint32_t ssrc = htonl(1 + number);
    uint64_t now_ns = td_loop_now_ns();

    memset(packet, 0xd5, PACKET);
    packet[0] = 0x80;
    packet[1] = 8;
    memcpy(packet + 2, &sequence, 2);
    memcpy(packet + 4, &timestamp, 4);
    memcpy(packet + 8, &ssrc, 4);
    memcpy(packet + 12, "bench", 5); // Tells a packet of ours from silence made by media.
    memcpy(packet + 20, &now_ns, 8);
    phone->sequence++;
}

/* What the phones of one slot and socket say. */
static uint64_t send_slot(uint32_t slot, uint32_t at, uint32_t phone_count)
{
    static uint8_t packets[BATCH][PACKET];
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    unsigned count = 0;
    uint64_t sent = 0;

    for (uint32_t i = slot; i < phone_count; i += SLOTS) {
        if (phones[i].socket != at)
            continue;
        build(&phones[i], i, packets[count]);
        pieces[count] = (struct iovec){packets[count], PACKET};
        messages[count] = (struct mmsghdr){.msg_hdr = {.msg_name = &phones[i].to,
                                                       .msg_namelen = sizeof(phones[i].to),
                                                       .msg_iov = &pieces[count],
                                                       .msg_iovlen = 1}};
        if (++count == BATCH || i + SLOTS >= phone_count) {
            int taken = sendmmsg(sockets[at], messages, count, 0);
            sent += taken > 0 ? (uint64_t)taken : 0;
            count = 0;
        }
    }
    if (count > 0) {
        int taken = sendmmsg(sockets[at], messages, count, 0);
        sent += taken > 0 ? (uint64_t)taken : 0;
    }
    return sent;
}

static void receive_all(bool measure)
{
    static uint8_t packets[BATCH][PACKET];
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];

    for (size_t at = 0; at < SOCKETS; at++) {
        int received = BATCH;

        while (received == BATCH) {
            for (unsigned i = 0; i < BATCH; i++) {
                pieces[i] = (struct iovec){packets[i], PACKET};
                messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}};
            }
            received = recvmmsg(sockets[at], messages, BATCH, MSG_DONTWAIT, NULL);
            uint64_t now_ns = td_loop_now_ns();
            for (int i = 0; i < received; i++) {
                uint64_t sent_ns;

                if (!measure || memcmp(packets[i] + 12, "bench", 5) != 0)
                    continue;
                memcpy(&sent_ns, packets[i] + 20, 8);
                if (delay_count < SAMPLES_MAX)
                    delays_us[delay_count++] = (uint32_t)((now_ns - sent_ns) / 1000);
            }
        }
    }
}

/* Sends for so many milliseconds, on the beat. @return Packets sent. */
static uint64_t talk(uint32_t ms, uint32_t phone_count, bool measure)
{
    uint64_t started_ns = td_loop_now_ns();
    uint64_t sent = 0;

    for (uint32_t tick = 0; tick < ms; tick++) {
        while (td_loop_now_ns() < started_ns + tick * NS_PER_MS)
            receive_all(measure);
        for (uint32_t at = 0; at < SOCKETS; at++)
            sent += send_slot(tick % SLOTS, at, phone_count);
        receive_all(measure);
    }
    return sent;
}

static uint64_t cpu_ms(void)
{
    char path[64];
    char line[1024] = "";
    unsigned long user = 0;
    unsigned long system = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)media_pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(line, sizeof(line), file) == NULL)
        fail("the media process is gone");
    (void)fclose(file);
    const char *rest = strrchr(line, ')');
    if (rest == NULL ||
        sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        fail("cannot read its CPU time");
    return (user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK);
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;

    return (*left > *right) - (*left < *right);
}

static void measure(uint32_t calls)
{
    (void)talk(1000, 2 * calls, false); // Sources are found, streams begin.
    delay_count = 0;
    uint64_t cpu_before_ms = cpu_ms();
    uint64_t sent = talk(SECONDS * 1000, 2 * calls, true);
    uint64_t cpu_used_ms = cpu_ms() - cpu_before_ms;
    uint64_t until_ns = td_loop_now_ns() + 300 * NS_PER_MS;
    while (td_loop_now_ns() < until_ns)
        receive_all(true);

    qsort(delays_us, delay_count, sizeof(*delays_us), by_size);
    double lost = sent > delay_count ? 100.0 * (double)(sent - delay_count) / (double)sent : 0;
    uint32_t p50 = delay_count > 0 ? delays_us[delay_count / 2] : 0;
    uint32_t p99 = delay_count > 0 ? delays_us[delay_count - 1 - delay_count / 100] : 0;
    (void)printf("relay.calls_%-5u %8llu packets  lost %6.3f %%  delay p50 %6.2f ms  p99 %7.2f ms  "
                 "%5.2f us CPU a packet  %5.1f %% of a core\n",
                 calls, (unsigned long long)sent, lost, p50 / 1e3, p99 / 1e3,
                 sent > 0 ? (double)cpu_used_ms * 1e3 / (double)sent : 0,
                 (double)cpu_used_ms / (SECONDS * 10.0));
    (void)fflush(stdout);
    if (lost < LOST_MAX_PERCENT && p99 < DELAY_MAX_US)
        best = calls;
}

/* --- calls -------------------------------------------------------------------------------------
 */

static void begin_call(void);

static void ask(uint32_t call, const char *type, struct td_bytes payload, td_reply_fn *done)
{
    const struct td_call request = {
        .to = "media", .type = type, .payload = payload, .tenant = 1, .deadline_ms = 5000};

    td_call(service, &request, done, &phones[2 * (size_t)call]);
}

static uint32_t call_of(const void *ctx)
{
    return (uint32_t)((const struct phone *)ctx - phones) / 2;
}

static void next_step(void *ctx);
static struct td_timer step_timer;

static void on_connected(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    (void)ctx;
    (void)payload;
    if (err != TD_OK)
        fail(message);
    calls_ready++;
    if (calls_ready == steps[step])
        td_timer_start(&step_timer, 0);
    else
        begin_call();
}

/* Its loop lags: it did nothing and is asked again. */
static bool is_late(enum td_err err, const char *message)
{
    return err == TD_ERR_BUSY && message[0] == '\0';
}

static void take_answer(struct phone *phone, enum td_err err, struct td_bytes payload,
                        const char *message)
{
    struct td_leg_answer_reply reply;

    if (err != TD_OK ||
        td_leg_answer_reply_decode(td_service_arena(service), payload, &reply, NULL) != TD_OK)
        fail(message);
    const char *line = strstr(reply.sdp, "m=audio ");
    if (line == NULL)
        fail("an answer without audio");
    phone->to = (struct sockaddr_in){.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                     .sin_port = htons((uint16_t)atoi(line + 8))};
}

static void ask_leg(uint32_t call, unsigned side, td_reply_fn *done)
{
    uint32_t number = 2 * call + side;
    struct phone *phone = &phones[number];
    struct td_leg_answer request = {0};

    *phone = (struct phone){.leg.id = td_service_new_id(service), .socket = number % SOCKETS};
    request.leg_id = phone->leg;
    request.interaction_id.id = phone->leg.id;
    (void)snprintf(request.sdp, sizeof(request.sdp),
                   "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                   "m=audio %u RTP/AVP 8\r\n",
                   socket_ports[phone->socket]);
    ask(call, "LegAnswer", td_leg_answer_encode(td_service_arena(service), &request), done);
}

static void on_agent(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct phone *pair = ctx;

    if (is_late(err, message)) {
        ask_leg(call_of(ctx), 1, on_agent);
        return;
    }
    take_answer(&pair[1], err, payload, message);
    const struct td_leg_connect request = {
        .leg_a = pair[0].leg, .leg_b = pair[1].leg, .record = records};
    ask(call_of(ctx), "LegConnect", td_leg_connect_encode(td_service_arena(service), &request),
        on_connected);
}

static void on_customer(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    if (is_late(err, message)) {
        ask_leg(call_of(ctx), 0, on_customer);
        return;
    }
    take_answer(ctx, err, payload, message);
    ask_leg(call_of(ctx), 1, on_agent);
}

static void begin_call(void)
{
    if (calls_begun < steps[step])
        ask_leg(calls_begun++, 0, on_customer);
}

static void next_step(void *ctx)
{
    (void)ctx;
    if (calls_ready > 0) {
        measure(calls_ready);
        step++;
    }
    if (step == step_count || (step > 0 && best < steps[step - 1])) { // More would be worse.
        td_tool_exit(service, 0);
        return;
    }
    for (int i = 0; i < WINDOW; i++)
        begin_call();
}

static void wait_media(void *ctx)
{
    if (td_service_find_instance(service, "media", NULL) != NULL)
        next_step(ctx);
    else
        td_timer_start(&step_timer, 50);
}

static void on_timer(void *ctx)
{
    if (calls_ready == 0)
        wait_media(ctx);
    else
        next_step(ctx);
}

static void on_start(struct td_service *started, void *ctx)
{
    service = started;
    td_timer_init(&step_timer, td_service_loop(service), on_timer, ctx);
    td_timer_start(&step_timer, 500); // Its first block of ports is leased by then.
}

static void read_steps(const char *text)
{
    for (step_count = 0; text != NULL && step_count < STEPS_MAX; step_count++) {
        steps[step_count] = (uint32_t)atoi(text);
        if (steps[step_count] == 0 || steps[step_count] > CALLS_MAX)
            fail("CALLS: expected rising numbers from 1 to 4000");
        text = strchr(text, ',');
        text = text == NULL ? NULL : text + 1;
    }
}

static void remove_folder(void)
{
    const char *const argv[] = {"rm", "-rf", folder, NULL};
    pid_t pid = start(argv);

    (void)waitpid(pid, NULL, 0);
}

/* One run: a media process of its own. @return Calls. */
static uint32_t run(void)
{
    char site_file[256];

    delays_us = malloc(SAMPLES_MAX * sizeof(*delays_us));
    if (delays_us == NULL)
        fail("out of memory");
    start_site(site_file);
    open_sockets();
    const struct td_tool tool = {.site_file = site_file, .start = on_start, .patience_ms = 10000};
    if (td_tool_run(&tool) != 0)
        fail("the media process does not answer");
    (void)kill(media_pid, SIGTERM);
    (void)waitpid(media_pid, NULL, 0);
    (void)kill(redis_pid, SIGTERM);
    (void)waitpid(redis_pid, NULL, 0);
    remove_folder();
    return best;
}

/* In a process of its own, so that each begins anew. */
static uint32_t run_apart(void)
{
    int fds[2];
    uint32_t calls = 0;

    if (pipe(fds) != 0)
        fail("no pipe");
    pid_t pid = fork();
    if (pid == 0) {
        calls = run();
        _exit(write(fds[1], &calls, sizeof(calls)) == (ssize_t)sizeof(calls) ? 0 : 1);
    }
    (void)close(fds[1]);
    if (pid < 0 || read(fds[0], &calls, sizeof(calls)) != (ssize_t)sizeof(calls))
        calls = 0; // It has said why.
    (void)close(fds[0]);
    (void)waitpid(pid, NULL, 0);
    return calls;
}

int main(void)
{
    uint32_t results[RUNS_MAX];
    uint32_t runs = getenv("RUNS") != NULL ? (uint32_t)atoi(getenv("RUNS")) : 3;

    if (getenv("CALLS") != NULL)
        read_steps(getenv("CALLS"));
    records = getenv("RECORD") != NULL && atoi(getenv("RECORD")) != 0;
    if (runs == 0 || runs > RUNS_MAX)
        fail("RUNS: expected 1 to 9");
    for (uint32_t i = 0; i < runs; i++)
        results[i] = run_apart();
    qsort(results, runs, sizeof(*results), by_size);
    (void)printf("media.relay_%s %u calls  (%u runs, %u to %u)  rtpengine 10.5 %s calls\n",
                 records ? "recorded" : "calls", results[runs / 2], runs, results[0],
                 results[runs - 1], records ? "about 500" : "400-500");
    return 0;
}
