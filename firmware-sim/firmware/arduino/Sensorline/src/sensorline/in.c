#include "in.h"

#include <string.h>

#include "checksum.h"

enum { MAX_BODY = 148, CHECKSUM = 8, MAX_DIGITS = 16 };

static char line[MAX_BODY + 1 + CHECKSUM + 1]; /* body, '*', checksum, and a byte that shows that it is too long */
static uint8_t used = sizeof line;

/* A line goes from the last '$' to LF; a damaged one is dropped without a word. */
static bool is_good(void) {
    if (used < 1 + 1 + CHECKSUM || used == sizeof line) return false;
    uint8_t body = (uint8_t)(used - 1 - CHECKSUM);
    if (line[body] != '*') return false;
    uint32_t crc = SL_CRC32_START;
    for (uint8_t i = 0; i < body; i++) crc = sl_crc32(crc, (uint8_t)line[i]);
    crc = ~crc;
    for (uint8_t i = 1; i <= CHECKSUM; i++, crc <<= 4)
        if (line[body + i] != sl_hex_digit((uint8_t)(crc >> 28))) return false;
    line[body] = '\0';
    return true;
}

char *sl_in_take(uint8_t byte) {
    if (byte == '$') {
        used = 0;
    } else if (byte == '\n') {
        bool good = is_good();
        used = sizeof line;
        return good ? line : NULL;
    } else if (byte != '\r' && used < sizeof line) {
        line[used++] = (char)byte;
    }
    return NULL;
}

char *sl_in_field(char **rest) {
    char *field = *rest, *end = strchr(field, ' ');
    if (end) {
        *end = '\0';
        *rest = end + 1;
    } else {
        *rest = field + strlen(field);
    }
    return field;
}

bool sl_in_number(const char *text, uint32_t *number) {
    uint8_t count = 0;
    *number = 0;
    if (text[0] == '0' && text[1]) return false;
    for (; *text; text++, count++) {
        uint8_t digit = (uint8_t)(*text - '0');
        if (digit > 9 || count == MAX_DIGITS) return false;
        bool fits = *number < UINT32_MAX / 10 || (*number == UINT32_MAX / 10 && digit <= UINT32_MAX % 10);
        *number = fits ? *number * 10 + digit : UINT32_MAX;
    }
    return count > 0;
}
