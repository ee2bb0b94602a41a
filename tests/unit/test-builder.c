/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The builder that documents are made by
 */
#include "daemon/model/builder.h"
#include "tests/support/notation.h"

#include <math.h>
#include <string.h>

static const Place nowhere = { 0, 0 };

static void add_key(Builder *builder, const char *key)
{
        builder_add_key(builder, nowhere, key, strlen(key));
}

static void assert_ok(Failure *failure)
{
        g_assert_null(failure);
}

static void assert_failure(Failure *failure, FailureCode code, const char *text)
{
        g_autofree char *found = NULL;

        g_assert_nonnull(failure);
        found = failure_format(failure);
        g_assert_cmpint(failure->code, ==, code);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_PARSE);
        g_assert_cmpstr(found, ==, text);
        failure_free(failure);
}

static void test_kinds(void)
{
        g_autoptr(Builder) builder = builder_new("file", 3, 100);
        g_autoptr(Document) document = NULL;
        const Node *root, *node;

        assert_ok(builder_open_map(builder, (Place){ 1, 1 }));
        add_key(builder, "null");
        builder_add_null(builder, (Place){ 1, 10 });
        add_key(builder, "boolean");
        builder_add_boolean(builder, (Place){ 2, 10 }, true);
        add_key(builder, "integer");
        builder_add_integer(builder, (Place){ 3, 10 }, INT64_MIN);
        add_key(builder, "small");
        builder_add_unsigned(builder, (Place){ 4, 10 }, INT64_MAX);
        add_key(builder, "unsigned");
        builder_add_unsigned(builder, (Place){ 5, 10 }, (uint64_t) INT64_MAX + 1);
        add_key(builder, "double");
        builder_add_double(builder, (Place){ 6, 10 }, -0.5);
        add_key(builder, "string");
        builder_add_string(builder, (Place){ 7, 10 }, "text and more", 4);
        add_key(builder, "list");
        assert_ok(builder_open_list(builder, (Place){ 8, 10 }));
        builder_add_integer(builder, (Place){ 8, 12 }, 1);
        assert_ok(builder_close(builder));
        assert_ok(builder_close(builder));
        document = builder_end(builder);

        root = document_root(document);
        g_assert_cmpint(root->kind, ==, NODE_MAP);
        g_assert_cmpuint(root->length, ==, 8);
        g_assert_cmpuint(root->layer, ==, 3);
        g_assert_cmpuint(root->line, ==, 1);

        g_assert_cmpint(member_value(root, "null")->kind, ==, NODE_NULL);
        node = member_value(root, "boolean");
        g_assert_cmpint(node->kind, ==, NODE_BOOLEAN);
        g_assert_true(node->boolean);
        node = member_value(root, "integer");
        g_assert_cmpint(node->kind, ==, NODE_INTEGER);
        g_assert_cmpint(node->integer, ==, INT64_MIN);
        g_assert_cmpuint(node->line, ==, 3);
        g_assert_cmpuint(node->column, ==, 10);
        g_assert_cmpuint(node->layer, ==, 3);
        node = member_value(root, "small");
        g_assert_cmpint(node->kind, ==, NODE_INTEGER);
        g_assert_cmpint(node->integer, ==, INT64_MAX);
        node = member_value(root, "unsigned");
        g_assert_cmpint(node->kind, ==, NODE_UNSIGNED);
        g_assert_cmpuint(node->unsigned_integer, ==, (uint64_t) INT64_MAX + 1);
        node = member_value(root, "double");
        g_assert_cmpint(node->kind, ==, NODE_DOUBLE);
        g_assert_cmpfloat(node->number, ==, -0.5);
        node = member_value(root, "string");
        g_assert_cmpint(node->kind, ==, NODE_STRING);
        g_assert_cmpuint(node->length, ==, 4);
        g_assert_cmpstr(node->string, ==, "text");
        node = member_value(root, "list");
        g_assert_cmpint(node->kind, ==, NODE_LIST);
        g_assert_cmpuint(node->length, ==, 1);
        g_assert_cmpuint(node->line, ==, 8);
        g_assert_cmpint(node->list->items[0].integer, ==, 1);
        g_assert_cmpuint(node->list->items[0].column, ==, 12);

        g_assert_null(node_find_member(root, "absent", 6));
        g_assert_null(node_find_member(root, "", 0));
        g_assert_null(node_find_member(root, "listed", 6));
        g_assert_nonnull(node_find_member(root, "listed", 4));
}

/* What is left over in a builder that failed, or never ended, goes with it. */
static void test_abandoned(void)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);

        assert_ok(builder_open_map(builder, nowhere));
        add_key(builder, "a");
        assert_ok(builder_open_list(builder, nowhere));
        builder_add_string(builder, nowhere, "b", 1);
}

static void test_sorting(void)
{
        g_autoptr(Document) few = notation_parse(
                        "{b: 1, a: 2, '': 3, 'a.b': 4, a-: 5, 'é': 6, Z: 7, aa: 8, a0: 9}", 0);
        g_autofree char *text = notation_format(document_root(few));

        /* By the bytes, the shorter of two first where one begins with the other. */
        g_assert_cmpstr(text, ==, "{'': 3, Z: 7, a: 2, a-: 5, 'a.b': 4, a0: 9, aa: 8, b: 1, 'é': 6}");
        for (uint32_t i = 1; i < document_root(few)->length; i++) {
                const Member *members = document_root(few)->map->members;

                g_assert_cmpint(key_compare(members[i - 1].key, members[i - 1].key_length, members[i].key,
                                            members[i].key_length),
                                <, 0);
        }
        g_assert_cmpint(key_compare("a", 1, "a", 1), ==, 0);
        g_assert_cmpint(key_compare("a", 0, "b", 0), ==, 0);
        g_assert_cmpint(key_compare("ab", 2, "a", 1), >, 0);
        g_assert_cmpint(key_compare("\xff", 1, "a", 1), >, 0);
}

static void build_many(Builder *builder, unsigned count, unsigned step)
{
        assert_ok(builder_open_map(builder, nowhere));
        for (unsigned i = 0; i < count; i++) {
                unsigned number = i * step % count;
                g_autofree char *key = g_strdup_printf("key-%05u", number);

                add_key(builder, key);
                builder_add_integer(builder, nowhere, number);
        }
}

/* From sizes sorted in one way to sizes sorted in another, and from orderly to wild. */
static void test_sorting_many(void)
{
        static const unsigned counts[] = { 1, 2, 15, 16, 17, 18, 1000, 10007 };

        for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
                g_autoptr(Builder) orderly = builder_new(NULL, 0, 0);
                g_autoptr(Builder) wild = builder_new(NULL, 0, 0);
                g_autoptr(Document) first = NULL;
                g_autoptr(Document) second = NULL;
                const Node *root;

                build_many(orderly, counts[i], 1);
                assert_ok(builder_close(orderly));
                first = builder_end(orderly);
                build_many(wild, counts[i], 7919); /* a prime: reaches every number */
                assert_ok(builder_close(wild));
                second = builder_end(wild);

                root = document_root(second);
                g_assert_true(document_equal(first, second));
                g_assert_cmpuint(root->length, ==, counts[i]);
                for (uint32_t k = 0; k < root->length; k++) {
                        const Member *member = &root->map->members[k];

                        g_assert_cmpint(member->value.integer, ==, k);
                        g_assert_true(node_find_member(root, member->key, member->key_length) == member);
                }
        }
}

static void test_duplicates(void)
{
        g_autoptr(Builder) builder = builder_new("some.yaml", 0, 0);

        assert_ok(builder_open_map(builder, (Place){ 1, 1 }));
        builder_add_key(builder, (Place){ 1, 1 }, "list", 4);
        assert_ok(builder_open_list(builder, (Place){ 1, 7 }));
        builder_add_null(builder, (Place){ 2, 3 });
        assert_ok(builder_open_map(builder, (Place){ 3, 3 }));
        builder_add_key(builder, (Place){ 3, 3 }, "a b", 3);
        builder_add_integer(builder, (Place){ 3, 8 }, 1);
        g_assert_true(builder_has_key(builder, "a b", 3));
        g_assert_false(builder_has_key(builder, "a", 1));
        g_assert_false(builder_has_key(builder, "list", 4));
        builder_add_key(builder, (Place){ 4, 3 }, "c", 1);
        builder_add_integer(builder, (Place){ 4, 6 }, 1);
        builder_add_key(builder, (Place){ 5, 3 }, "a b", 3);
        builder_add_integer(builder, (Place){ 5, 8 }, 1);
        assert_failure(builder_close(builder), FAILURE_PARSE_FAILED,
                       "some.yaml:5:3: the key list.1.\"a b\" stands twice; it was first given in line 3");
}

/* However many keys there are, and where nobody knows the places. */
static void test_duplicates_many(void)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);

        build_many(builder, 100, 37);
        add_key(builder, "key-00050");
        builder_add_null(builder, nowhere);
        assert_failure(builder_close(builder), FAILURE_PARSE_FAILED, "the key key-00050 stands twice");
}

/* Of several that stand twice, and of one that stands more often, the place is that of a later one. */
static void test_duplicates_places(void)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);

        assert_ok(builder_open_map(builder, nowhere));
        for (uint32_t line = 1; line <= 30; line++) {
                builder_add_key(builder, (Place){ line, 1 }, "same", 4);
                builder_add_null(builder, (Place){ line, 7 });
        }
        assert_failure(builder_close(builder), FAILURE_PARSE_FAILED,
                       ":2:1: the key same stands twice; it was first given in line 1");
}

static void open_nested(Builder *builder, unsigned levels)
{
        assert_ok(builder_open_map(builder, nowhere));
        for (unsigned i = 1; i < levels; i++) {
                if (i % 2 == 1) {
                        add_key(builder, "a");
                        assert_ok(builder_open_list(builder, nowhere));
                } else {
                        assert_ok(builder_open_map(builder, nowhere));
                }
        }
}

static void test_depth_limit(void)
{
        g_autoptr(Builder) builder = builder_new("deep.json", 0, 0);
        g_autoptr(Builder) too_deep = builder_new("deep.json", 0, 0);
        g_autoptr(Document) document = NULL;

        open_nested(builder, DOCUMENT_MAX_DEPTH);
        builder_add_null(builder, nowhere);
        for (unsigned i = 0; i < DOCUMENT_MAX_DEPTH; i++)
                assert_ok(builder_close(builder));
        document = builder_end(builder);
        g_assert_cmpuint(node_height(document_root(document)), ==, 20);

        open_nested(too_deep, DOCUMENT_MAX_DEPTH);
        assert_failure(builder_open_map(too_deep, (Place){ 7, 8 }), FAILURE_TOO_DEEP,
                       "deep.json:7:8: maps and lists are nested more than 20 levels deep");
        assert_failure(builder_open_list(too_deep, (Place){ 7, 8 }), FAILURE_TOO_DEEP,
                       "deep.json:7:8: maps and lists are nested more than 20 levels deep");
}

/* A subtree that is added counts with all its levels. */
static void test_depth_limit_borrowed(void)
{
        g_autoptr(Document) other = notation_parse("{a: {b: [1]}, c: 1}", 0);
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        const Member *nested = node_find_member(document_root(other), "a", 1);
        const Member *scalar = node_find_member(document_root(other), "c", 1);
        Failure *failure;

        builder_borrow(builder, other);
        g_assert_cmpuint(node_height(&nested->value), ==, 2);
        open_nested(builder, DOCUMENT_MAX_DEPTH - 2);
        assert_ok(builder_add_node(builder, &nested->value));
        assert_ok(builder_open_map(builder, nowhere));
        assert_ok(builder_add_member(builder, scalar));
        failure = builder_add_member(builder, nested);
        g_assert_nonnull(failure);
        g_assert_cmpint(failure->code, ==, FAILURE_TOO_DEEP);
        failure_free(failure);
}

static void test_path(void)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autofree char *root = NULL, *key = NULL, *item = NULL, *nested = NULL, *closed = NULL;

        assert_ok(builder_open_map(builder, nowhere));
        root = builder_path(builder);
        g_assert_cmpstr(root, ==, "");
        add_key(builder, "a");
        builder_add_null(builder, nowhere);
        add_key(builder, "list of");
        key = builder_path(builder);
        g_assert_cmpstr(key, ==, "\"list of\"");
        assert_ok(builder_open_list(builder, nowhere));
        builder_add_null(builder, nowhere);
        builder_add_null(builder, nowhere);
        item = builder_path(builder);
        g_assert_cmpstr(item, ==, "\"list of\".2");
        assert_ok(builder_open_map(builder, nowhere));
        add_key(builder, "b");
        nested = builder_path(builder);
        g_assert_cmpstr(nested, ==, "\"list of\".2.b");
        builder_add_null(builder, nowhere);
        assert_ok(builder_close(builder));
        closed = builder_path(builder);
        g_assert_cmpstr(closed, ==, "\"list of\".3");
}

/* The subtree is shared, not copied, and lives on when only the document that borrowed it is left. */
static void test_borrowed(void)
{
        Document *lender = notation_parse("{a: {b: 'text'}, c: 1}", 5);
        g_autoptr(Builder) builder = builder_new(NULL, 1, 0);
        g_autoptr(Document) document = NULL;
        const Member *member = node_find_member(document_root(lender), "a", 1);
        const Map *shared = member->value.map;
        g_autofree char *text = NULL;
        const Node *found;

        builder_borrow(builder, lender);
        builder_borrow(builder, lender);
        assert_ok(builder_open_map(builder, nowhere));
        assert_ok(builder_add_member(builder, member));
        add_key(builder, "again");
        assert_ok(builder_add_node(builder, &member->value));
        assert_ok(builder_close(builder));
        document = builder_end(builder);
        document_unref(lender);

        found = member_value(document_root(document), "a");
        g_assert_true(found->map == shared);
        g_assert_cmpuint(found->layer, ==, 5);
        g_assert_cmpuint(found->line, ==, 1);
        g_assert_cmpuint(found->column, ==, 5);
        g_assert_cmpuint(document_root(document)->layer, ==, 1);
        text = notation_format(document_root(document));
        g_assert_cmpstr(text, ==, "{a: {b: 'text'}, again: {b: 'text'}}");
}

/* What an anchor stands for is the value behind it, whole, and may be added as often as one likes. */
static void test_last(void)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(Document) document = NULL;
        g_autofree char *text = NULL;
        Node list, string;

        assert_ok(builder_open_map(builder, nowhere));
        add_key(builder, "a");
        assert_ok(builder_open_list(builder, nowhere));
        builder_add_string(builder, nowhere, "x", 1);
        string = builder_last(builder);
        assert_ok(builder_close(builder));
        list = builder_last(builder);
        add_key(builder, "b");
        assert_ok(builder_add_node(builder, &list));
        add_key(builder, "c");
        assert_ok(builder_add_node(builder, &string));
        assert_ok(builder_close(builder));
        document = builder_end(builder);

        text = notation_format(document_root(document));
        g_assert_cmpstr(text, ==, "{a: ['x'], b: ['x'], c: 'x'}");
}

static void test_layers(void)
{
        g_autoptr(Builder) builder = builder_new(NULL, 1, 0);
        g_autoptr(Document) document = NULL;

        assert_ok(builder_open_map(builder, nowhere));
        add_key(builder, "a");
        builder_set_layer(builder, 2);
        assert_ok(builder_open_list(builder, nowhere));
        builder_set_layer(builder, 3);
        builder_add_null(builder, nowhere);
        assert_ok(builder_close(builder));
        add_key(builder, "b");
        builder_add_null(builder, nowhere);
        assert_ok(builder_close(builder));
        document = builder_end(builder);

        g_assert_cmpuint(document_root(document)->layer, ==, 1);
        g_assert_cmpuint(member_value(document_root(document), "a")->layer, ==, 2);
        g_assert_cmpuint(member_value(document_root(document), "a")->list->items[0].layer, ==, 3);
        g_assert_cmpuint(member_value(document_root(document), "b")->layer, ==, 3);
}

static void test_nan(void)
{
        double quiet = NAN, other;
        uint64_t bits = UINT64_C(0xfff8000000000123);
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(Document) document = NULL;
        const Node *items;

        memcpy(&other, &bits, sizeof(other));
        assert_ok(builder_open_map(builder, nowhere));
        add_key(builder, "a");
        assert_ok(builder_open_list(builder, nowhere));
        for (unsigned i = 0; i < 2; i++) {
                assert_ok(builder_open_list(builder, nowhere));
                builder_add_double(builder, nowhere, i == 0 ? quiet : other);
                assert_ok(builder_close(builder));
        }
        assert_ok(builder_close(builder));
        assert_ok(builder_close(builder));
        document = builder_end(builder);

        items = member_value(document_root(document), "a")->list->items;
        g_assert_true(node_equal(&items[0].list->items[0], &items[1].list->items[0]));
        g_assert_true(node_equal(&items[0], &items[1]));
        g_assert_true(hash_equal(&items[0].list->summary.hash, &items[1].list->summary.hash));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/builder/kinds", test_kinds);
        g_test_add_func("/builder/abandoned", test_abandoned);
        g_test_add_func("/builder/sorting", test_sorting);
        g_test_add_func("/builder/sorting/many", test_sorting_many);
        g_test_add_func("/builder/duplicates", test_duplicates);
        g_test_add_func("/builder/duplicates/many", test_duplicates_many);
        g_test_add_func("/builder/duplicates/places", test_duplicates_places);
        g_test_add_func("/builder/depth-limit", test_depth_limit);
        g_test_add_func("/builder/depth-limit/borrowed", test_depth_limit_borrowed);
        g_test_add_func("/builder/path", test_path);
        g_test_add_func("/builder/borrowed", test_borrowed);
        g_test_add_func("/builder/last", test_last);
        g_test_add_func("/builder/layers", test_layers);
        g_test_add_func("/builder/nan", test_nan);
        return g_test_run();
}
