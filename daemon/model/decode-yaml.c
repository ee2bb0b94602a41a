/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YAML: libyaml's events to a builder
 *
 * libyaml checks the syntax and gives places; what the text means is decided here: the YAML 1.2 core schema,
 * anchors and aliases, merge keys, one document a file. Events are taken one by one, so whatever the builder
 * refuses (depth, above all) ends the parsing there.
 *
 * libyaml drops the tag "!" of a scalar without a trace but for the event's start, so the source is looked
 * at where it matters; see has_tag.
 */
#include "daemon/model/decode-private.h"

#include "daemon/model/scalar.h"
#include "daemon/model/yaml-anchors.h"
#include "daemon/model/yaml-failure.h"
#include "daemon/model/yaml-guard.h"

#include <string.h>
#include <yaml.h>

#define MERGE_KEY "<<"
/* Written "!": whatever the node is without resolving it, a string if it is a scalar. */
#define NON_SPECIFIC_TAG "!"

/* An open map or list. */
typedef struct Level {
        bool is_map;
        bool has_key; /* of a map: the next event is the value of a key */
        bool merging; /* that key is a merge key */
        bool has_merge;
        uint32_t column; /* of all keys of a block map; or 0 */
        Node merge;      /* what the merge key brings: a map or a list of maps */
        Anchor *anchor;
} Level;

typedef struct Decoder {
        yaml_parser_t parser;
        yaml_event_t event;
        Builder *builder;
        const char *text, *file;
        Anchors *anchors;
        Level levels[DOCUMENT_MAX_DEPTH];
        unsigned depth;
        bool has_document, has_root;
        bool is_tied; /* something depends on what stands elsewhere: see builder_set_separable() */
        uint32_t n_lines;
} Decoder;

static Place place_of(yaml_mark_t mark)
{
        return (Place){ (uint32_t) mark.line + 1, (uint32_t) mark.column + 1 };
}

static Failure *fail(const Decoder *decoder, FailureCode code, const char *message)
{
        g_autofree char *path = builder_path(decoder->builder);
        Place place = place_of(decoder->event.start_mark);

        return failure_new_at(code, FAILURE_STAGE_PARSE, decoder->file, place.line, place.column, path, "%s",
                              message);
}

static Failure *resolve_tagged(const Decoder *decoder, Scalar *ret)
{
        static const struct {
                const char *tag;
                ScalarResult (*parse)(const char *text, size_t length, Scalar *ret);
                const char *message;
        } tags[] = {
                { YAML_NULL_TAG, scalar_parse_null, "the tag is !!null, but this is not null" },
                { YAML_BOOL_TAG, scalar_parse_boolean, "the tag is !!bool, but this is not true or false" },
                { YAML_INT_TAG, scalar_parse_core_integer, "the tag is !!int, but this is no integer" },
                { YAML_FLOAT_TAG, scalar_parse_core_float, "the tag is !!float, but this is no number" },
        };
        const char *tag = (const char *) decoder->event.data.scalar.tag;
        const char *text = (const char *) decoder->event.data.scalar.value;

        if (strcmp(tag, YAML_STR_TAG) == 0 || strcmp(tag, NON_SPECIFIC_TAG) == 0) {
                *ret = (Scalar){ .kind = NODE_STRING };
                return NULL;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
                if (strcmp(tags[i].tag, tag) != 0)
                        continue;
                switch (tags[i].parse(text, decoder->event.data.scalar.length, ret)) {
                case SCALAR_VALID:
                        return NULL;
                case SCALAR_OUT_OF_RANGE:
                        return fail(decoder, FAILURE_PARSE_FAILED, "this number is out of range");
                default:
                        return fail(decoder, FAILURE_PARSE_FAILED, tags[i].message);
                }
        }
        return fail(decoder, FAILURE_PARSE_FAILED,
                    "this tag is not known for a scalar: expected !!str, !!int, !!float, !!bool or !!null");
}

static Failure *resolve(Decoder *decoder, Scalar *ret)
{
        const yaml_event_t *event = &decoder->event;
        const char *text = (const char *) event->data.scalar.value;
        ScalarResult result;

        if (event->data.scalar.tag)
                return resolve_tagged(decoder, ret);

        *ret = (Scalar){ .kind = NODE_STRING };
        if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
                return NULL;
        result = scalar_resolve(text, event->data.scalar.length, ret);
        if (result == SCALAR_OUT_OF_RANGE)
                return fail(decoder, FAILURE_PARSE_FAILED,
                            "this number is out of range: put it in quotes if it is meant as text");
        return NULL;
}

static void add_scalar(Decoder *decoder, const Scalar *scalar)
{
        Builder *builder = decoder->builder;
        Place place = place_of(decoder->event.start_mark);

        switch (scalar->kind) {
        case NODE_NULL:
                builder_add_null(builder, place);
                break;
        case NODE_BOOLEAN:
                builder_add_boolean(builder, place, scalar->boolean);
                break;
        case NODE_INTEGER:
                builder_add_integer(builder, place, scalar->integer);
                break;
        case NODE_UNSIGNED:
                builder_add_unsigned(builder, place, scalar->unsigned_integer);
                break;
        case NODE_DOUBLE:
                builder_add_double(builder, place, scalar->number);
                break;
        default:
                builder_add_string(builder, place, (const char *) decoder->event.data.scalar.value,
                                   decoder->event.data.scalar.length);
        }
}

/* Without aliases anchors mean nothing, but an edit elsewhere can bring one. */
static Anchor *add_anchor(Decoder *decoder, const yaml_char_t *name)
{
        decoder->is_tied = true;
        return anchors_add(decoder->anchors, (const char *) name);
}

static void add_scalar_anchor(Decoder *decoder, Node node)
{
        const yaml_event_t *event = &decoder->event;
        Anchor *anchor = add_anchor(decoder, event->data.scalar.anchor);

        anchor_close(anchor, node, (const char *) event->data.scalar.value, event->data.scalar.length);
}

static Level *innermost(Decoder *decoder)
{
        return decoder->depth > 0 ? &decoder->levels[decoder->depth - 1] : NULL;
}

static bool expects_key(Decoder *decoder)
{
        const Level *level = innermost(decoder);

        return level && level->is_map && !level->has_key;
}

/* What is to be done once a value of the innermost level is complete. */
static Failure *end_value(Decoder *decoder)
{
        Level *level = innermost(decoder);

        if (!level)
                return NULL;
        level->has_key = false;
        if (!level->merging)
                return NULL;

        level->merging = false;
        level->merge = builder_take_last(decoder->builder);
        for (uint32_t i = 0; level->merge.kind == NODE_LIST && i < level->merge.length; i++)
                if (level->merge.list->items[i].kind != NODE_MAP)
                        return fail(decoder, FAILURE_PARSE_FAILED,
                                    "a merge key (<<) takes maps, and this list has another item");
        if (level->merge.kind != NODE_MAP && level->merge.kind != NODE_LIST)
                return fail(decoder, FAILURE_PARSE_FAILED,
                            "a merge key (<<) takes a map or a list of maps: put the key in quotes if none "
                            "is meant");
        return NULL;
}

static Failure *begin_merge(Decoder *decoder)
{
        Level *level = innermost(decoder);

        decoder->is_tied = true;
        if (level->has_merge)
                return fail(decoder, FAILURE_PARSE_FAILED,
                            "a second merge key (<<) in one map: give one a list of maps");
        level->has_merge = level->merging = true;
        return NULL;
}

static Failure *handle_key(Decoder *decoder)
{
        const yaml_event_t *event = &decoder->event;
        Level *level = innermost(decoder);
        Place place = place_of(event->start_mark);
        const char *text = (const char *) event->data.scalar.value;
        size_t length = event->data.scalar.length;
        Failure *failure;

        if (event->data.scalar.anchor || event->data.scalar.tag) {
                Scalar scalar;

                failure = resolve(decoder, &scalar);
                if (failure)
                        return failure;
                if (event->data.scalar.anchor) {
                        add_scalar(decoder, &scalar);
                        add_scalar_anchor(decoder, builder_take_last(decoder->builder));
                }
        }
        if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag &&
            length == strlen(MERGE_KEY) && memcmp(text, MERGE_KEY, length) == 0) {
                failure = begin_merge(decoder);
                if (failure)
                        return failure;
        }
        /* Behind a "?" a key need not have a value, and where that would be depends on what follows. */
        if (level->column > 0 && place.column != level->column)
                decoder->is_tied = true;
        builder_add_key(decoder->builder, place, text, length);
        level->has_key = true;
        return NULL;
}

/* The file has no NUL, but an escape can make one. */
static bool has_nul(const yaml_event_t *event)
{
        return event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE &&
               memchr(event->data.scalar.value, '\0', event->data.scalar.length);
}

static Failure *handle_scalar(Decoder *decoder)
{
        Failure *failure;
        Scalar scalar;

        if (has_nul(&decoder->event))
                return fail(decoder, FAILURE_PARSE_FAILED,
                            "there is a NUL in this text: expected any other character");
        if (expects_key(decoder))
                return handle_key(decoder);

        failure = resolve(decoder, &scalar);
        if (failure)
                return failure;
        if (decoder->depth == 0) {
                if (scalar.kind == NODE_NULL)
                        return NULL;
                return fail(decoder, FAILURE_PARSE_FAILED,
                            "expected a map of keys and values, and found a single value");
        }
        add_scalar(decoder, &scalar);
        if (decoder->event.data.scalar.anchor)
                add_scalar_anchor(decoder, builder_last(decoder->builder));
        return end_value(decoder);
}

static Failure *handle_alias(Decoder *decoder)
{
        static const char *const too_large = "what the aliases stand for is too large altogether";
        const Anchor *anchor =
                        anchors_find(decoder->anchors, (const char *) decoder->event.data.alias.anchor);
        Place place = place_of(decoder->event.start_mark);
        Failure *failure;
        Node node;

        if (!anchor)
                return fail(decoder, FAILURE_PARSE_FAILED,
                            "no anchor of this name stands before this alias: put it in quotes if it is "
                            "text");
        if (anchor->open)
                return fail(decoder, FAILURE_PARSE_FAILED,
                            "this alias stands inside what it is an alias of");

        if (expects_key(decoder)) {
                if (!anchor->text)
                        return fail(decoder, FAILURE_PARSE_FAILED,
                                    "a key must be a scalar, and this alias stands for a map or list");
                if (!anchors_charge(decoder->anchors, 1, anchor->length))
                        return fail(decoder, FAILURE_TOO_LARGE, too_large);
                builder_add_key(decoder->builder, place, anchor->text, anchor->length);
                innermost(decoder)->has_key = true;
                return NULL;
        }

        node = anchor->node;
        node.line = place.line;
        node.column = place.column;
        if (!anchors_charge(decoder->anchors, node_count(&node), node_size(&node)))
                return fail(decoder, FAILURE_TOO_LARGE, too_large);
        failure = builder_add_node(decoder->builder, &node);
        return failure ? failure : end_value(decoder);
}

static Failure *handle_open(Decoder *decoder, bool is_map, const yaml_char_t *tag, const yaml_char_t *anchor)
{
        Place place = place_of(decoder->event.start_mark);
        bool is_block = is_map && decoder->event.data.mapping_start.style == YAML_BLOCK_MAPPING_STYLE;
        const char *own_tag = is_map ? YAML_MAP_TAG : YAML_SEQ_TAG;
        Failure *failure;

        if (tag && strcmp((const char *) tag, NON_SPECIFIC_TAG) != 0 &&
            strcmp((const char *) tag, own_tag) != 0)
                return fail(decoder, FAILURE_PARSE_FAILED,
                            is_map ? "this tag is not known for a map: expected !!map or none"
                                   : "this tag is not known for a list: expected !!seq or none");
        if (expects_key(decoder))
                return fail(decoder, FAILURE_PARSE_FAILED,
                            "a key must be a scalar, and this is a map or list: put it in quotes if it is "
                            "text");
        if (decoder->depth == 0 && !is_map)
                return fail(decoder, FAILURE_PARSE_FAILED,
                            "expected a map of keys and values, and found a list");

        if (is_block)
                failure = builder_open_block_map(decoder->builder, place);
        else
                failure = is_map ? builder_open_map(decoder->builder, place)
                                 : builder_open_list(decoder->builder, place);
        if (failure)
                return failure;
        decoder->levels[decoder->depth++] = (Level){
                .is_map = is_map,
                .column = is_block ? place.column : 0,
                .anchor = anchor ? add_anchor(decoder, anchor) : NULL,
        };
        return NULL;
}

static Failure *add_defaults(Decoder *decoder, const Node *map)
{
        for (uint32_t i = 0; i < map->length; i++) {
                Failure *failure = builder_add_default(decoder->builder, &map->map->members[i]);

                if (failure)
                        return failure;
        }
        return NULL;
}

static Failure *handle_close(Decoder *decoder)
{
        Level *level = innermost(decoder);
        Failure *failure = NULL;

        if (level->has_merge && level->merge.kind == NODE_MAP)
                failure = add_defaults(decoder, &level->merge);
        else if (level->has_merge)
                for (uint32_t i = 0; !failure && i < level->merge.length; i++)
                        failure = add_defaults(decoder, &level->merge.list->items[i]);
        if (!failure)
                failure = builder_close(decoder->builder);
        if (failure)
                return failure;

        if (level->anchor)
                anchor_close(level->anchor, builder_last(decoder->builder), NULL, 0);
        decoder->depth--;
        if (decoder->depth == 0)
                decoder->has_root = true;
        return end_value(decoder);
}

static Failure *handle_event(Decoder *decoder)
{
        const yaml_event_t *event = &decoder->event;

        switch (event->type) {
        case YAML_SCALAR_EVENT:
                return handle_scalar(decoder);
        case YAML_ALIAS_EVENT:
                return handle_alias(decoder);
        case YAML_MAPPING_START_EVENT:
                return handle_open(decoder, true, event->data.mapping_start.tag,
                                   event->data.mapping_start.anchor);
        case YAML_SEQUENCE_START_EVENT:
                return handle_open(decoder, false, event->data.sequence_start.tag,
                                   event->data.sequence_start.anchor);
        case YAML_MAPPING_END_EVENT:
        case YAML_SEQUENCE_END_EVENT:
                return handle_close(decoder);
        case YAML_DOCUMENT_START_EVENT:
                if (decoder->has_document)
                        return fail(decoder, FAILURE_PARSE_FAILED,
                                    "a second document begins here: there can be one only");
                decoder->has_document = true;
                decoder->is_tied |= !event->data.document_start.implicit;
                return NULL;
        case YAML_DOCUMENT_END_EVENT:
                decoder->is_tied |= !event->data.document_end.implicit;
                return NULL;
        case YAML_STREAM_END_EVENT:
                decoder->n_lines = (uint32_t) event->start_mark.line;
                return NULL;
        default:
                return NULL;
        }
}

static Failure *handle_events(Decoder *decoder)
{
        bool is_end = false;

        while (!is_end) {
                Failure *failure;

                if (!yaml_parser_parse(&decoder->parser, &decoder->event))
                        return yaml_failure_new(&decoder->parser, decoder->text, decoder->file);
                failure = handle_event(decoder);
                is_end = decoder->event.type == YAML_STREAM_END_EVENT;
                yaml_event_delete(&decoder->event);
                if (failure)
                        return failure;
        }
        return NULL;
}

Failure *decode_yaml(Builder *builder, const char *text, size_t length, const char *file)
{
        g_autoptr(Anchors) anchors = anchors_new();
        Decoder decoder = {
                .builder = builder,
                .text = text,
                .file = file,
                .anchors = anchors,
        };
        Failure *failure = yaml_guard(text, length, file);

        if (failure)
                return failure;
        if (!yaml_parser_initialize(&decoder.parser))
                g_error("no memory for a YAML parser");
        yaml_parser_set_encoding(&decoder.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&decoder.parser, (const unsigned char *) text, length);
        failure = handle_events(&decoder);
        yaml_parser_delete(&decoder.parser);
        if (failure)
                return failure;
        if (decoder.has_root) {
                if (!decoder.is_tied)
                        builder_set_separable(builder, decoder.n_lines);
                return NULL;
        }

        /* Nothing but comments, or null. */
        failure = builder_open_map(builder, (Place){ 1, 1 });
        return failure ? failure : builder_close(builder);
}
