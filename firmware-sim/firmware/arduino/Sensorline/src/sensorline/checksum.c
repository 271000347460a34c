#include "checksum.h"

#include "flash.h"

/* Four bits at a time: 64 bytes of flash, 7 us a byte at 16 MHz; a bit at a time would be 10.5 us. */
static const uint32_t table[16] PROGMEM = {
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
    0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
};

static uint32_t half(uint32_t crc) {
    uint32_t entry;
    memcpy_P(&entry, &table[crc & 15], sizeof entry);
    return crc >> 4 ^ entry;
}

uint32_t sl_crc32(uint32_t crc, uint8_t byte) {
    return half(half(crc ^ byte));
}

/* A step of CRC-16/ARC (polynomial 0xA001, reflected). avr-libc has it in assembler, three times as quick. */
#if defined(__AVR__)
#include <util/crc16.h>
#define crc16_step _crc16_update
#else
static uint16_t crc16_step(uint16_t crc, uint8_t byte) {
    crc ^= byte;
    for (uint8_t bit = 0; bit < 8; bit++) crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
    return crc;
}
#endif

uint16_t sl_crc16(uint16_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    while (count--) crc = crc16_step(crc, *next++);
    return crc;
}

char sl_hex_digit(uint8_t value) {
    value &= 15;
    return (char)(value < 10 ? '0' + value : 'A' + value - 10);
}
