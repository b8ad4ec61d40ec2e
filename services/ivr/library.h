/**
 * @file library.h  The documents of a site: read, compiled, and read again when they change.
 *
 * NAME of tenant 7 is FOLDER/tenant-7/NAME, or else FOLDER/NAME, which all tenants share. A file is
 * looked at when a dialog asks for it, and read again when its time or size has changed; dialogs
 * that run keep the version they began with. A change that cannot be compiled is logged once, and
 * the version before stays in use.
 *
 * Files are small and local: reading them blocks the loop for the time of one read. One thread.
 */
#ifndef IVR_LIBRARY_H
#define IVR_LIBRARY_H

#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "ivr/core/document.h"

/** Files a library holds at most. */
#define LIBRARY_FILES_MAX 1024U
/** A sentence about what is wrong with a document. */
#define LIBRARY_FAULT_SIZE 320

struct library;

/** A compiled document that somebody uses. */
struct library_document {
    struct ivr_document document;
    uint32_t users;
    void *memory;
};

/** @param folder  Copied; at most 511 bytes. @param log  Kept. */
enum td_err TD_MUST_CHECK library_create(const char *folder, const struct td_log *log,
                                         struct library **library);
/** All documents must have been released. NULL is ignored. */
void library_destroy(struct library **library);

/** Compiles everything there is, so that mistakes show at the start. @return How many failed. */
uint32_t library_load_all(struct library *library);

/**
 * Takes a document into use.
 *
 * @param name      Checked here: a plain name ending in ".vxml" (ivr_target_parse()).
 * @param document  Release it when done.
 * @param fault     Says what is wrong, naming file and line.
 * @return TD_OK; TD_ERR_INVALID (no such name can be); TD_ERR_NOT_FOUND; TD_ERR_SYNTAX (it never
 * was right); TD_ERR_LIMIT; TD_ERR_NO_MEMORY; TD_ERR_DENIED.
 */
enum td_err TD_MUST_CHECK library_take(struct library *library, uint32_t tenant, const char *name,
                                       struct library_document **document,
                                       char fault[LIBRARY_FAULT_SIZE]);

/** One more user. */
void library_keep(struct library_document *document);
/** One user less; sets *document to NULL, which is ignored. */
void library_release(struct library_document **document);

#endif
