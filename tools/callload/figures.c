#include "callload/callload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool load_figures_init(struct load_figures *figures, uint32_t calls)
{
    *figures = (struct load_figures){.samples_max = calls};
    figures->offers_us = calloc(calls + 1, sizeof(*figures->offers_us));
    figures->answers_us = calloc(calls + 1, sizeof(*figures->answers_us));
    return figures->offers_us != NULL && figures->answers_us != NULL;
}

void load_figures_fini(struct load_figures *figures)
{
    free(figures->offers_us);
    free(figures->answers_us);
    *figures = (struct load_figures){0};
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;

    return (*left > *right) - (*left < *right);
}

/* Sorts the samples. @return Milliseconds. */
static double quantile_ms(uint32_t *samples_us, uint32_t count, double quantile)
{
    if (count == 0)
        return 0;
    qsort(samples_us, count, sizeof(*samples_us), by_size);
    return samples_us[(uint32_t)((count - 1) * quantile + 0.5)] / 1e3;
}

/* A queue that builds up shows here: the last third of a run is slower than the first. */
static void print_growth(const struct load_figures *figures)
{
    uint32_t third = figures->offer_count / 3;

    (void)printf(", \"first_p50_ms\": %.2f", quantile_ms(figures->offers_us, third, 0.5));
    (void)printf(", \"last_p50_ms\": %.2f",
                 quantile_ms(figures->offers_us + figures->offer_count - third, third, 0.5));
}

static void print_statuses(const struct load_figures *figures)
{
    const char *comma = "";

    (void)printf(", \"statuses\": {");
    for (int status = 0; status < LOAD_STATUS_COUNT; status++) {
        if (figures->statuses[status] == 0)
            continue;
        (void)printf("%s\"%d\": %u", comma, status, figures->statuses[status]);
        comma = ", ";
    }
    (void)printf("}");
}

void load_figures_print(struct load_figures *figures, double calls_per_s, uint32_t seconds)
{
    uint32_t *offers = figures->offers_us;
    uint32_t count = figures->offer_count;

    (void)printf("{\"calls_per_s\": %.2f, \"seconds\": %u, \"sent\": %u, \"completed\": %u, "
                 "\"refused\": %u, \"abandoned\": %u, \"broken\": %u, \"unsent\": %u, "
                 "\"repeated\": %u, \"double_bookings\": %u",
                 calls_per_s, seconds, figures->sent, figures->completed, figures->refused,
                 figures->abandoned, figures->broken, figures->unsent, figures->repeated,
                 figures->double_bookings);
    print_statuses(figures);
    print_growth(figures);
    (void)printf(", \"offers\": %u, \"p50_ms\": %.2f", count, quantile_ms(offers, count, 0.5));
    (void)printf(", \"p90_ms\": %.2f", quantile_ms(offers, count, 0.9));
    (void)printf(", \"p99_ms\": %.2f", quantile_ms(offers, count, 0.99));
    (void)printf(", \"max_ms\": %.2f", quantile_ms(offers, count, 1));
    (void)printf(", \"answer_p50_ms\": %.2f}\n",
                 quantile_ms(figures->answers_us, figures->answer_count, 0.5));
    (void)fflush(stdout);
}
