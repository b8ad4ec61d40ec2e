/**
 * @file index.h  Finds objects by a hash of their key: an intrusive table with chains. Pure.
 *
 * Objects carry an edge_index_node and stay where they are. The caller compares keys, since only
 * it knows them:
 *
 *     for (node = edge_index_first(index, hash); node != NULL; node = edge_index_next(node))
 *         if (same(owner_of(node), key)) ...
 *
 * Buckets are the caller's memory and their number is fixed: capacities are configured.
 */
#ifndef EDGE_CORE_INDEX_H
#define EDGE_CORE_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct edge_index_node {
    struct edge_index_node *next;
    uint64_t hash;
};

struct edge_index_bucket {
    struct edge_index_node *first;
};

struct edge_index {
    struct edge_index_bucket *buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
};

/** @param buckets  Kept, zeroed. @param bucket_count  A power of two. */
void edge_index_init(struct edge_index *index, struct edge_index_bucket *buckets,
                     size_t bucket_count);

void edge_index_add(struct edge_index *index, struct edge_index_node *node, uint64_t hash);

/** The node must be in the index. */
void edge_index_remove(struct edge_index *index, struct edge_index_node *node);

/** First and following nodes with exactly this hash; NULL at the end. */
struct edge_index_node *edge_index_first(const struct edge_index *index, uint64_t hash);
struct edge_index_node *edge_index_next(const struct edge_index_node *node);

/** Calls `each` for all nodes; it may remove the node it is given. */
void edge_index_each(const struct edge_index *index,
                     void (*each)(void *ctx, struct edge_index_node *node), void *ctx);

#endif
