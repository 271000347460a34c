#include "identity.h"

#include <stdbool.h>
#include <string.h>

#include "checksum.h"
#include "hardware.h"

enum { CHECK_START = 0x534C }; /* so that neither 0x00 nor 0xFF all over is a good cell */

static uint16_t check(uint32_t number) {
    return sl_crc16(CHECK_START, &number, sizeof number);
}

static bool load(uint8_t cell, uint32_t *number) {
    uint8_t bytes[SL_CELL_BYTES];
    uint16_t stored;
    for (uint8_t i = 0; i < SL_CELL_BYTES; i++) bytes[i] = sl_lasting_read((uint16_t)(cell * SL_CELL_BYTES + i));
    memcpy(number, bytes, sizeof *number);
    memcpy(&stored, bytes + sizeof *number, sizeof stored);
    return stored == check(*number);
}

static void store(uint8_t cell, uint32_t number) {
    uint8_t bytes[SL_CELL_BYTES];
    uint16_t sum = check(number);
    memcpy(bytes, &number, sizeof number);
    memcpy(bytes + sizeof number, &sum, sizeof sum);
    for (uint8_t i = 0; i < SL_CELL_BYTES; i++) sl_lasting_write((uint16_t)(cell * SL_CELL_BYTES + i), bytes[i]);
    sl_lasting_done();
}

uint32_t sl_identity(void) {
    uint32_t identity;
    if (!load(0, &identity)) {
        identity = sl_random();
        store(0, identity);
    }
    return identity;
}

uint32_t sl_next_boot(void) {
    uint32_t newest = 0, boot;
    uint8_t at = 0;
    for (uint8_t i = 0; i < SL_BOOT_CELLS; i++)
        if (load((uint8_t)(1 + i), &boot) && boot > newest) {
            newest = boot;
            at = i;
        }
    newest = newest < UINT32_MAX ? newest + 1 : 1;
    store((uint8_t)(1 + (at + 1) % SL_BOOT_CELLS), newest);
    return newest;
}
