/* CRC-32 of lines (docs/protocol.md, section 1) and CRC-16 of what is kept, a byte at a time. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SL_CRC32_START 0xFFFFFFFFu /* and inverted at the end */

uint32_t sl_crc32(uint32_t crc, uint8_t byte);
uint16_t sl_crc16(uint16_t crc, const void *bytes, size_t count);
char sl_hex_digit(uint8_t value); /* of the lowest four bits */
