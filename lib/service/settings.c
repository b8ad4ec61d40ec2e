/* What a service is told from outside: its arguments and its part of site.yaml. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/private.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static const struct td_config_key site_keys[] = {
    TD_CONFIG_STRING("name", struct site_config, name, .fallback = "site", .min = 1,
                     .help = "of this site; part of every key in Redis"),
    TD_CONFIG_STRING("redis", struct site_config, redis, .fallback = "127.0.0.1:6379",
                     .help = "unix:/path/to/socket or host:port"),
    TD_CONFIG_STRING("redis_password", struct site_config, redis_password, .fallback = "",
                     .help = "empty for none"),
    TD_CONFIG_STRING("postgres", struct site_config, postgres, .fallback = "dbname=tandem",
                     .help = "libpq connection string of the history"),
    TD_CONFIG_STRING("var", struct site_config, var, .fallback = "var",
                     .help = "folder of recordings and caches"),
    TD_CONFIG_STRING("bus", struct site_config, bus, .fallback = "127.0.0.1",
                     .help = "address that the services' sockets bind"),
};

/* Sections of other programs that may stand in the file: their owners check them. */
static const char *const sections[] = {"site",      "edge",     "media", "router",    "ivr",
                                       "context",   "hub",      "door",  "reporting", "gateway",
                                       "messaging", "outreach", NULL};

int service_load_settings(struct td_service *service, const char *file)
{
    const struct td_service_definition *definition = service->definition;
    const struct td_config_section wanted[] = {
        {"site", site_keys, sizeof(site_keys) / sizeof(site_keys[0]), &service->site},
        {definition->name, definition->keys, definition->key_count, definition->config},
    };
    size_t wanted_count = definition->key_count > 0 ? 2 : 1;
    char fault[TD_CONFIG_FAULT_SIZE];

    enum td_err err = td_config_load(file, wanted, wanted_count, sections, fault);
    if (err != TD_OK)
        (void)fprintf(stderr, "%s\n", fault);
    return err == TD_OK ? 0 : 2;
}

/* --- arguments ---------------------------------------------------------------------------------
 */

static void print_help(const struct td_service_definition *definition)
{
    const struct td_config_section own = {definition->name, definition->keys, definition->key_count,
                                          definition->config};
    const struct td_config_section site = {"site", site_keys,
                                           sizeof(site_keys) / sizeof(site_keys[0]), NULL};

    (void)printf("%s: %s\n\n"
                 "usage: %s --site FILE [--instance NAME] [--http-port N] [--check-config]\n\n"
                 "  --site FILE       settings of the site (deploy/site.yaml shows all)\n"
                 "  --instance NAME   unique in the site; default %s-1\n"
                 "  --http-port N     loopback port of /health and /metrics; default any free one\n"
                 "  --check-config    read the settings, say whether they are right, and end\n\n",
                 definition->name, definition->description, definition->name, definition->name);
    td_config_describe(&site, stdout);
    td_config_describe(&own, stdout);
}

struct arguments {
    const char *site;
    const char *instance;
    uint64_t http_port;
    bool check_only;
    bool help;
    const char *fault; /* one sentence, or NULL */
};

static bool is_name(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length < TD_REGISTRY_NAME_SIZE && strspn(text, NAME_CHARACTERS) == length;
}

static void take_option(struct arguments *arguments, int letter)
{
    switch (letter) {
    case 's':
        arguments->site = optarg;
        break;
    case 'i':
        arguments->instance = optarg;
        break;
    case 'p':
        if (td_str_to_u64(optarg, UINT16_MAX, &arguments->http_port) != TD_OK)
            arguments->fault = "--http-port: expected a number from 0 to 65535";
        break;
    case 'c':
        arguments->check_only = true;
        break;
    case 'h':
        arguments->help = true;
        break;
    default:
        arguments->fault = "unknown option, or one without its value";
    }
}

static void parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"site", required_argument, NULL, 's'},
        {"instance", required_argument, NULL, 'i'},
        {"http-port", required_argument, NULL, 'p'},
        {"check-config", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int letter;

    opterr = 0; // One sentence of ours instead of its two.
    while ((letter = getopt_long(argc, argv, "s:i:p:ch", options, NULL)) != -1)
        take_option(arguments, letter);
    if (arguments->fault != NULL)
        return;
    if (optind != argc)
        arguments->fault = "unexpected argument";
    else if (arguments->site == NULL)
        arguments->fault = "--site FILE is missing";
    else if (!is_name(arguments->instance))
        arguments->fault = "--instance: expected 1 to 63 letters, digits, '-', '_' or '.'";
}

static struct td_service *create_service(const struct td_service_definition *definition,
                                         const struct arguments *arguments)
{
    struct td_service *service = calloc(1, sizeof(*service));

    if (service == NULL)
        return NULL;
    service->definition = definition;
    service->log =
        (struct td_log){arguments->instance, TD_LOG_INFO, service_unix_ms, service_write_log};
    service->instance_name = arguments->instance;
    service->http_port = (uint16_t)arguments->http_port;
    return service;
}

int td_service_main(int argc, char **argv, const struct td_service_definition *definition)
{
    char default_instance[TD_REGISTRY_NAME_SIZE];

    (void)snprintf(default_instance, sizeof(default_instance), "%s-1", definition->name);
    struct arguments arguments = {.instance = default_instance};
    parse_arguments(argc, argv, &arguments);
    if (arguments.help) {
        print_help(definition);
        return 0;
    }
    if (arguments.fault != NULL) {
        (void)fprintf(stderr, "%s: %s; --help shows the usage\n", definition->name,
                      arguments.fault);
        return 2;
    }

    struct td_service *service = create_service(definition, &arguments);
    if (service == NULL)
        return 1;
    int status = service_load_settings(service, arguments.site);
    if (status == 0 && arguments.check_only)
        (void)printf("%s: settings of %s are right\n", arguments.site, definition->name);
    else if (status == 0)
        status = service_run(service);
    free(service);
    return status;
}
