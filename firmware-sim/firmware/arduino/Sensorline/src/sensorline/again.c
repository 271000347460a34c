#include "again.h"

#include "channels.h"
#include "out.h"
#include "ring.h"

enum { NUMBERS = 3 * 11 }; /* bytes of three numbers of 32 bits and the spaces before them */

static uint8_t gaps_asked; /* a bit for each segment: its G is to be sent */
static struct {            /* readings of which nothing is known any more; one range: the others are asked for again */
    uint32_t boot, from, to;
} unknown;

static struct sl_memory *memory(void) {
    return sl_ring_place()->memory;
}

static uint8_t *mark(uint8_t *entry) {
    return entry + SL_ENTRY_BYTES(sl_ring_place()->value_bytes) - 1;
}

static sl_count entries_before(uint8_t segment) {
    sl_count entries = 0;
    for (uint8_t i = 0; i < segment; i++) entries = (sl_count)(entries + memory()->segments[i].kept);
    return entries;
}

static uint32_t larger(uint32_t one, uint32_t other) {
    return one > other ? one : other;
}

static void ask_gap(uint8_t segment) {
    const struct sl_segment *of = &memory()->segments[segment];
    if (of->acked + 1 < sl_segment_first(of)) gaps_asked |= (uint8_t)(1 << segment);
}

/* Mark what is kept of the segment between those two, both included. */
static void ask_entries(uint8_t segment, uint32_t from, uint32_t to) {
    const struct sl_segment *of = &memory()->segments[segment];
    uint32_t first = sl_segment_first(of);
    from = larger(larger(from, first), of->acked + 1);
    if (to > of->newest) to = of->newest;
    for (uint32_t seq = from; seq <= to; seq++)
        *mark(sl_ring_entry((sl_count)(entries_before(segment) + (sl_count)(seq - first)))) |= SL_ASKED;
}

static void say_kept(uint8_t segment) {
    const struct sl_segment *of = &memory()->segments[segment];
    sl_out_number(of->boot);
    sl_out_number(larger(sl_segment_first(of), of->acked + 1));
    sl_out_number(of->newest);
}

void sl_again_all(void) {
    uint8_t current = (uint8_t)(memory()->used - 1);
    say_kept(current);
    for (uint8_t i = 0; i <= current; i++) {
        const struct sl_segment *of = &memory()->segments[i];
        ask_gap(i);
        ask_entries(i, 1, of->newest);
        if (i < current && (of->acked < of->newest || i + 1 == current) && sl_out_room() >= NUMBERS) say_kept(i);
    }
}

void sl_again_some(uint32_t boot, uint32_t from, uint32_t to) {
    uint8_t segment = sl_ring_find(boot);
    if (segment == SL_BOOTS) return; /* of one that is forgotten all may have been acknowledged */
    const struct sl_segment *of = &memory()->segments[segment];
    from = larger(from, of->acked + 1); /* what was acknowledged is not lost */
    if (from > to) return;
    ask_entries(segment, from, to);
    if (from < sl_segment_first(of)) ask_gap(segment);
    if (to <= of->newest || segment + 1 == memory()->used || unknown.boot) return;
    from = larger(from, of->newest + 1);
    unknown.boot = boot;
    unknown.from = from;
    unknown.to = to;
}

static void say_gap(uint32_t boot, uint32_t from, uint32_t to) {
    sl_out_line('G');
    sl_out_number(boot);
    sl_out_number(from);
    sl_out_number(to);
}

/* How many of which channel is told if it is known of each: more than 65,535 are not counted. */
static void send_gap(uint8_t segment) {
    const struct sl_segment *of = &memory()->segments[segment];
    const uint16_t *lost = sl_ring_lost(segment);
    uint32_t from = of->acked + 1, to = sl_segment_first(of) - 1, known = 0;
    if (from > to) return;
    say_gap(of->boot, from, to);
    for (uint8_t i = 0; i < sl_ring_place()->channels; i++) known += lost[i];
    for (uint8_t i = 0; i < sl_ring_place()->channels && known == to - from + 1; i++) {
        if (!lost[i]) continue;
        sl_channel_name(i);
        sl_out_number(lost[i]);
    }
    sl_out_end();
}

static void send_kept(uint8_t segment, sl_count index, uint32_t now_ms) {
    struct sl_kept kept;
    sl_ring_read(segment, index, now_ms, &kept);
    sl_out_line('B');
    sl_out_number(kept.boot);
    sl_channel_name(kept.channel);
    sl_out_number(kept.seq);
    sl_out_time(kept.time);
    sl_channel_result(kept.hundredths, kept.fault);
    if (kept.earlier) sl_out_number(kept.age_ms);
    sl_out_end();
}

void sl_again_step(uint32_t now_ms) {
    if (unknown.boot) {
        say_gap(unknown.boot, unknown.from, unknown.to);
        sl_out_end();
        unknown.boot = 0;
        return;
    }
    sl_count entry = 0;
    for (uint8_t segment = 0; segment < memory()->used; segment++) {
        if (gaps_asked & 1 << segment) {
            gaps_asked &= (uint8_t)~(1 << segment);
            send_gap(segment);
            return;
        }
        const struct sl_segment *of = &memory()->segments[segment];
        for (sl_count i = 0; i < of->kept; i++, entry++) {
            uint8_t *channel = mark(sl_ring_entry(entry));
            if (!(*channel & SL_ASKED)) continue;
            *channel &= (uint8_t)~SL_ASKED;
            if (sl_segment_first(of) + i <= of->acked) continue; /* since it was asked for */
            send_kept(segment, i, now_ms);
            return;
        }
    }
}
