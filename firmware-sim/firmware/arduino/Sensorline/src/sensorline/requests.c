#include "requests.h"

#include <string.h>

#include "again.h"
#include "board.h"
#include "channels.h"
#include "clock.h"
#include "flash.h"
#include "in.h"
#include "out.h"
#include "ring.h"

static void refuse(uint16_t id, const char *code, const char *text) {
    sl_out_line('E');
    sl_out_number(id);
    sl_out_constant(code);
    sl_out_text(text);
    sl_out_end();
}

static void refuse_argument(uint16_t id) {
    sl_out_line('E');
    sl_out_number(id);
    sl_out_constant(PSTR("bad_argument a field is missing or wrong"));
    sl_out_end();
}

static void answer_ping(uint16_t id) {
    sl_out_line('A');
    sl_out_number(id);
    sl_out_number(sl_ring_boot());
    sl_out_time(sl_time_now());
    sl_out_number(sl_ring_newest());
    sl_out_end();
}

static void answer_again(uint16_t id) {
    sl_out_line('A');
    sl_out_number(id);
    sl_again_all();
    sl_out_end();
}

/* `read` and `interval`: of a channel. */
static void answer_channel(uint16_t id, bool interval, char *rest) {
    const char *name = sl_in_field(&rest);
    uint32_t ms = 0;
    if (!*name || (interval && !sl_in_number(sl_in_field(&rest), &ms))) {
        refuse_argument(id);
        return;
    }
    uint8_t channel = sl_channel_find(name);
    if (channel == sl_ring_place()->channels) refuse(id, PSTR("unknown_channel"), name);
    else if (interval) sl_channel_interval(channel, id, ms);
    else sl_channel_read(channel, id);
}

static void answer(char *rest) {
    uint32_t id;
    if (!sl_in_number(sl_in_field(&rest), &id) || !id || id > 65535) return;
    const char *verb = sl_in_field(&rest);
    if (!*verb) return;
    if (!strcmp_P(verb, PSTR("hello"))) sl_hello((uint16_t)id);
    else if (!strcmp_P(verb, PSTR("ping"))) answer_ping((uint16_t)id);
    else if (!strcmp_P(verb, PSTR("again"))) answer_again((uint16_t)id);
    else if (!strcmp_P(verb, PSTR("read"))) answer_channel((uint16_t)id, false, rest);
    else if (!strcmp_P(verb, PSTR("interval"))) answer_channel((uint16_t)id, true, rest);
    else refuse((uint16_t)id, PSTR("unknown_verb"), verb);
}

/* One of the readings to send again, `n` or `n-m`; what is neither is skipped. */
static void ask_again(uint32_t boot, char *range) {
    char *dash = strchr(range, '-');
    uint32_t from, to;
    if (dash) *dash = '\0';
    if (!sl_in_number(range, &from)) return;
    to = from;
    if (dash && !sl_in_number(dash + 1, &to)) return;
    if (from && from <= to) sl_again_some(boot, from, to);
}

static void acknowledge(char *rest) {
    uint32_t boot, seq;
    if (!sl_in_number(sl_in_field(&rest), &boot) || !boot) return;
    if (!sl_in_number(sl_in_field(&rest), &seq)) return;
    sl_ring_acknowledge(boot, seq);
    while (*rest) ask_again(boot, sl_in_field(&rest));
}

void sl_request(char *body) {
    const char *letter = sl_in_field(&body);
    if (!strcmp_P(letter, PSTR("Q"))) answer(body);
    else if (!strcmp_P(letter, PSTR("K"))) acknowledge(body);
}
