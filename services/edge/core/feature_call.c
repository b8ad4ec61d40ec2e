#include "edge/core/feature_call.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

static void emit(struct edge_feature_effects *effects, enum edge_feature_effect effect)
{
    assert(effects->count < EDGE_FEATURE_EFFECTS);
    effects->items[effects->count++] = effect;
}

static void finish(struct edge_feature_call *call, struct edge_feature_effects *effects)
{
    emit(effects, EDGE_FEATURE_RELEASE);
    emit(effects, EDGE_FEATURE_CLOSE);
    call->state = EDGE_FEATURE_OVER;
}

static void finish_with(struct edge_feature_call *call, struct edge_feature_effects *effects,
                        enum edge_feature_effect last_word)
{
    emit(effects, last_word);
    finish(call, effects);
}

static void step_preparing(struct edge_feature_call *call, enum edge_feature_event event,
                           struct edge_feature_effects *effects)
{
    switch (event) {
    case EDGE_FEATURE_MEDIA_READY:
        call->media_ready = true;
        break;
    case EDGE_FEATURE_OBEYED:
        call->obeyed = true;
        break;
    case EDGE_FEATURE_MEDIA_FAILED:
    case EDGE_FEATURE_UNHEARD:
        finish_with(call, effects, EDGE_FEATURE_REFUSE);
        return;
    case EDGE_FEATURE_CANCELLED:
    case EDGE_FEATURE_HUNG_UP:
        finish_with(call, effects, EDGE_FEATURE_TERMINATE);
        return;
    default:
        return;
    }
    if (call->media_ready && call->obeyed) {
        emit(effects, EDGE_FEATURE_ANSWER);
        call->state = EDGE_FEATURE_ANSWERED;
    }
}

static void step_answered(struct edge_feature_call *call, enum edge_feature_event event,
                          struct edge_feature_effects *effects)
{
    if (event == EDGE_FEATURE_CONFIRMED) {
        emit(effects, EDGE_FEATURE_SPEAK);
        call->state = EDGE_FEATURE_SPEAKING;
    } else if (event == EDGE_FEATURE_HUNG_UP) {
        finish(call, effects);
    } else if (event == EDGE_FEATURE_UNCONFIRMED) {
        finish_with(call, effects, EDGE_FEATURE_BYE);
    }
}

static void step_speaking(struct edge_feature_call *call, enum edge_feature_event event,
                          struct edge_feature_effects *effects)
{
    if (event == EDGE_FEATURE_HUNG_UP)
        finish(call, effects);
    else if (event == EDGE_FEATURE_SAID)
        finish_with(call, effects, EDGE_FEATURE_BYE);
}

void edge_feature_step(struct edge_feature_call *call, enum edge_feature_event event,
                       struct edge_feature_effects *effects)
{
    effects->count = 0;
    switch (call->state) {
    case EDGE_FEATURE_PREPARING:
        step_preparing(call, event, effects);
        break;
    case EDGE_FEATURE_ANSWERED:
        step_answered(call, event, effects);
        break;
    case EDGE_FEATURE_SPEAKING:
        step_speaking(call, event, effects);
        break;
    case EDGE_FEATURE_OVER:
        break;
    }
}

static bool takes_argument(const struct td_feature_code *code)
{
    return code->argument[0] == '\0' && (code->action == TD_FEATURE_ACTION_NOT_READY ||
                                         code->action == TD_FEATURE_ACTION_DISPOSITION);
}

static bool fits(const struct td_feature_code *code, const char *dialled)
{
    if (td_str_equal(code->code, dialled))
        return true;
    return takes_argument(code) && td_str_starts_with(dialled, code->code);
}

const struct td_feature_code *edge_feature_find(const struct td_feature_code *codes, size_t count,
                                                const char *dialled, char argument[64])
{
    const struct td_feature_code *best = NULL;

    assert(codes != NULL || count == 0);
    for (size_t i = 0; i < count; i++) {
        bool longer = best == NULL || strlen(codes[i].code) > strlen(best->code);
        if (longer && fits(&codes[i], dialled))
            best = &codes[i];
    }
    if (best != NULL)
        td_str_clip(argument, 64,
                    takes_argument(best) ? dialled + strlen(best->code) : best->argument);
    return best;
}

const char *edge_feature_sentence(enum td_feature_action action, bool accepted,
                                  const char *language)
{
    static const char *const said[TD_FEATURE_ACTION_COUNT][2] = {
        [TD_FEATURE_ACTION_UNSPECIFIED] = {"Done.", "已完成。"},
        [TD_FEATURE_ACTION_LOG_IN] = {"You are logged in.", "您已登录。"},
        [TD_FEATURE_ACTION_LOG_OUT] = {"You are logged out.", "您已退出。"},
        [TD_FEATURE_ACTION_READY] = {"You are ready.", "您已就绪。"},
        [TD_FEATURE_ACTION_NOT_READY] = {"You are not ready.", "您已置忙。"},
        [TD_FEATURE_ACTION_DISPOSITION] = {"Your disposition is recorded.", "小结已记录。"},
    };
    static const char *const refused[2] = {"That is not possible now.", "现在无法执行此操作。"};
    int chinese = td_str_starts_with(language, "zh") ? 1 : 0;

    if (!accepted)
        return refused[chinese];
    if ((int)action < 0 || (int)action >= TD_FEATURE_ACTION_COUNT)
        action = TD_FEATURE_ACTION_UNSPECIFIED;
    return said[action][chinese];
}
