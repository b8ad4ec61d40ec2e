#include "media/decode.h"

#include <errno.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a prompt takes at first; doubled as needed. One minute. */
#define COUNT_START ((size_t)60 * 8000)
#define PULL_NS (50 * GST_MSECOND)

struct decoding {
    GstElement *pipeline;
    GstAppSink *sink;
    GstBus *bus;
    int16_t *samples;
    size_t count;
    size_t capacity;
    size_t count_max;
};

void decode_prepare(void)
{
    gst_init(NULL, NULL);
}

static enum td_err open_pipeline(struct decoding *decoding, const char *path)
{
    static const char description[] =
        "filesrc name=source ! decodebin ! audioconvert ! audioresample quality=8 ! "
        "audio/x-raw,format=S16LE,rate=8000,channels=1,layout=interleaved ! "
        "appsink name=sink sync=false max-buffers=64";

    gst_init(NULL, NULL);
    decoding->pipeline = gst_parse_launch(description, NULL);
    if (decoding->pipeline == NULL)
        return TD_ERR_UNAVAILABLE; // An element is not installed.
    GstElement *source = gst_bin_get_by_name(GST_BIN(decoding->pipeline), "source");
    g_object_set(source, "location", path, NULL);
    gst_object_unref(source);
    decoding->sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(decoding->pipeline), "sink"));
    decoding->bus = gst_element_get_bus(decoding->pipeline);
    if (gst_element_set_state(decoding->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        return TD_ERR_SYNTAX;
    return TD_OK;
}

static void close_pipeline(struct decoding *decoding)
{
    if (decoding->pipeline == NULL)
        return;
    (void)gst_element_set_state(decoding->pipeline, GST_STATE_NULL);
    if (decoding->bus != NULL)
        gst_object_unref(decoding->bus);
    if (decoding->sink != NULL)
        gst_object_unref(decoding->sink);
    gst_object_unref(decoding->pipeline);
}

static enum td_err make_room(struct decoding *decoding, size_t count)
{
    if (count > decoding->count_max - decoding->count)
        return TD_ERR_LIMIT;
    if (decoding->count + count <= decoding->capacity)
        return TD_OK;

    size_t capacity = decoding->capacity == 0 ? COUNT_START : decoding->capacity;
    while (capacity < decoding->count + count)
        capacity *= 2;
    int16_t *grown = realloc(decoding->samples, capacity * sizeof(*grown));
    if (grown == NULL)
        return TD_ERR_NO_MEMORY;
    decoding->samples = grown;
    decoding->capacity = capacity;
    return TD_OK;
}

static enum td_err append(struct decoding *decoding, GstSample *sample)
{
    GstBuffer *buffer = gst_sample_get_buffer(sample);
    GstMapInfo map;

    if (buffer == NULL || !gst_buffer_map(buffer, &map, GST_MAP_READ))
        return TD_ERR_INTERNAL;
    size_t count = map.size / sizeof(int16_t);
    enum td_err err = make_room(decoding, count);
    if (err == TD_OK && count > 0) {
        memcpy(decoding->samples + decoding->count, map.data, count * sizeof(int16_t));
        decoding->count += count;
    }
    gst_buffer_unmap(buffer, &map);
    return err;
}

static bool has_failed(const struct decoding *decoding)
{
    GstMessage *message = gst_bus_pop_filtered(decoding->bus, GST_MESSAGE_ERROR);

    if (message != NULL)
        gst_message_unref(message);
    return message != NULL;
}

static enum td_err pull_all(struct decoding *decoding, uint32_t deadline_ms)
{
    gint64 until_us = g_get_monotonic_time() + (gint64)deadline_ms * 1000;

    for (;;) {
        GstSample *sample = gst_app_sink_try_pull_sample(decoding->sink, PULL_NS);

        if (sample != NULL) {
            enum td_err err = append(decoding, sample);
            gst_sample_unref(sample);
            if (err != TD_OK)
                return err;
        } else if (has_failed(decoding)) {
            return TD_ERR_SYNTAX;
        } else if (gst_app_sink_is_eos(decoding->sink)) {
            return decoding->count > 0 ? TD_OK : TD_ERR_SYNTAX;
        }
        if (g_get_monotonic_time() > until_us)
            return TD_ERR_TIMEOUT;
    }
}

enum td_err decode_file(const char *path, size_t count_max, uint32_t deadline_ms, int16_t **samples,
                        size_t *count)
{
    struct decoding decoding = {.count_max = count_max};

    if (access(path, R_OK) != 0)
        return td_err_from_errno(errno); // Before a pipeline is made for nothing.
    enum td_err err = open_pipeline(&decoding, path);
    if (err == TD_OK)
        err = pull_all(&decoding, deadline_ms);
    close_pipeline(&decoding);
    if (err != TD_OK) {
        free(decoding.samples);
        return err;
    }
    *samples = decoding.samples;
    *count = decoding.count;
    return TD_OK;
}
