/* A kept reading, as it was. */
#include <string.h>

#include "ring.h"

enum { FAULTS = 8 }; /* the least values stand for faults */

static int32_t least(void) {
    return sl_ring_place()->value_bytes == 2 ? INT16_MIN : INT32_MIN;
}

bool sl_ring_fits(int32_t hundredths) {
    if (sl_ring_place()->value_bytes == 2 && hundredths > INT16_MAX) return false;
    return hundredths >= least() + FAULTS;
}

static int32_t stored(const uint8_t *entry) {
    if (sl_ring_place()->value_bytes == 2) {
        int16_t narrow;
        memcpy(&narrow, entry + 4, sizeof narrow);
        return narrow;
    }
    int32_t wide;
    memcpy(&wide, entry + 4, sizeof wide);
    return wide;
}

static uint32_t stored_ms(const uint8_t *entry) {
    uint32_t ms;
    memcpy(&ms, entry, sizeof ms);
    return ms;
}

/* `index` is counted within the segment. */
void sl_ring_read(uint8_t number, sl_count index, uint32_t now_ms, struct sl_kept *kept) {
    const struct sl_memory *memory = sl_ring_place()->memory;
    const struct sl_segment *segment = &memory->segments[number];
    sl_count before = 0;
    for (uint8_t i = 0; i < number; i++) before = (sl_count)(before + memory->segments[i].kept);
    const uint8_t *entry = sl_ring_entry((sl_count)(before + index));
    const uint8_t *newest = sl_ring_entry((sl_count)(before + segment->kept - 1));
    uint32_t ms = stored_ms(entry);
    int32_t value = stored(entry);
    kept->time.ms = ms;
    kept->time.high = (uint8_t)(segment->high - (ms > stored_ms(newest)));
    kept->boot = segment->boot;
    kept->seq = sl_segment_first(segment) + index;
    kept->earlier = number + 1 < memory->used;
    kept->age_ms = now_ms + segment->before - ms;
    if (kept->age_ms > UINT32_MAX - 8) kept->age_ms = 0; /* `running`, so `before`, is up to 7 ms behind */
    kept->hundredths = value;
    kept->fault = value < least() + FAULTS ? (enum sl_fault)(value - least()) : SL_NONE;
    kept->channel = entry[4 + sl_ring_place()->value_bytes] & (uint8_t)~SL_ASKED;
}
