#include "out.h"

#include <stdbool.h>

#include "checksum.h"
#include "flash.h"
#include "hardware.h"

enum { MAX_BODY = 148 };

static uint32_t crc;
static uint8_t used; /* bytes of the body that were sent */

static const uint32_t powers[] PROGMEM = {
    1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1,
};
enum { POWERS = sizeof powers / sizeof *powers };

static void put(char byte) {
    if (used == MAX_BODY) return;
    used++;
    crc = sl_crc32(crc, (uint8_t)byte);
    sl_send((uint8_t)byte);
}

uint8_t sl_out_room(void) {
    return (uint8_t)(MAX_BODY - used);
}

void sl_out_line(char letter) {
    crc = SL_CRC32_START;
    used = 0;
    sl_send('$');
    put(letter);
}

void sl_out_text(const char *text) {
    put(' ');
    while (*text) put(*text++);
}

static void constant(const char *text) {
    for (char byte; (byte = (char)pgm_read_byte(text)); text++) put(byte);
}

void sl_out_constant(const char *text) {
    put(' ');
    constant(text);
}

void sl_out_fault(const char *word) {
    put(' ');
    put('!');
    constant(word);
}

/* The digits of a number from the given power of ten down: subtracting is quicker than dividing on a chip
 * that cannot divide, and gives the first digit first, so that none needs to wait in memory. */
static void digits(uint32_t number, uint8_t power, bool leading) {
    for (; power < POWERS; power++) {
        uint32_t unit;
        memcpy_P(&unit, &powers[power], sizeof unit);
        char digit = '0';
        for (; number >= unit; number -= unit) digit++;
        leading = leading && digit == '0' && power < POWERS - 1;
        if (!leading) put(digit);
    }
}

void sl_out_number(uint32_t number) {
    put(' ');
    digits(number, 0, true);
}

/* high * 2^32 + ms in millions and the rest; 2^32 is 4,294 millions and 967,296. */
void sl_out_time(struct sl_time time) {
    if (!time.high) {
        sl_out_number(time.ms);
        return;
    }
    uint32_t rest = time.high * (uint32_t)967296 + time.ms % 1000000;
    sl_out_number(time.high * (uint32_t)4294 + time.ms / 1000000 + rest / 1000000);
    digits(rest % 1000000, POWERS - 6, false);
}

void sl_out_value(int32_t hundredths) {
    uint32_t size = hundredths < 0 ? 0u - (uint32_t)hundredths : (uint32_t)hundredths;
    put(' ');
    if (hundredths < 0) put('-');
    uint32_t whole = size / 100;
    digits(whole, 0, true);
    put('.');
    digits(size - whole * 100, POWERS - 2, false);
}

void sl_out_end(void) {
    sl_send('*');
    crc = ~crc;
    for (uint8_t i = 0; i < 8; i++, crc <<= 4) sl_send((uint8_t)sl_hex_digit((uint8_t)(crc >> 28)));
    sl_send('\n');
}
