/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a text can be cut
 *
 * A key of a block map begins a line in the column of all keys of that map, and what stands before it is
 * complete there: text in quotes and brackets is closed, and any other text ends where the indent does. So
 * what begins with such a line and ends before another one, of the same map or of one around it, can be cut
 * out and decoded as a document of its own: the parser is in the same state at its beginning, and if it
 * comes to the end without a complaint, it is in the same state there, too.
 *
 * That holds for the new text as well, if its lines before are the old ones and the first line still begins
 * a key in that column. Where the part cut out for the innermost map is no good by itself (a line may have
 * left that map), the map around it is tried.
 */
#include "daemon/model/redecode.h"

#include "daemon/model/decode.h"
#include "daemon/model/document-copy.h"
#include "daemon/model/document-private.h"
#include "daemon/model/yaml-guard.h"

#include <string.h>

/* Texts are compared by so many bytes first. */
#define BLOCK 4096U
#define END_OF_TEXT UINT32_MAX

/* Whole lines that differ. Lines are counted from 1. */
typedef struct Edit {
        size_t start; /* of the first such line, in both texts */
        size_t before_end, after_end;
        uint32_t line;     /* the first such line */
        uint32_t end_line; /* the first after them, in the text before */
} Edit;

/* Members of a map that stand together in the text. */
typedef struct Cut {
        const Node *map;
        const Member *first; /* its value is the map of the next cut, if there is one */
        uint32_t line;       /* of the first key */
        uint32_t end_line;   /* of the first key after them, or END_OF_TEXT */
        uint32_t end_column; /* where that one stands */
} Cut;

typedef struct Redecoder {
        const char *file;
        unsigned layer;
        Document *document;
        Text before, after;
        Edit edit;
        Cut cuts[DOCUMENT_MAX_DEPTH];
        unsigned n_cuts;
} Redecoder;

/* What takes the place of what a cut holds. */
typedef struct Patch {
        const Cut *cuts;
        unsigned last; /* the cut that it is for */
        Document *part;
        int64_t shift; /* of the lines behind it */
        Copier copier;
        Builder *builder;
} Patch;

static uint32_t count_breaks(const char *start, const char *end)
{
        uint32_t count = 0;

        for (; start < end; start++)
                count += *start == '\n';
        return count;
}

/* As libyaml counts: the end of a text ends its last line. */
static uint32_t count_lines(Text text)
{
        const char *end = text.data + text.length;

        return count_breaks(text.data, end) + (text.length > 0 && end[-1] != '\n');
}

static size_t common_start(Text a, Text b)
{
        size_t length = MIN(a.length, b.length), at = 0;

        while (length - at >= BLOCK && memcmp(a.data + at, b.data + at, BLOCK) == 0)
                at += BLOCK;
        while (at < length && a.data[at] == b.data[at])
                at++;
        return at;
}

/* At most limit bytes. */
static size_t common_end(Text a, Text b, size_t limit)
{
        const char *a_end = a.data + a.length, *b_end = b.data + b.length;
        size_t length = 0;

        while (limit - length >= BLOCK && memcmp(a_end - length - BLOCK, b_end - length - BLOCK, BLOCK) == 0)
                length += BLOCK;
        while (length < limit && a_end[-1 - (ptrdiff_t) length] == b_end[-1 - (ptrdiff_t) length])
                length++;
        return length;
}

static bool begins_line(Text text, size_t at)
{
        return at == 0 || text.data[at - 1] == '\n';
}

static void find_edit(Redecoder *redecoder)
{
        Text before = redecoder->before, after = redecoder->after;
        Edit *edit = &redecoder->edit;
        size_t start = common_start(before, after);
        size_t rest = common_end(before, after, MIN(before.length, after.length) - start);

        while (!begins_line(before, start))
                start--;
        *edit = (Edit){
                .start = start,
                .before_end = before.length - rest,
                .after_end = after.length - rest,
                .line = 1 + count_breaks(before.data, before.data + start),
        };
        while (edit->before_end < before.length &&
               !(begins_line(before, edit->before_end) && begins_line(after, edit->after_end))) {
                edit->before_end++;
                edit->after_end++;
        }
        edit->end_line = edit->line + count_breaks(before.data + start, before.data + edit->before_end);
        if (!begins_line(before, edit->before_end))
                edit->end_line++;
}

/* True if a line begins with a plain or quoted key in that column (from 1). */
static bool begins_key(Text text, size_t at, uint32_t column)
{
        size_t key = at + column - 1;

        if (key >= text.length)
                return false;
        for (; at < key; at++)
                if (text.data[at] != ' ')
                        return false;
        return g_ascii_isalnum(text.data[key]) || strchr("_\"'", text.data[key]);
}

/*
 * The members of a map that the edit touches. Where it does not begin with a key of the map, that includes
 * the one before: the line may belong to it, or end it. end is the cut that the map lies in. False where
 * there is none before.
 */
static bool find_cut(const Redecoder *redecoder, const Node *map, const Cut *end, Cut *ret)
{
        const Edit *edit = &redecoder->edit;
        bool has_key = edit->after_end > edit->start &&
                       begins_key(redecoder->after, edit->start, map->column);
        uint32_t limit = edit->line + has_key;
        const Member *first = NULL;

        for (uint32_t i = 0; i < map->length; i++) {
                const Member *member = &map->map->members[i];

                if (member->line < limit && (!first || member->line > first->line))
                        first = member;
        }
        if (!first)
                return false;

        *ret = (Cut){
                .map = map,
                .first = first,
                .line = first->line,
                .end_line = end->end_line,
                .end_column = end->end_column,
        };
        for (uint32_t i = 0; i < map->length; i++) {
                const Member *member = &map->map->members[i];

                if (member->line > first->line && member->line >= edit->end_line &&
                    member->line < ret->end_line) {
                        ret->end_line = member->line;
                        ret->end_column = map->column;
                }
        }
        return true;
}

/* True if no other member of the map begins between the cut's first one and the end of the edit. */
static bool is_within_first(const Cut *cut, const Edit *edit)
{
        const Node *value = &cut->first->value;

        if (!value->is_block || value->line > edit->line)
                return false;
        for (uint32_t i = 0; i < cut->map->length; i++) {
                uint32_t line = cut->map->map->members[i].line;

                if (line > cut->line && line < edit->end_line)
                        return false;
        }
        return true;
}

static void find_cuts(Redecoder *redecoder)
{
        const Node *map = document_root(redecoder->document);
        Cut end = { .end_line = END_OF_TEXT };

        while (map && redecoder->n_cuts < DOCUMENT_MAX_DEPTH &&
               find_cut(redecoder, map, &end, &redecoder->cuts[redecoder->n_cuts])) {
                Cut *cut = &redecoder->cuts[redecoder->n_cuts++];

                end = *cut;
                map = is_within_first(cut, &redecoder->edit) ? &cut->first->value : NULL;
        }
}

/* Where the cut begins in both texts; the lines from there to the edit are the same. */
static size_t cut_start(const Redecoder *redecoder, const Cut *cut)
{
        size_t at = redecoder->edit.start;

        for (uint32_t line = redecoder->edit.line; line > cut->line && at > 0; line--) {
                const char *end = memrchr(redecoder->before.data, '\n', at - 1);

                at = end ? (size_t) (end + 1 - redecoder->before.data) : 0;
        }
        return at;
}

/* Where it ends in the text before. */
static size_t cut_end(const Redecoder *redecoder, const Cut *cut)
{
        Text text = redecoder->before;
        size_t at = redecoder->edit.before_end;

        if (cut->end_line == END_OF_TEXT)
                return text.length;
        for (uint32_t line = redecoder->edit.end_line; line < cut->end_line && at < text.length; line++) {
                const char *end = memchr(text.data + at, '\n', text.length - at);

                at = end ? (size_t) (end + 1 - text.data) : text.length;
        }
        return at;
}

/* The lines by themselves, if they make a block map in that column. */
static Document *decode_part(const Redecoder *redecoder, Text lines, uint32_t column)
{
        g_autoptr(Document) part = NULL;
        g_autoptr(Failure) failure = decode(FORMAT_YAML, redecoder->file, redecoder->layer, lines.data,
                                            lines.length, NULL, &part);
        const Node *root = failure ? NULL : document_root(part);

        if (!root || !part->is_separable || !root->is_block || root->line != 1 || root->column != column ||
            part->n_lines != count_lines(lines))
                return NULL;
        return g_steal_pointer(&part);
}

static Failure *add_member(Patch *patch, const Member *member, uint32_t column, int64_t shift)
{
        Node copy = copier_copy(&patch->copier, &member->value, shift);

        builder_add_key(patch->builder, (Place){ (uint32_t) (member->line + shift), column }, member->key,
                        member->key_length);
        return builder_add_node(patch->builder, &copy);
}

static Failure *patch_map(Patch *patch, unsigned depth);

/* A member of the map at that depth, unless it is one of those that are replaced. */
static Failure *patch_member(Patch *patch, unsigned depth, const Member *member)
{
        const Cut *cut = &patch->cuts[depth];

        if (depth == patch->last && member->line >= cut->line && member->line < cut->end_line)
                return NULL;
        if (depth == patch->last || member != cut->first)
                return add_member(patch, member, cut->map->column,
                                  member->line >= patch->cuts[patch->last].end_line ? patch->shift : 0);

        builder_add_key(patch->builder, (Place){ member->line, cut->map->column }, member->key,
                        member->key_length);
        return patch_map(patch, depth + 1);
}

/* The map at that depth. Members go in sorted as they are, so that there is nothing to sort. */
static Failure *patch_map(Patch *patch, unsigned depth)
{
        const Cut *cut = &patch->cuts[depth];
        const Node *map = cut->map, *part = document_root(patch->part);
        uint32_t added = depth == patch->last ? 0 : part->length;
        Failure *failure = builder_open_block_map(patch->builder, (Place){ map->line, map->column });

        for (uint32_t i = 0; i <= map->length && !failure; i++) {
                const Member *member = i < map->length ? &map->map->members[i] : NULL;

                for (; added < part->length && !failure; added++) {
                        const Member *other = &part->map->members[added];

                        if (member &&
                            key_compare(other->key, other->key_length, member->key, member->key_length) > 0)
                                break;
                        failure = add_member(patch, other, map->column, (int64_t) cut->line - 1);
                }
                if (member && !failure)
                        failure = patch_member(patch, depth, member);
        }
        return failure ? failure : builder_close(patch->builder);
}

static Document *apply(const Redecoder *redecoder, unsigned last, Document *part, int64_t shift)
{
        g_autoptr(Builder) builder = builder_new(redecoder->file, redecoder->layer, redecoder->after.length);
        g_autoptr(Failure) failure = NULL;
        Patch patch = {
                .cuts = redecoder->cuts,
                .last = last,
                .part = part,
                .shift = shift,
                .copier = { .builder = builder },
                .builder = builder,
        };

        failure = patch_map(&patch, 0);
        if (failure)
                return NULL;
        builder_set_separable(builder, (uint32_t) (redecoder->document->n_lines + shift));
        return builder_end(builder);
}

/* *ret_tried is how many bytes were decoded. */
static Document *try_cut(const Redecoder *redecoder, unsigned index, size_t limit, size_t *ret_tried)
{
        const Cut *cut = &redecoder->cuts[index];
        Text before = redecoder->before, after = redecoder->after;
        size_t start = cut_start(redecoder, cut), before_end = cut_end(redecoder, cut);
        size_t end = redecoder->edit.after_end + (before_end - redecoder->edit.before_end);
        Text lines = { after.data + start, end - start };
        g_autoptr(Document) part = NULL;
        int64_t shift;

        *ret_tried = lines.length;
        if (lines.length > limit || !begins_key(after, start, cut->map->column) ||
            (cut->end_line != END_OF_TEXT && !begins_key(before, before_end, cut->end_column)))
                return NULL;

        part = decode_part(redecoder, lines, cut->map->column);
        if (!part)
                return NULL;
        shift = (int64_t) count_lines(lines) -
                count_lines((Text){ before.data + start, before_end - start });
        return apply(redecoder, index, part, shift);
}

/* True if its lines can be found by counting: libyaml takes other characters for ends of lines, too. */
static bool counts_lines(const Redecoder *redecoder)
{
        return redecoder->document->is_separable && document_root(redecoder->document)->is_block &&
               redecoder->document->n_lines == count_lines(redecoder->before);
}

Document *redecode(const char *file, unsigned layer, Document *document, Text before, Text after)
{
        g_autoptr(Failure) refusal = NULL;
        Redecoder redecoder = {
                .file = file,
                .layer = layer,
                .document = document,
                .before = before,
                .after = after,
        };
        /* More than half would not be worth the trouble. */
        size_t limit = after.length / 2, tried;

        if (!counts_lines(&redecoder))
                return NULL;
        refusal = yaml_guard(after.data, after.length, file);
        if (refusal)
                return NULL;

        find_edit(&redecoder);
        find_cuts(&redecoder);
        for (unsigned i = redecoder.n_cuts; i-- > 0;) {
                Document *made = try_cut(&redecoder, i, limit, &tried);

                if (made)
                        return made;
                if (tried > limit)
                        return NULL;
                limit -= tried;
        }
        return NULL;
}
