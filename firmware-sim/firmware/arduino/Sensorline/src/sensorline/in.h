/* Lines from the gateway, and their fields. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Takes the next byte; gives the body of a good line when its LF has come, else NULL. The body is the caller's
 * until the next byte, and may be written on. */
char *sl_in_take(uint8_t byte);

/* Cuts the next field off; an empty text where there is none, or where two spaces follow each other. */
char *sl_in_field(char **rest);

/* Whether the text is a number (docs/protocol.md, section 2); one beyond 32 bits becomes the largest of them. */
bool sl_in_number(const char *text, uint32_t *number);
