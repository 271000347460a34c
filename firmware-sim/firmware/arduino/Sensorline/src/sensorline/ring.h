/* Readings that are kept until the gateway has acknowledged them (docs/protocol.md, section 7).
 *
 * The memory is the caller's and is not cleared when the chip is reset. It holds a header, how many readings were
 * overwritten by boot and channel, and the entries: {u32 ms, i16 or i32 hundredths, u8 channel}, oldest first.
 * Entries of one boot follow each other without a hole, so *seq* need not be stored.
 *
 * The header has a checksum, which covers the entries by a sum of theirs. Before a change the one segment that it
 * touches is copied to `undo`: after a reset in the middle, that brings back what was there before. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "apart.h"
#include "clock.h"
#include "fault.h"

#if defined(__AVR__)
typedef uint8_t sl_count; /* of entries; a chip of 2 KiB has no room for more than 255 */
#else
typedef uint16_t sl_count;
#endif

enum { SL_BOOTS = 5 }; /* this one and four before it */

struct sl_segment {   /* what is kept of one boot */
    uint32_t boot;
    uint32_t newest;  /* *seq* of the newest reading; the oldest kept is newest - kept + 1 */
    uint32_t acked;   /* up to there it is safe; what is between that and the oldest kept is lost */
    uint32_t before;  /* milliseconds from that boot's zero to this boot's, as far as the board ran */
    sl_count kept;    /* entries in the ring */
    uint8_t high;     /* of the newest reading's time: what does not fit 32 bits */
};

struct sl_memory {
    struct sl_segment segments[SL_BOOTS]; /* oldest first */
    uint8_t used;                         /* segments; the last is this boot's */
    sl_count first;                       /* where the oldest entry lies */
    uint16_t sum;                         /* of the entries' checksums */
    uint16_t check;                       /* of all above, and of what the memory is for */
    struct {
        struct sl_segment segment;
        uint8_t index;
        sl_count first;
        uint16_t sum, check;
    } undo;
    uint32_t running; /* this boot's latest millisecond; no part of the check */
};

/* Bytes of memory for so many readings of so many channels, with values of 2 or 4 bytes. */
#define SL_ENTRY_BYTES(value_bytes) (4 + (value_bytes) + 1)
#define SL_MEMORY_BYTES(capacity, value_bytes, channels) \
    (sizeof(struct sl_memory) + 2 * SL_BOOTS * (channels) + (capacity) * SL_ENTRY_BYTES(value_bytes))

struct sl_place { /* where the ring lies and what it is for */
    struct sl_memory *memory;
    sl_count capacity;    /* readings, at least 1 */
    uint8_t value_bytes;  /* 2 or 4 */
    uint8_t channels;
    uint16_t layout;      /* of the sketch: another one does not use what this one kept */
};

struct sl_kept { /* one reading, as it was */
    struct sl_time time; /* by the clock of its boot */
    uint32_t boot, seq, age_ms; /* age: of an earlier boot's */
    int32_t hundredths;
    enum sl_fault fault;
    uint8_t channel;
    bool earlier; /* of an earlier boot */
};

/* Begin a boot. `trusted`: the memory may hold what was kept; false after power came on. */
void sl_ring_start(const struct sl_place *place, uint32_t boot, bool trusted);

/* Note how late it is, for the age of what is kept, should this boot end now. */
void sl_ring_note(uint32_t now_ms);

/* Keep a reading; gives its *seq*. `hundredths` must fit the ring's values (sl_ring_fits). */
SL_APART uint32_t sl_ring_keep(uint8_t channel, struct sl_time time, int32_t hundredths, enum sl_fault fault);
bool sl_ring_fits(int32_t hundredths);

uint32_t sl_ring_boot(void);   /* this boot's number */
uint32_t sl_ring_newest(void); /* this boot's newest *seq*, 0: none */

/* Everything of that boot up to *seq* may be forgotten; nothing, if more than that was overwritten. */
void sl_ring_acknowledge(uint32_t boot, uint32_t seq);

/* For the ring's other files. */
const struct sl_place *sl_ring_place(void);
uint32_t sl_segment_first(const struct sl_segment *segment); /* *seq* of the oldest entry */
uint8_t *sl_ring_entry(sl_count index);                      /* counted from the oldest */
uint16_t *sl_ring_lost(uint8_t segment);                     /* how many were overwritten, by channel */
void sl_ring_read(uint8_t segment, sl_count index, uint32_t now_ms, struct sl_kept *kept);
uint8_t sl_ring_find(uint32_t boot);                         /* its segment, SL_BOOTS: none */

enum { SL_ASKED = 0x80 }; /* in an entry's channel: to be sent again; no part of any checksum */
