#include "edge/core/index.h"

#include <assert.h>

static struct edge_index_node **bucket_of(const struct edge_index *index, uint64_t hash)
{
    return &index->buckets[hash & (index->bucket_count - 1)].first;
}

static struct edge_index_node *skip_to(struct edge_index_node *node, uint64_t hash)
{
    while (node != NULL && node->hash != hash)
        node = node->next;
    return node;
}

void edge_index_init(struct edge_index *index, struct edge_index_bucket *buckets,
                     size_t bucket_count)
{
    assert(bucket_count > 0);
    assert((bucket_count & (bucket_count - 1)) == 0);
    *index = (struct edge_index){.buckets = buckets, .bucket_count = bucket_count};
}

void edge_index_add(struct edge_index *index, struct edge_index_node *node, uint64_t hash)
{
    struct edge_index_node **bucket = bucket_of(index, hash);

    node->hash = hash;
    node->next = *bucket;
    *bucket = node;
    index->count++;
}

void edge_index_remove(struct edge_index *index, struct edge_index_node *node)
{
    struct edge_index_node **link = bucket_of(index, node->hash);

    while (*link != node) {
        assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = node->next;
    index->count--;
}

struct edge_index_node *edge_index_first(const struct edge_index *index, uint64_t hash)
{
    return skip_to(*bucket_of(index, hash), hash);
}

struct edge_index_node *edge_index_next(const struct edge_index_node *node)
{
    return skip_to(node->next, node->hash);
}

void edge_index_each(const struct edge_index *index,
                     void (*each)(void *ctx, struct edge_index_node *node), void *ctx)
{
    for (size_t i = 0; i < index->bucket_count; i++) {
        struct edge_index_node *next;
        for (struct edge_index_node *node = index->buckets[i].first; node != NULL; node = next) {
            next = node->next;
            each(ctx, node);
        }
    }
}
