/*
 * One HTML file with charts in SVG: nothing is fetched, nothing runs. A chart has the quarter hours
 * of the day from left to right and one line for each policy.
 */
#include <math.h>
#include <string.h>

#include "tandem/simulate.h"

#define WIDTH 860
#define HEIGHT 220
#define LEFT 56
#define TOP 12

static const char *const colours[SIMULATE_POLICIES_MAX] = {
    "#1668dc", "#d4380d", "#389e0d", "#722ed1", "#d48806", "#08979c", "#c41d7f", "#595959"};

static void write_escaped(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc(*text, out);
        }
    }
}

/* --- what a chart shows: NAN where there is nothing to show --- */

struct chart {
    const char *title;
    double (*value)(const struct simulate_outcome *outcome, const struct td_sim_quarter *quarter);
};

static double runs_of(const struct simulate_outcome *outcome)
{
    return (double)outcome->seeds * outcome->file->policies[0].duration_s / TD_SIM_DAY_S;
}

static double offered(const struct simulate_outcome *outcome, const struct td_sim_quarter *quarter)
{
    return (double)quarter->offered / runs_of(outcome);
}

static double service_level(const struct simulate_outcome *outcome,
                            const struct td_sim_quarter *quarter)
{
    uint64_t of = quarter->answered + quarter->abandoned - quarter->abandoned_in_time;
    (void)outcome;

    return of == 0 ? NAN : 100 * (double)quarter->answered_in_time / (double)of;
}

static double answer_s(const struct simulate_outcome *outcome, const struct td_sim_quarter *quarter)
{
    (void)outcome;
    return quarter->answered == 0 ? NAN : quarter->answered_wait_s / (double)quarter->answered;
}

static double staffed(const struct simulate_outcome *outcome, const struct td_sim_quarter *quarter)
{
    return quarter->staffed_s / 900 / runs_of(outcome);
}

static double occupancy(const struct simulate_outcome *outcome,
                        const struct td_sim_quarter *quarter)
{
    (void)outcome;
    return quarter->staffed_s <= 0 ? NAN : 100 * quarter->busy_s / quarter->staffed_s;
}

static const struct chart charts[] = {
    {"Contacts in a quarter of an hour", offered},
    {"Service level, %", service_level},
    {"Average speed of answer, s", answer_s},
    {"Agents at work", staffed},
    {"Occupancy, %", occupancy},
};

/* --- drawing --- */

static double value_at(const struct simulate_outcome *outcome, const struct chart *chart,
                       uint32_t policy, uint32_t quarter)
{
    return chart->value(outcome, &outcome->quarters[(size_t)policy * TD_SIM_QUARTERS + quarter]);
}

/* 1, 2 or 5 times a power of ten, so that the axis has round numbers. */
static double round_up(double value)
{
    double power = pow(10, floor(log10(value > 0 ? value : 1)));
    double lead = value / power;

    return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}

static double largest(const struct simulate_outcome *outcome, const struct chart *chart)
{
    double most = 0;

    for (uint32_t policy = 0; policy < outcome->file->policy_count; policy++) {
        for (uint32_t quarter = 0; quarter < TD_SIM_QUARTERS; quarter++) {
            double value = value_at(outcome, chart, policy, quarter);

            most = isnan(value) || value < most ? most : value;
        }
    }
    return round_up(most);
}

static void draw_axes(double most, FILE *out)
{
    for (int i = 0; i <= 4; i++) {
        double y = TOP + HEIGHT * (4 - i) / 4.0;

        (void)fprintf(out,
                      "<line x1='%d' x2='%d' y1='%.1f' y2='%.1f' class='grid'/>"
                      "<text x='%d' y='%.1f' text-anchor='end'>%g</text>\n",
                      LEFT, LEFT + WIDTH, y, y, LEFT - 6, y + 4, most * i / 4);
    }
    for (int hour = 0; hour <= 24; hour += 2)
        (void)fprintf(out, "<text x='%.1f' y='%d' text-anchor='middle'>%02d</text>\n",
                      LEFT + WIDTH * hour / 24.0, TOP + HEIGHT + 18, hour);
}

static void draw_line(const struct simulate_outcome *outcome, const struct chart *chart,
                      uint32_t policy, double most, FILE *out)
{
    bool is_drawing = false;

    (void)fprintf(out, "<path fill='none' stroke='%s' stroke-width='2' d='", colours[policy]);
    for (uint32_t quarter = 0; quarter < TD_SIM_QUARTERS; quarter++) {
        double value = value_at(outcome, chart, policy, quarter);
        double x = LEFT + WIDTH * (quarter + 0.5) / TD_SIM_QUARTERS;

        if (!isnan(value))
            (void)fprintf(out, "%s%.1f %.1f", is_drawing ? "L" : "M", x,
                          TOP + HEIGHT * (1 - value / most));
        is_drawing = !isnan(value);
    }
    (void)fputs("'/>\n", out);
}

static void draw(const struct simulate_outcome *outcome, const struct chart *chart, FILE *out)
{
    double most = largest(outcome, chart);

    (void)fprintf(out, "<h2>%s</h2>\n<svg viewBox='0 0 %d %d' role='img' aria-label='%s'>\n",
                  chart->title, LEFT + WIDTH + 20, TOP + HEIGHT + 28, chart->title);
    draw_axes(most, out);
    for (uint32_t policy = 0; policy < outcome->file->policy_count; policy++)
        draw_line(outcome, chart, policy, most, out);
    (void)fputs("</svg>\n", out);
}

/* --- the table --- */

static void write_row(const struct simulate_outcome *outcome, uint32_t group,
                      enum simulate_measure measure, FILE *out)
{
    const struct simulate_measure_text *text = &simulate_measures[measure];

    (void)fprintf(out, "<tr><td>%s%s%s</td>", text->name, text->unit[0] != '\0' ? ", " : "",
                  text->unit);
    for (uint32_t policy = 0; policy < outcome->file->policy_count; policy++) {
        struct td_sim_estimate estimate =
            td_sim_estimate(simulate_values(outcome, policy, group, measure), outcome->seeds);

        (void)fprintf(out, "<td>%.*f <small>&plusmn; %.*f</small></td>", text->digits,
                      estimate.mean, text->digits, estimate.half_width);
    }
    for (uint32_t policy = 1; policy < outcome->file->policy_count; policy++) {
        struct td_sim_estimate difference = simulate_difference(outcome, policy, group, measure);
        bool is_real = fabs(difference.mean) > difference.half_width;

        (void)fprintf(out, "<td%s>%+.*f <small>&plusmn; %.*f</small></td>",
                      is_real ? " class='real'" : "", text->digits, difference.mean, text->digits,
                      difference.half_width);
    }
    (void)fputs("</tr>\n", out);
}

static void write_table(const struct simulate_outcome *outcome, FILE *out)
{
    const struct simulate_file *file = outcome->file;
    uint32_t columns = 2 * file->policy_count;

    (void)fputs("<table><tr><th></th>", out);
    for (uint32_t i = 0; i < columns - 1; i++) {
        uint32_t policy = i < file->policy_count ? i : i - file->policy_count + 1;

        (void)fprintf(out, "<th style='color:%s'>", colours[policy]);
        write_escaped(file->policy_names[policy], out);
        (void)fprintf(out, "%s</th>", i < file->policy_count ? "" : ", more");
    }
    (void)fputs("</tr>\n", out);
    for (uint32_t group = 0; group < outcome->groups; group++) {
        char name[128];

        (void)fprintf(out, "<tr><th colspan='%u' class='group'>", columns);
        write_escaped(simulate_group_name(outcome, group, name, sizeof(name)), out);
        (void)fputs("</th></tr>\n", out);
        for (int measure = 0; measure < MEASURE_COUNT; measure++) {
            // Occupancy and cost are of all agents, who belong to no queue.
            if (group == 0 || (measure != MEASURE_OCCUPANCY && measure != MEASURE_COST_PER_HOUR))
                write_row(outcome, group, (enum simulate_measure)measure, out);
        }
    }
    (void)fputs("</table>\n", out);
}

void simulate_write_page(const struct simulate_outcome *outcome, FILE *out)
{
    (void)fputs("<!doctype html>\n<html lang='en'><meta charset='utf-8'>\n<title>", out);
    write_escaped(outcome->file->scenario.name, out);
    (void)fputs("</title>\n<style>body{font:15px/1.5 system-ui,sans-serif;max-width:60em;"
                "margin:2em auto;padding:0 1em;color:#222}table{border-collapse:collapse}"
                "td,th{padding:.2em .8em;text-align:right;border-bottom:1px solid #eee}"
                "td:first-child,.group{text-align:left}.group{padding-top:1em}small{color:#888}"
                ".real{font-weight:600}svg{width:100%;font-size:12px}.grid{stroke:#e5e5e5}"
                "text{fill:#666}</style>\n<h1>",
                out);
    write_escaped(outcome->file->scenario.name, out);
    (void)fprintf(out,
                  "</h1>\n<p>%u agents; %u runs of each policy, who all met the same customers. "
                  "&plusmn; is half of the 95 %% confidence interval; a difference in bold is more "
                  "than chance.</p>\n",
                  outcome->file->policies[0].agent_count, outcome->seeds);
    for (size_t i = 0; i < sizeof(charts) / sizeof(charts[0]); i++)
        draw(outcome, &charts[i], out);
    write_table(outcome, out);
    (void)fputs("</html>\n", out);
}
