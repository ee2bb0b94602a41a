/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Versions: names and life cycle
 *
 * The names are those on the bus and in the database alike, so neither depends on the order of an
 * enumeration.
 */
#include "daemon/store/version.h"

static const char *const origin_names[N_ORIGINS] = {
        [ORIGIN_REGISTER] = "register", [ORIGIN_FILE] = "file",         [ORIGIN_RELOAD] = "reload",
        [ORIGIN_APPLY] = "apply",       [ORIGIN_ROLLBACK] = "rollback", [ORIGIN_REVERT] = "revert",
        [ORIGIN_TIMEOUT] = "timeout",   [ORIGIN_FAILURE] = "failure",   [ORIGIN_STARTUP] = "startup",
};

static const char *const version_state_names[N_VERSION_STATES] = {
        [VERSION_ACTIVE] = "active",
        [VERSION_SUPERSEDED] = "superseded",
        [VERSION_ROLLED_BACK] = "rolled-back",
        [VERSION_REJECTED] = "rejected",
};

static bool find_name(const char *const *names, size_t n_names, const char *name, size_t *ret)
{
        for (size_t i = 0; i < n_names; i++) {
                if (g_str_equal(names[i], name)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

const char *origin_to_string(Origin origin)
{
        return origin_names[origin];
}

bool origin_from_string(const char *name, Origin *ret)
{
        size_t index;

        if (!find_name(origin_names, N_ORIGINS, name, &index))
                return false;

        *ret = (Origin) index;
        return true;
}

const char *version_state_to_string(VersionState state)
{
        return version_state_names[state];
}

bool version_state_from_string(const char *name, VersionState *ret)
{
        size_t index;

        if (!find_name(version_state_names, N_VERSION_STATES, name, &index))
                return false;

        *ret = (VersionState) index;
        return true;
}

AuditAction origin_to_audit_action(Origin origin)
{
        switch (origin) {
        case ORIGIN_REGISTER:
                return AUDIT_REGISTER;
        case ORIGIN_RELOAD:
                return AUDIT_RELOAD;
        case ORIGIN_APPLY:
                return AUDIT_APPLY;
        case ORIGIN_ROLLBACK:
                return AUDIT_ROLLBACK;
        case ORIGIN_REVERT:
                return AUDIT_REVERT;
        case ORIGIN_TIMEOUT:
        case ORIGIN_FAILURE:
                return AUDIT_RETURN;
        default:
                return AUDIT_CHANGE;
        }
}

Layer *layer_new(const char *file, Format format, GBytes *bytes)
{
        Layer *layer = g_new(Layer, 1);

        *layer = (Layer){
                .file = g_strdup(file),
                .format = format,
                .bytes = bytes ? g_bytes_ref(bytes) : NULL,
        };
        return layer;
}

Layer *layer_free(Layer *layer)
{
        if (!layer)
                return NULL;

        g_clear_pointer(&layer->bytes, g_bytes_unref);
        g_free(layer->file);
        g_free(layer);
        return NULL;
}

Version *version_new(void)
{
        Version *version = g_new(Version, 1);

        *version = (Version){
                .author.uid = (uid_t) -1,
        };
        return version;
}

Version *version_free(Version *version)
{
        if (!version)
                return NULL;

        g_clear_pointer(&version->layers, g_ptr_array_unref);
        g_free(version->separator);
        g_free(version->digest);
        g_free(version->label);
        g_free(version->message);
        g_free(version->author.unit);
        g_free(version);
        return NULL;
}
