# SPDX-License-Identifier: LGPL-2.1-or-later
"""Schemas to measure with, and a document for the larger of them.

The inventory is six levels deep, regions down to checks, with objects of some dozen properties at each. Only
what draft 7 and 2020-12 agree on is used, so that every validator is asked the same. The tenants are those
of corpus.c.
"""

import random

# What there is at each level, and how many of it in each of the level above.
LEVELS = (("regions", 4), ("zones", 4), ("racks", 4), ("hosts", 6), ("services", 4), ("checks", 1))
TIERS = ("free", "team", "business", "enterprise")
STATES = ("planned", "active", "draining", "retired")
WORDS = ("north", "south", "cold", "spare", "metered", "shared", "leased", "audited")


def record(properties, **others):
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
        **others,
    }


def integer(low, high):
    return {"type": "integer", "minimum": low, "maximum": high}


def string(pattern, longest):
    return {"type": "string", "pattern": pattern, "maxLength": longest}


def level_schema(depth):
    properties = {
        "name": string("^[a-z]+-[0-9]{1,6}$", 40),
        "id": string("^[0-9a-f]{8}-[0-9a-f]{12}$", 21),
        "state": {"type": "string", "enum": list(STATES)},
        "tier": {"enum": list(TIERS)},
        "enabled": {"type": "boolean"},
        "weight": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        "capacity": integer(1, 1000 * (len(LEVELS) - depth)),
        "timeout-ms": {**integer(100, 60000), "multipleOf": 10},
        "address": string(r"^([0-9]{1,3}\.){3}[0-9]{1,3}(:[0-9]{1,5})?$", 21),
        "since": string("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", 10),
        "owner": {"type": ["string", "null"], "minLength": 3, "maxLength": 64},
        "labels": {
            "type": "array", "minItems": 1, "maxItems": 4, "items": {"type": "string", "enum": list(WORDS)},
        },
    }
    if depth + 1 < len(LEVELS):
        below, count = LEVELS[depth + 1]
        properties[below] = {
            "type": "array", "minItems": 1, "maxItems": 4 * count, "items": {"$ref": f"#/$defs/{below}"},
        }
    return record(properties)


def inventory_schema():
    kind = LEVELS[0][0]
    regions = {"type": "array", "minItems": 1, "items": {"$ref": f"#/$defs/{kind}"}}
    # Written into each other they would be nested deeper than a document may be.
    levels = {name: level_schema(depth) for depth, (name, _) in enumerate(LEVELS)}
    return record({kind: regions}, **{"$defs": levels})


def level_document(any_, depth, serial):
    kind, count = LEVELS[depth]
    found = []
    for _ in range(count):
        serial[0] += 1
        port = f":{any_.randint(1024, 65535)}" if any_.random() < 0.5 else ""
        entry = {
            "name": f"{kind}-{serial[0]}",
            "id": f"{any_.getrandbits(32):08x}-{any_.getrandbits(48):012x}",
            "state": any_.choice(STATES),
            "tier": any_.choice(TIERS),
            "enabled": any_.random() < 0.8,
            "weight": round(any_.random() * 0.9999, 4),
            "capacity": any_.randint(1, 1000),
            "timeout-ms": any_.randint(10, 6000) * 10,
            "address": ".".join(str(any_.randint(1, 254)) for _ in range(4)) + port,
            "since": f"20{any_.randint(10, 25)}-{any_.randint(1, 12):02}-{any_.randint(1, 28):02}",
            "owner": any_.choice((None, "platform-team", "storage-team")),
            "labels": any_.sample(WORDS, any_.randint(1, 4)),
        }
        if depth + 1 < len(LEVELS):
            entry[LEVELS[depth + 1][0]] = level_document(any_, depth + 1, serial)
        found.append(entry)
    return found


def inventory_document():
    """The same one each time."""
    return {LEVELS[0][0]: level_document(random.Random(1), 0, [0])}


def tenants_schema():
    tenant = record({
        "tier": {"type": "string", "enum": list(TIERS)},
        "enabled": {"type": "boolean"},
        "timeout-ms": integer(100000, 999999),
        "sampling": {"type": "number", "minimum": 0, "maximum": 1},
        "owner": {"type": ["string", "null"]},
        "database": record({
            "address": string(r"^db[0-9]{2}\.region\.example:[0-9]{4,5}$", 64),
            "pool": integer(1, 200),
            "comment": {"type": "string", "maxLength": 200},
        }),
        "features": {
            "type": "array", "maxItems": 2, "items": {"type": "string", "pattern": "^[a-z-]+$"},
        },
    })
    region = {
        "type": "object",
        "propertyNames": {"pattern": "^tenant-[0-9]{6}$"},
        "additionalProperties": tenant,
    }
    return {
        "type": "object",
        "propertyNames": {"pattern": "^region-[0-9]{4}$"},
        "additionalProperties": region,
    }


def count_rules(schema):
    """How many keywords demand something, each required property counted by itself."""
    rules = 0
    for keyword, value in schema.items():
        if isinstance(value, dict):
            rules += count_rules(value)
        elif keyword == "required":
            rules += len(value)
        elif keyword != "$ref":
            rules += 1
    return rules


def count_objects(value):
    if isinstance(value, dict):
        return 1 + sum(map(count_objects, value.values()))
    if isinstance(value, list):
        return sum(map(count_objects, value))
    return 0
