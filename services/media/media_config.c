#include "media/media.h"

#define KEY(kind, key, member, ...) TD_CONFIG_##kind(key, struct media_config, member, __VA_ARGS__)

const struct td_config_key media_config_keys[] = {
    KEY(STRING, "rtp_address", rtp_address, .fallback = "127.0.0.1", .min = 2,
        .help = "address that RTP ports are bound to, IPv4 or IPv6"),
    KEY(STRING, "rtp_advertised_address", rtp_advertised_address, .fallback = "",
        .help =
            "address that far ends are told, where a NAT is in front of us; empty: rtp_address"),
    KEY(U32, "rtp_port_first", rtp_port_first, .fallback = "20000", .min = 1024, .max = 65534,
        .help = "first port of the range that all media instances of the host share"),
    KEY(U32, "rtp_port_last", rtp_port_last, .fallback = "29999", .min = 1024, .max = 65535,
        .help = "last port of it"),
    KEY(U32, "rtp_block_size", rtp_block_size, .fallback = "100", .min = 2, .max = 10000,
        .unit = "ports", .help = "leased by an instance at a time; two ports a leg; even"),
    KEY(DURATION_MS, "rtp_port_rest", rtp_port_rest_ms, .fallback = "5s", .min = 0, .max = 600000,
        .help = "how long a port is not used again after a leg"),
    KEY(U32, "legs_max", legs_max, .fallback = "2000", .min = 2, .max = 32000, .unit = "legs",
        .help = "at one time; requests for more are answered BUSY"),
    KEY(DURATION_MS, "silent_after", silent_after_ms, .fallback = "10s", .min = 1000,
        .max = 3600000, .help = "without a packet, a leg's owner is told"),
    KEY(DURATION_MS, "orphan_after", orphan_after_ms, .fallback = "1min", .min = 5000,
        .max = 3600000, .help = "without a packet, a leg whose owner has died is closed"),
    KEY(U32, "recordings_max", recordings_max, .fallback = "500", .min = 1, .max = 10000,
        .unit = "recordings",
        .help = "at one time; calls beyond are not recorded, and it is logged"),
    KEY(STRING, "recordings", recordings_folder, .fallback = "",
        .help = "folder of recordings; empty: recordings in site.var"),
    KEY(STRING, "sounds", sounds_folder, .fallback = "",
        .help = "folder of sound files; empty: sounds in site.var"),
    KEY(U32, "sounds_memory_mb", sounds_memory_mb, .fallback = "128", .min = 1, .max = 65536,
        .unit = "MB", .help = "of sounds kept in memory"),
    KEY(U32, "speech_workers", speech_workers, .fallback = "1", .min = 1, .max = 16,
        .unit = "processes", .help = "that turn text into speech"),
    KEY(DURATION_MS, "speech_deadline", speech_deadline_ms, .fallback = "5s", .min = 100,
        .max = 60000, .help = "for one text; then a tone is played in its place"),
    KEY(U32, "speech_cache_mb", speech_cache_mb, .fallback = "256", .min = 1, .max = 65536,
        .unit = "MB", .help = "of spoken texts kept on disk, in speech in site.var"),
};

const size_t media_config_key_count = sizeof(media_config_keys) / sizeof(media_config_keys[0]);
