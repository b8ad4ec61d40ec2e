#include "reporting/companies.h"

#include "reporting/core/level.h"

#define DEADLINE_MS 60000

static const struct td_history_statement put_company = {"reporting_put_company",
                                                        "SELECT tandem.put_company($1, $2, $3)"};
static const struct td_history_statement put_queue = {
    "reporting_put_queue", "SELECT tandem.put_queue($1, $2, $3, $4, $5, $6, $7)"};

static void add_queue(struct td_history_unit *unit, uint32_t tenant, const struct td_queue *queue)
{
    const struct td_param params[] = {
        td_param_i32((int32_t)tenant),
        td_param_text(queue->name),
        td_param_text(queue->display_name),
        td_param_i64((int64_t)queue->threshold_s * 1000),
        td_param_i64((int64_t)level_short_abandon_ms(queue)),
        td_param_text(td_service_level_formula_name(level_formula(queue))),
        td_param_i32((int32_t)queue->target_percent),
    };

    td_history_unit_add(unit, &put_queue, params, sizeof(params) / sizeof(params[0]));
}

static void on_put(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    const struct reporting *reporting = ctx;

    if (err != TD_OK)
        td_log_warn(td_service_log(reporting->service), "company.not_written", td_failure(err),
                    td_str("why", answer->message));
}

void companies_put(struct reporting *reporting, const struct td_company_config *config)
{
    struct td_service *service = reporting->service;
    struct td_history_unit *unit;
    const struct td_param company[] = {
        td_param_i32((int32_t)config->tenant),
        td_param_text(config->name),
        td_param_text(config->time_zone),
    };

    enum td_err err = td_history_unit_create(&unit);
    if (err == TD_OK) {
        td_history_unit_add(unit, &put_company, company, 3);
        for (uint32_t i = 0; i < config->queues_count; i++)
            add_queue(unit, config->tenant, &config->queues[i]);
        td_history_unit_repeatable(unit);
        err = td_history_run(td_service_history(service), &unit, DEADLINE_MS, on_put, reporting);
    }
    if (err != TD_OK)
        td_log_warn(td_service_log(service), "company.not_written", td_failure(err));
}
