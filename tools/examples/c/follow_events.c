/*
 * Follows events and goes on where it was, after a break of any kind and after its own end.
 *
 *     follow_events CLIENT_FILE PLACES_FILE [TOPIC]
 *
 * Prints a line for each event, then stores up to where it got. A program with a database of its
 * own stores the places there, in one transaction with what it makes of the event.
 */
#include <stdio.h>
#include <string.h>

#include "tandem_client.h"

#define FOREVER_MS 3600000

/* @return NULL when nothing was stored yet. */
static const char *load_places(const char *path, char places[TD_CLIENT_PLACES_SIZE])
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return NULL;
    const char *line = fgets(places, TD_CLIENT_PLACES_SIZE, file);
    (void)fclose(file);
    return line;
}

/* Whole or not at all: the old places stay until the new ones are written. */
static int store_places(const char *path, const char *places)
{
    char draft[4096];

    if (snprintf(draft, sizeof(draft), "%s.new", path) >= (int)sizeof(draft))
        return -1;
    FILE *file = fopen(draft, "we");
    if (file == NULL)
        return -1;
    int written = fputs(places, file);
    return fclose(file) == 0 && written >= 0 ? rename(draft, path) : -1;
}

static int take(struct td_client *client, const struct td_client_message *message, const char *path)
{
    char places[TD_CLIENT_PLACES_SIZE];

    if (message->kind == TD_CLIENT_GAP)
        printf("(%s)\n", message->text);
    else
        printf("%s %.*s\n", message->topic, (int)message->size, (const char *)message->data);
    fflush(stdout);
    return store_places(path, td_client_places(client, places));
}

int main(int argc, char **argv)
{
    struct td_client_message message;
    char places[TD_CLIENT_PLACES_SIZE];
    char why[256];

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: follow_events CLIENT_FILE PLACES_FILE [TOPIC]\n");
        return 2;
    }
    struct td_client *client = td_client_open(argv[1], why, sizeof(why));
    if (client == NULL) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    enum td_client_result result = td_client_subscribe(client, argc == 4 ? argv[3] : "crm.",
                                                       load_places(argv[2], places), 10000);
    // From here on nothing is missed, even if it ends before the first event.
    if (result == TD_CLIENT_OK && store_places(argv[2], td_client_places(client, places)) != 0)
        perror(argv[2]);
    while (result == TD_CLIENT_OK || result == TD_CLIENT_NOTHING) {
        result = td_client_next(client, FOREVER_MS, &message);
        if (result == TD_CLIENT_OK && take(client, &message, argv[2]) != 0) {
            perror(argv[2]);
            break;
        }
    }
    if (result != TD_CLIENT_OK)
        fprintf(stderr, "%s\n", td_client_why(client));
    td_client_close(&client);
    return 1;
}
