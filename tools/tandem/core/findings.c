#include "tandem/core/findings.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *a, const void *b)
{
    const struct picture_finding *left = a;
    const struct picture_finding *right = b;

    return strcmp(left->key, right->key);
}

void findings_begin(struct findings *findings)
{
    findings->round_count = 0;
}

void findings_add(struct findings *findings, const struct picture_finding *finding)
{
    if (findings->round_count == findings->round_capacity) {
        findings->round_capacity =
            findings->round_capacity == 0 ? 64 : findings->round_capacity * 2;
        findings->round =
            realloc(findings->round, findings->round_capacity * sizeof(*findings->round));
        if (findings->round == NULL)
            abort();
    }
    findings->round[findings->round_count++] = *finding;
}

static bool was_found(const struct findings *findings, const struct picture_finding *finding)
{
    return findings->count > 0 && bsearch(finding, findings->items, findings->count,
                                          sizeof(*findings->items), by_key) != NULL;
}

void findings_end(struct findings *findings)
{
    size_t kept = 0;

    for (size_t i = 0; i < findings->round_count; i++) {
        if (!findings->begun || was_found(findings, &findings->round[i]))
            findings->round[kept++] = findings->round[i];
    }
    if (kept > 0)
        qsort(findings->round, kept, sizeof(*findings->round), by_key);
    free(findings->items);
    findings->items = findings->round;
    findings->count = kept;
    findings->round = NULL;
    findings->round_capacity = 0;
    findings->begun = true;
}

void findings_fini(struct findings *findings)
{
    free(findings->items);
    free(findings->round);
    *findings = (struct findings){0};
}
