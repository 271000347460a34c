#include "board.h"

#include <stddef.h>

#include "again.h"
#include "checksum.h"
#include "clock.h"
#include "flash.h"
#include "hardware.h"
#include "in.h"
#include "out.h"
#include "requests.h"

static struct sl_board *board;

void sl_hello(uint16_t id) {
    char identity[9];
    for (uint8_t i = 0; i < 8; i++)
        identity[i] = sl_hex_digit((uint8_t)(board->identity >> (28 - 4 * i)));
    identity[8] = '\0';
    sl_out_line('H');
    sl_out_number(id);
    sl_out_number(1);
    sl_out_constant(board->model);
    sl_out_text(identity);
    sl_out_number(sl_ring_boot());
    sl_out_constant(board->firmware);
    sl_out_number(board->channels.count);
    sl_out_time(sl_time_now());
    sl_out_number(board->kept.capacity);
    sl_out_end();
    sl_channel_lines(id);
}

/* Another sketch's memory has other channels, or another number of entries or bytes. */
static uint16_t layout(void) {
    const uint8_t sizes[] = {(uint8_t)(board->kept.capacity & 255), board->kept.value_bytes, board->channels.count};
    return sl_crc16(sl_channels_layout(), sizes, sizeof sizes);
}

void sl_board_start(struct sl_board *given, uint32_t boot, bool lasted) {
    board = given;
    sl_channels_start(&board->channels);
    board->kept.channels = board->channels.count;
    board->kept.layout = layout();
    sl_ring_start(&board->kept, boot, lasted);
    sl_hello(0);
}

void sl_board_step(void) {
    int byte;
    while ((byte = sl_receive()) >= 0) {
        char *body = sl_in_take((uint8_t)byte);
        if (body) sl_request(body);
    }
    uint32_t now = sl_now();
    sl_ring_note(now);
    if (!sl_channels_step() && sl_port_has_room()) sl_again_step(now);
}
