/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/metaschema.h"

#include "daemon/model/decode.h"

#include <string.h>

#define BASE "https://json-schema.org/draft/2020-12/"

static const struct {
        const char *uri;
        const char *text;
} metaschemas[METASCHEMA_COUNT] = {
        {
                        BASE "schema",
#include "daemon/model/schema/metaschema-schema.inc"
        },
        {
                        BASE "meta/applicator",
#include "daemon/model/schema/metaschema-applicator.inc"
        },
        {
                        BASE "meta/content",
#include "daemon/model/schema/metaschema-content.inc"
        },
        {
                        BASE "meta/core",
#include "daemon/model/schema/metaschema-core.inc"
        },
        {
                        BASE "meta/format-annotation",
#include "daemon/model/schema/metaschema-format-annotation.inc"
        },
        {
                        BASE "meta/meta-data",
#include "daemon/model/schema/metaschema-meta-data.inc"
        },
        {
                        BASE "meta/unevaluated",
#include "daemon/model/schema/metaschema-unevaluated.inc"
        },
        {
                        BASE "meta/validation",
#include "daemon/model/schema/metaschema-validation.inc"
        },
};

const char *metaschema_uri(size_t index)
{
        return metaschemas[index].uri;
}

Document *metaschema_document(size_t index)
{
        const char *text = metaschemas[index].text;
        Document *document = NULL;
        g_autoptr(Failure) failure =
                        decode(FORMAT_JSON, metaschemas[index].uri, 0, text, strlen(text), NULL, &document);

        /* It is part of the program. */
        if (failure)
                g_assert_not_reached();
        return document;
}

bool metaschema_is(const char *uri)
{
        for (size_t i = 0; i < METASCHEMA_COUNT; i++)
                if (strcmp(metaschemas[i].uri, uri) == 0)
                        return true;
        return false;
}
