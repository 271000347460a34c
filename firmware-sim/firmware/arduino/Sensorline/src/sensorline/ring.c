#include "ring.h"

#include <stddef.h>
#include <string.h>

#include "checksum.h"

static const struct sl_place *place;
static struct sl_memory *memory;

static struct sl_segment *current(void) {
    return &memory->segments[memory->used - 1];
}

const struct sl_place *sl_ring_place(void) {
    return place;
}

uint32_t sl_ring_boot(void) {
    return current()->boot;
}

uint32_t sl_ring_newest(void) {
    return current()->newest;
}

uint32_t sl_segment_first(const struct sl_segment *segment) {
    return segment->newest - segment->kept + 1;
}

uint16_t *sl_ring_lost(uint8_t segment) {
    return (uint16_t *)(void *)(memory + 1) + segment * place->channels;
}

uint8_t sl_ring_find(uint32_t boot) {
    for (uint8_t i = 0; i < memory->used; i++)
        if (memory->segments[i].boot == boot) return i;
    return SL_BOOTS;
}

static uint8_t *slot(sl_count position) {
    return (uint8_t *)sl_ring_lost(SL_BOOTS) + (uint16_t)position * SL_ENTRY_BYTES(place->value_bytes);
}

static sl_count wrapped(uint16_t position) {
    return (sl_count)(position < place->capacity ? position : position - place->capacity);
}

uint8_t *sl_ring_entry(sl_count index) {
    return slot(wrapped((uint16_t)(memory->first + index)));
}

static uint16_t total(void) {
    uint16_t entries = 0;
    for (uint8_t i = 0; i < memory->used; i++) entries = (uint16_t)(entries + memory->segments[i].kept);
    return entries;
}

/* Of an entry in its place: one that moved, or is there twice, is found, too. */
static uint16_t entry_check(sl_count position) {
    const uint8_t *entry = slot(position);
    uint8_t last = (uint8_t)(SL_ENTRY_BYTES(place->value_bytes) - 1);
    uint8_t channel = entry[last] & (uint8_t)~SL_ASKED;
    return sl_crc16(sl_crc16((uint16_t)(position + 1), entry, last), &channel, 1);
}

static uint16_t header_check(void) {
    return sl_crc16(place->layout, memory, offsetof(struct sl_memory, check));
}

/* What comes before is written before; a compiler does not know of resets. */
static void in_this_order(void) {
    __asm__ volatile("" ::: "memory");
}

static void open(uint8_t index) {
    in_this_order();
    memcpy(&memory->undo.segment, &memory->segments[index], sizeof *memory->segments);
    memory->undo.index = index;
    memory->undo.first = memory->first;
    memory->undo.sum = memory->sum;
    memory->undo.check = memory->check;
    in_this_order();
}

static void close(void) {
    in_this_order();
    memory->check = header_check();
    in_this_order();
    memory->undo.index = SL_BOOTS; /* no change is under way */
}

static bool undo(void) {
    if (memory->undo.index >= SL_BOOTS) return false;
    memcpy(&memory->segments[memory->undo.index], &memory->undo.segment, sizeof *memory->segments);
    memory->first = memory->undo.first;
    memory->sum = memory->undo.sum;
    memory->check = memory->undo.check;
    return memory->check == header_check();
}

static bool is_whole(void) {
    if (memory->check != header_check() && !undo()) return false;
    if (!memory->used || memory->used > SL_BOOTS || total() > place->capacity) return false;
    uint16_t sum = 0;
    for (uint16_t i = 0; i < total(); i++) sum = (uint16_t)(sum + entry_check(wrapped((uint16_t)(memory->first + i))));
    return sum == memory->sum;
}

/* The oldest entry goes, which is of that segment. Between open and close. */
static void drop_first(struct sl_segment *segment) {
    memory->sum = (uint16_t)(memory->sum - entry_check(memory->first));
    memory->first = wrapped((uint16_t)(memory->first + 1));
    segment->kept--;
}

/* What is safe and lies at the ring's beginning goes. */
static void free_front(void) {
    for (uint8_t i = 0; i < memory->used; i++) {
        struct sl_segment *segment = &memory->segments[i];
        if (!segment->kept) continue;
        if (segment->acked < sl_segment_first(segment)) return;
        open(i);
        while (segment->kept && segment->acked >= sl_segment_first(segment)) drop_first(segment);
        close();
        if (segment->kept) return;
    }
}

static void overwrite_oldest(void) {
    uint8_t i = 0;
    while (!memory->segments[i].kept) i++;
    uint8_t channel = slot(memory->first)[SL_ENTRY_BYTES(place->value_bytes) - 1] & (uint8_t)~SL_ASKED;
    uint16_t *lost = sl_ring_lost(i) + channel;
    open(i);
    drop_first(&memory->segments[i]);
    close();
    if (*lost < UINT16_MAX) ++*lost;
    free_front();
}

/* A segment goes, with what may be left of it. */
static void forget_segment(uint8_t index) {
    while (memory->segments[index].kept) drop_first(&memory->segments[index]);
    uint8_t after = (uint8_t)(memory->used - index - 1);
    memmove(&memory->segments[index], &memory->segments[index + 1], after * sizeof *memory->segments);
    memmove(sl_ring_lost(index), sl_ring_lost((uint8_t)(index + 1)), 2u * after * place->channels);
    memory->used--;
}

/* Those of which nothing is left to say go; of the others it is noted how long ago their boots were. The boot that
 * has just ended stays if there is room: that it is named tells that nothing of it was lost. */
static void age_segments(void) {
    uint8_t ended = (uint8_t)(memory->used - 1);
    bool full = memory->used == SL_BOOTS;
    for (uint8_t i = memory->used; i--;) {
        struct sl_segment *segment = &memory->segments[i];
        segment->before += memory->running;
        if (segment->acked == segment->newest && !segment->kept && (i < ended || full)) forget_segment(i);
    }
    if (memory->used == SL_BOOTS) forget_segment(0);
}

void sl_ring_start(const struct sl_place *given, uint32_t boot, bool trusted) {
    place = given;
    memory = given->memory;
    if (trusted && is_whole()) {
        age_segments();
    } else {
        memset(memory, 0, sizeof *memory);
        memset(sl_ring_lost(0), 0, 2u * SL_BOOTS * place->channels);
    }
    memory->used++;
    memset(current(), 0, sizeof *current());
    current()->boot = boot;
    memset(sl_ring_lost((uint8_t)(memory->used - 1)), 0, 2u * place->channels);
    memory->running = 0;
    close();
    for (uint16_t i = 0; i < total(); i++)
        sl_ring_entry((sl_count)i)[SL_ENTRY_BYTES(place->value_bytes) - 1] &= (uint8_t)~SL_ASKED;
}

void sl_ring_note(uint32_t now_ms) {
    /* Seldom, so that hardly ever a reset falls between its four bytes. */
    if (now_ms - memory->running >= 8) memory->running = now_ms;
}

void sl_ring_acknowledge(uint32_t boot, uint32_t seq) {
    uint8_t index = sl_ring_find(boot);
    if (index == SL_BOOTS) return;
    struct sl_segment *segment = &memory->segments[index];
    if (seq > segment->newest) seq = segment->newest;
    /* What is lost is told until all of it is acknowledged: of a part it is not known how many were of which channel. */
    if (seq <= segment->acked || seq + 1 < sl_segment_first(segment)) return;
    open(index);
    segment->acked = seq;
    close();
    memset(sl_ring_lost(index), 0, 2u * place->channels);
    free_front();
}

uint32_t sl_ring_keep(uint8_t channel, struct sl_time time, int32_t hundredths, enum sl_fault fault) {
    uint16_t entries = total();
    if (entries == place->capacity) {
        overwrite_oldest();
        entries = total();
    }
    sl_count position = wrapped((uint16_t)(memory->first + entries));
    uint8_t *entry = slot(position);
    if (fault) hundredths = (place->value_bytes == 2 ? INT16_MIN : INT32_MIN) + (int32_t)fault;
    memcpy(entry, &time.ms, 4);
    memcpy(entry + 4, &hundredths, place->value_bytes); /* the low bytes: all these chips are little-endian */
    entry[4 + place->value_bytes] = channel;
    open((uint8_t)(memory->used - 1));
    struct sl_segment *segment = current();
    segment->newest++;
    segment->kept++;
    segment->high = time.high;
    memory->sum = (uint16_t)(memory->sum + entry_check(position));
    close();
    return segment->newest;
}
