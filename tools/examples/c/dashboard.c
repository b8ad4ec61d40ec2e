/*
 * A dashboard: the queues' figures as they come, each second.
 *
 *     dashboard CLIENT_FILE [SECONDS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "tandem_client.h"

static uint64_t number(struct td_client *client, const struct td_client_message *message,
                       const char *field)
{
    uint64_t value = 0; // What holds its default is not sent.

    (void)td_client_number(client, message, field, &value);
    return value;
}

static void print(struct td_client *client, const struct td_client_message *message)
{
    if (message->kind == TD_CLIENT_GAP) {
        printf("(%s)\n", message->text);
        return;
    }
    printf("%-28s waiting %4llu  offered %6llu  answered %6llu  abandoned %5llu  service level "
           "%5.1f %%\n",
           message->topic, (unsigned long long)number(client, message, "waiting"),
           (unsigned long long)number(client, message, "offered"),
           (unsigned long long)number(client, message, "answered"),
           (unsigned long long)number(client, message, "abandoned"),
           (double)number(client, message, "service_level_permille") / 10);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct td_client_message message;
    enum td_client_result result;
    char why[256];

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: dashboard CLIENT_FILE [SECONDS]\n");
        return 2;
    }
    unsigned long quiet_s = argc == 3 ? strtoul(argv[2], NULL, 10) : 60;
    if (quiet_s == 0 || quiet_s > 86400) {
        fprintf(stderr, "SECONDS: expected a number from 1 to 86400\n");
        return 2;
    }
    struct td_client *client = td_client_open(argv[1], why, sizeof(why));
    if (client == NULL) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    result = td_client_subscribe(client, "metrics.queue.", NULL, 10000);
    while (result == TD_CLIENT_OK) {
        result = td_client_next(client, (uint32_t)quiet_s * 1000, &message);
        if (result == TD_CLIENT_OK)
            print(client, &message);
    }
    if (result == TD_CLIENT_NOTHING)
        fprintf(stderr, "nothing came for %lu s\n", quiet_s);
    else
        fprintf(stderr, "%s\n", td_client_why(client));
    td_client_close(&client);
    return 1;
}
