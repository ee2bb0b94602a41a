/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/scan.h"

#include <yaml.h>

bool scan_yaml(const char *text, size_t length)
{
        yaml_event_type_t type = YAML_NO_EVENT;
        yaml_parser_t parser;
        yaml_event_t event;
        bool good = true;

        if (!yaml_parser_initialize(&parser))
                return false;
        yaml_parser_set_input_string(&parser, (const unsigned char *) text, length);
        while (good && type != YAML_STREAM_END_EVENT) {
                good = yaml_parser_parse(&parser, &event);
                if (good) {
                        type = event.type;
                        yaml_event_delete(&event);
                }
        }
        yaml_parser_delete(&parser);
        return good;
}
