#include "ivr/ivr.h"

#define KEY(kind, key, member, ...) TD_CONFIG_##kind(key, struct ivr_config, member, __VA_ARGS__)

const struct td_config_key ivr_config_keys[] = {
    KEY(STRING, "documents", documents, .fallback = "deploy/demo/dialogs", .min = 1,
        .help = "folder of VoiceXML documents; tenant-N in it has those of tenant N alone"),
    KEY(U32, "dialogs_max", dialogs_max, .fallback = "1000", .min = 1, .max = IVR_DIALOGS_MAX,
        .unit = "dialogs", .help = "at one time; more are answered BUSY"),
    KEY(U32, "script_workers", script_workers, .fallback = "2", .min = 1,
        .max = SCRIPT_POOL_WORKERS_MAX, .unit = "processes",
        .help = "that evaluate expressions of documents"),
    KEY(DURATION_MS, "script_deadline", script_deadline_ms, .fallback = "200ms", .min = 10,
        .max = 10000, .help = "for one expression; then it is killed with its worker"),
    KEY(U32, "script_memory_kb", script_memory_kb, .fallback = "4096", .min = 512, .max = 65536,
        .unit = "KB", .help = "for one expression"),
};

const size_t ivr_config_key_count = sizeof(ivr_config_keys) / sizeof(ivr_config_keys[0]);
