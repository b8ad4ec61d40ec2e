#include "ivr/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "ivr/core/lexical.h"
#include "ivr/document_xml.h"

#define FOLDER_SIZE 512
#define PATH_SIZE (FOLDER_SIZE + IVR_URI_SIZE + 32)

/* A version of a file: whatever changes it changes one of these. */
struct version {
    struct timespec changed;
    off_t size;
    ino_t inode;
};

struct file {
    uint32_t tenant; /* 0: of all tenants */
    char name[IVR_URI_SIZE];
    struct version version;            /* last one looked at */
    struct library_document *document; /* newest that compiled, NULL if none ever did */
    enum td_err err;                   /* of the newest version */
    char fault[LIBRARY_FAULT_SIZE];
};

struct library {
    char folder[FOLDER_SIZE];
    const struct td_log *log;
    struct file files[LIBRARY_FILES_MAX];
    uint32_t file_count;
};

static bool same_version(const struct version *a, const struct version *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
           a->size == b->size && a->inode == b->inode;
}

/* --- reading --- */

static void path_of(const struct library *library, uint32_t tenant, const char *name,
                    char path[PATH_SIZE])
{
    if (tenant == 0)
        (void)snprintf(path, PATH_SIZE, "%s/%s", library->folder, name);
    else
        (void)snprintf(path, PATH_SIZE, "%s/tenant-%u/%s", library->folder, tenant, name);
}

static enum td_err look(const char *path, struct version *version)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return td_err_from_errno(errno);
    if (!S_ISREG(status.st_mode))
        return TD_ERR_NOT_FOUND;
    *version = (struct version){status.st_mtim, status.st_size, status.st_ino};
    return TD_OK;
}

static enum td_err read_all(int fd, char *bytes, size_t limit, size_t *size)
{
    ssize_t got = 1;

    *size = 0;
    while (*size < limit && got > 0) {
        got = read(fd, bytes + *size, limit - *size);
        if (got < 0 && errno != EINTR)
            return td_err_from_errno(errno);
        *size += got > 0 ? (size_t)got : 0;
        got = got < 0 ? 1 : got;
    }
    return TD_OK;
}

/* One byte more than allowed is read, so that a file that is too large shows. */
static enum td_err read_file(const char *path, char *bytes, size_t limit, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return td_err_from_errno(errno);

    enum td_err err = read_all(fd, bytes, limit, size);
    (void)close(fd);
    return err;
}

static enum td_err compile(const char *bytes, size_t size, struct library_document **document,
                           struct ivr_fault *fault)
{
    size_t memory_size = ivr_document_size(size > IVR_DOCUMENT_XML_MAX ? 0 : size);
    struct library_document *made = calloc(1, sizeof(*made));
    struct td_arena *arena = malloc(sizeof(*arena) + sizeof(max_align_t) + memory_size);
    enum td_err err = TD_ERR_NO_MEMORY;

    if (made != NULL && arena != NULL) {
        // The arena's head lies in front of its block: the document keeps pointing to it.
        size_t head = (sizeof(*arena) + sizeof(max_align_t) - 1) / sizeof(max_align_t);

        td_arena_init(arena, (max_align_t *)(void *)arena + head, memory_size);
        err = ivr_document_read(td_bytes(bytes, size), arena, &made->document, fault);
    }
    if (err != TD_OK) {
        free(arena);
        free(made);
        return err;
    }
    made->memory = arena;
    made->users = 1;
    *document = made;
    return TD_OK;
}

static enum td_err load(const char *path, struct library_document **document,
                        struct ivr_fault *fault)
{
    size_t limit = IVR_DOCUMENT_XML_MAX + 1;
    char *bytes = malloc(limit);
    size_t size = 0;

    if (bytes == NULL)
        return TD_ERR_NO_MEMORY;
    enum td_err err = read_file(path, bytes, limit, &size);
    if (err == TD_OK)
        err = compile(bytes, size, document, fault);
    else
        (void)ivr_fault_set(fault, 0, td_err_text(err));
    free(bytes);
    return err;
}

/* --- files --- */

static struct file *find_file(struct library *library, uint32_t tenant, const char *name)
{
    for (uint32_t i = 0; i < library->file_count; i++) {
        if (library->files[i].tenant == tenant && td_str_equal(library->files[i].name, name))
            return &library->files[i];
    }
    return NULL;
}

static struct file *add_file(struct library *library, uint32_t tenant, const char *name)
{
    struct file *file = &library->files[library->file_count];

    if (library->file_count == LIBRARY_FILES_MAX)
        return NULL;
    *file = (struct file){.tenant = tenant, .err = TD_ERR_NOT_FOUND};
    td_str_clip(file->name, sizeof(file->name), name);
    library->file_count++;
    return file;
}

/* Compiles the version that is there now. */
static void renew(struct library *library, struct file *file, const char *path)
{
    struct library_document *document = NULL;
    struct ivr_fault fault = {0, ""};

    file->err = load(path, &document, &fault);
    if (file->err == TD_OK) {
        library_release(&file->document);
        file->document = document;
        td_log_info(library->log, "document.loaded", td_str("name", file->name),
                    td_u64("tenant", file->tenant));
        return;
    }
    (void)snprintf(file->fault, sizeof(file->fault), "%s:%u: %s", file->name, fault.line,
                   fault.message);
    td_log_warn(library->log, "document.refused", td_str("fault", file->fault),
                td_u64("tenant", file->tenant), td_failure(file->err));
}

static enum td_err find(struct library *library, uint32_t tenant, const char *name,
                        struct file **found)
{
    char path[PATH_SIZE];
    struct version version = {.size = 0};

    path_of(library, tenant, name, path);
    enum td_err err = look(path, &version);
    if (err != TD_OK)
        return err;
    struct file *file = find_file(library, tenant, name);
    if (file == NULL)
        file = add_file(library, tenant, name);
    if (file == NULL)
        return TD_ERR_LIMIT;
    if (!same_version(&file->version, &version)) {
        file->version = version;
        renew(library, file, path);
    }
    *found = file;
    return TD_OK;
}

enum td_err library_take(struct library *library, uint32_t tenant, const char *name,
                         struct library_document **document, char fault[LIBRARY_FAULT_SIZE])
{
    struct ivr_target target;
    struct file *file = NULL;

    if (ivr_target_parse(name, &target) != TD_OK || target.document[0] == '\0' ||
        target.fragment[0] != '\0') {
        (void)snprintf(fault, LIBRARY_FAULT_SIZE, "no document can have this name");
        return TD_ERR_INVALID;
    }
    enum td_err err = find(library, tenant, name, &file);
    if (err == TD_ERR_NOT_FOUND)
        err = find(library, 0, name, &file);
    if (err != TD_OK) {
        (void)snprintf(fault, LIBRARY_FAULT_SIZE, "%s: %s", name, td_err_text(err));
        return err;
    }
    if (file->document == NULL) {
        td_str_clip(fault, LIBRARY_FAULT_SIZE, file->fault);
        return file->err;
    }
    library_keep(file->document);
    *document = file->document;
    return TD_OK;
}

void library_keep(struct library_document *document)
{
    document->users++;
}

void library_release(struct library_document **document)
{
    struct library_document *released = *document;

    *document = NULL;
    if (released == NULL || --released->users > 0)
        return;
    free(released->memory);
    free(released);
}

/* --- the whole --- */

static uint32_t load_folder(struct library *library, uint32_t tenant)
{
    char path[PATH_SIZE];
    uint32_t failed = 0;

    path_of(library, tenant, "", path);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct ivr_target target;
        struct file *file;

        if (ivr_target_parse(entry->d_name, &target) == TD_OK && target.document[0] != '\0' &&
            find(library, tenant, entry->d_name, &file) == TD_OK)
            failed += file->err != TD_OK;
    }
    (void)closedir(folder);
    return failed;
}

uint32_t library_load_all(struct library *library)
{
    static const char prefix[] = "tenant-";
    uint32_t failed = load_folder(library, 0);
    DIR *folder = opendir(library->folder);

    if (folder == NULL) {
        td_log_warn(library->log, "library.missing", td_str("folder", library->folder),
                    td_failure(td_err_from_errno(errno)));
        return 1;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        uint64_t tenant;

        if (td_str_starts_with(entry->d_name, prefix) &&
            td_str_to_u64(entry->d_name + sizeof(prefix) - 1, UINT32_MAX, &tenant) == TD_OK &&
            tenant > 0)
            failed += load_folder(library, (uint32_t)tenant);
    }
    (void)closedir(folder);
    return failed;
}

enum td_err library_create(const char *folder, const struct td_log *log, struct library **library)
{
    struct library *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return TD_ERR_NO_MEMORY;
    made->log = log;
    enum td_err err = td_str_copy(made->folder, sizeof(made->folder), folder);
    if (err != TD_OK) {
        free(made);
        return err;
    }
    *library = made;
    return TD_OK;
}

void library_destroy(struct library **library)
{
    if (*library == NULL)
        return;
    for (uint32_t i = 0; i < (*library)->file_count; i++)
        library_release(&(*library)->files[i].document);
    free(*library);
    *library = NULL;
}
