/* callload: see callload.h and README.md. */
#include "callload/callload.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void load_fail(struct load *load, const char *sentence, ...)
{
    va_list values;

    va_start(values, sentence);
    (void)fprintf(stderr, "callload: ");
    (void)vfprintf(stderr, sentence, values);
    (void)fprintf(stderr, "\n");
    va_end(values);
    td_tool_exit(load->service, 1);
}

/* --- life --------------------------------------------------------------------------------------
 */

/* What phones say of themselves: G.711 at a port that nobody reads. */
static void write_sdp(struct load *load)
{
    char address[INET_ADDRSTRLEN];

    (void)inet_ntop(AF_INET, &load->silent.local.sin_addr, address, sizeof(address));
    (void)snprintf(load->sdp, sizeof(load->sdp),
                   "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
                   "m=audio %u RTP/AVP 8\r\n",
                   address, address, ntohs(load->silent.local.sin_port));
}

static void ignore(struct load *load, const struct load_arrival *arrival)
{
    (void)load;
    (void)arrival;
}

static void start(struct td_service *service, void *ctx)
{
    struct load *load = ctx;

    load->service = service;
    load->loop = td_service_loop(service);
    if (!load_socket_open(&load->customer_socket, load, load->options.customer_address,
                          load_calls_arrived) ||
        !load_socket_open(&load->agent_socket, load, "127.0.0.1", load_agents_arrived) ||
        !load_socket_open(&load->silent, load, "127.0.0.1", ignore)) {
        load_fail(load, "no sockets at %s and 127.0.0.1", load->options.customer_address);
        return;
    }
    (void)uv_poll_stop(&load->silent.poll); // Sound is sent there, and lost.
    write_sdp(load);
    if (!load_calls_create(load) || !load_agents_start(load))
        load_fail(load, "no memory for so many");
}

static void stop(struct td_service *service, void *ctx)
{
    struct load *load = ctx;

    (void)service;
    load_commands_stop(load);
    load_agents_stop(load);
    load_calls_destroy(load);
    load_figures_fini(&load->figures);
    load_socket_close(&load->customer_socket);
    load_socket_close(&load->agent_socket);
    load_socket_close(&load->silent);
}

/* --- arguments ---------------------------------------------------------------------------------
 */

static const char help[] =
    "callload --site FILE --edge ADDRESS:PORT --number NUMBER --domain DOMAIN --password WORD\n"
    "         [--agents 10] [--first-user 10001] [--customers 1000] [--customer-prefix +44770]\n"
    "         [--customer-address 127.0.0.2] [--talk-ms 1000] [--patience-ms 10000] [--trace 0]\n"
    "Registers phones of agents a1 .. aN and gets them ready; then each line \"run CALLS_PER_S\n"
    "SECONDS\" of standard input is a run, and a line of JSON says what it was like.\n";

static bool read_address(const char *text, struct sockaddr_in *address)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    uint64_t port;

    if (colon == NULL ||
        td_str_copy_span(host, sizeof(host), text, (size_t)(colon - text)) != TD_OK ||
        td_str_to_u64(colon + 1, UINT16_MAX, &port) != TD_OK)
        return false;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static bool take_option(struct load_options *options, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **text;
        uint64_t *number;
    } known[] = {
        {"--site", &options->site_file, NULL},
        {"--number", &options->number, NULL},
        {"--domain", &options->domain, NULL},
        {"--password", &options->password, NULL},
        {"--customer-prefix", &options->customer_prefix, NULL},
        {"--customer-address", &options->customer_address, NULL},
        {"--agents", NULL, &options->agents},
        {"--first-user", NULL, &options->first_user},
        {"--customers", NULL, &options->customers},
        {"--talk-ms", NULL, &options->talk_ms},
        {"--patience-ms", NULL, &options->patience_ms},
        {"--trace", NULL, &options->trace},
    };

    if (td_str_equal(name, "--edge"))
        return read_address(value, &options->edge);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!td_str_equal(known[i].name, name))
            continue;
        if (known[i].text == NULL)
            return td_str_to_u64(value, UINT32_MAX, known[i].number) == TD_OK;
        *known[i].text = value;
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    static struct load load = {.options = {.customer_prefix = "+44770",
                                           .customer_address = "127.0.0.2",
                                           .agents = 10,
                                           .first_user = 10001,
                                           .customers = 1000,
                                           .talk_ms = 1000,
                                           .patience_ms = 10000}};
    const struct load_options *options = &load.options;
    bool understood = argc % 2 == 1;

    for (int i = 1; understood && i + 1 < argc; i += 2)
        understood = take_option(&load.options, argv[i], argv[i + 1]);
    if (!understood || options->site_file == NULL || options->number == NULL ||
        options->domain == NULL || options->password == NULL || options->edge.sin_port == 0 ||
        options->agents == 0 || options->customers == 0) {
        (void)fputs(help, stderr);
        return 2;
    }
    const struct td_tool tool = {
        .site_file = options->site_file, .start = start, .stop = stop, .ctx = &load};
    return td_tool_run(&tool);
}
