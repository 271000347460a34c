/* Who the board is, and how often it has started: in EEPROM, which outlives the loss of power.
 *
 * 0: {u32 identity, u16 checksum}, then BOOT_CELLS times {u32 boot, u16 checksum}. A start writes the next cell, so
 * that each wears a sixteenth: EEPROM stands 100,000 writes a cell, so 1.6 million starts. A power cut in the middle
 * of a write leaves a cell whose checksum is wrong; the largest number of the others is counted on. */
#pragma once
#include <stdint.h>

#include "apart.h"

enum { SL_BOOT_CELLS = 16, SL_CELL_BYTES = 6, SL_LASTING_BYTES = SL_CELL_BYTES * (1 + SL_BOOT_CELLS) };

SL_APART uint32_t sl_identity(void); /* random, made at the first start */
SL_APART uint32_t sl_next_boot(void);
