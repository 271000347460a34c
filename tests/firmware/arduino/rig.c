/* The board with hardware that a test turns by hand: loaded by rig.py, or with -DHAMMER a program that does nothing but
 * write the memory of kept readings until it is killed. */
#define _GNU_SOURCE
#include <string.h>

#include "board.h"
#include "hardware.h"
#include "identity.h"

enum { CHANNELS = 3, LINES = 1 << 16 };

static const struct sl_channel table[CHANNELS] = {
    {"temp", "temperature", "C", "0.1", "-40", "80", 0, 2000, 2000},
    {"hum", "humidity", "%", "0.1", "0", "100", 0, 2000, 2000},
    {"door", "light", "lx", "1", "0", "1000000", 1, 0, 0},
};
static struct sl_state states[CHANNELS];
static struct sl_board board = {.model = "rig", .firmware = "1.0", .channels = {table, states, CHANNELS, NULL}};

uint32_t rig_ms;               /* what the clock shows */
bool rig_room = true;          /* whether the port has room */
int32_t rig_values[CHANNELS];
uint8_t rig_faults[CHANNELS];
bool rig_given[CHANNELS] = {true, true, true}; /* whether the measurement gives that channel */
bool rig_ready = true;         /* whether the measurement is ready */
uint32_t rig_measured[2];      /* how often each was called */
uint32_t rig_takes_ms;         /* a measurement */
char rig_out[LINES];
uint32_t rig_out_used;
uint32_t rig_random_number = 0x1234ABCD;
uint8_t rig_eeprom[SL_LASTING_BYTES];
uint32_t rig_writes[SL_LASTING_BYTES]; /* of each byte of EEPROM */
int32_t rig_power = -1;        /* so many writes until the power goes; -1: it stays */

static const uint8_t *input;
static uint32_t input_left;

uint32_t sl_millis(void) { return rig_ms; }

int sl_receive(void) {
    if (!input_left) return -1;
    input_left--;
    return *input++;
}

void sl_send(uint8_t byte) {
    if (rig_out_used < LINES) rig_out[rig_out_used++] = (char)byte;
}

bool sl_port_has_room(void) { return rig_room; }
uint32_t sl_random(void) { return rig_random_number; }
uint8_t sl_lasting_read(uint16_t at) { return rig_eeprom[at]; }
void sl_lasting_done(void) {}

void sl_lasting_write(uint16_t at, uint8_t value) {
    if (!rig_power) return;
    if (rig_power > 0) rig_power--;
    rig_writes[at]++;
    rig_eeprom[at] = value;
}

static bool measure(uint8_t measurement) {
    rig_measured[measurement]++;
    rig_ms += rig_takes_ms;
    if (!rig_ready) return false;
    for (uint8_t i = 0; i < CHANNELS; i++)
        if (rig_given[i] && table[i].measurement == measurement)
            sl_channel_give(i, rig_values[i], (enum sl_fault)rig_faults[i]);
    return true;
}

uint32_t rig_memory_bytes(uint32_t capacity, uint32_t value_bytes) {
    return (uint32_t)SL_MEMORY_BYTES(capacity, value_bytes, CHANNELS);
}

uint32_t rig_identity(void) { return sl_identity(); }
uint32_t rig_next_boot(void) { return sl_next_boot(); }

void rig_start(void *memory, uint32_t capacity, uint8_t value_bytes, uint32_t boot, bool lasted) {
    board.identity = 0x24A16057;
    board.channels.measure = measure;
    board.kept.memory = memory;
    board.kept.capacity = (sl_count)capacity;
    board.kept.value_bytes = value_bytes;
    sl_board_start(&board, boot, lasted);
}

void rig_step(const uint8_t *bytes, uint32_t count) {
    input = bytes;
    input_left = count;
    sl_board_step();
}

#ifdef HAMMER
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

/* The file: {u32 newest kept, u32 newest that was to be acknowledged}, then the memory of the board, which is there. */
int main(int count, char **arguments) {
    if (count < 4) return EXIT_FAILURE;
    uint32_t capacity = (uint32_t)atoi(arguments[2]), boot = (uint32_t)atoi(arguments[3]);
    int file = open(arguments[1], O_RDWR);
    size_t size = 8 + rig_memory_bytes(capacity, 2);
    uint32_t *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED) return EXIT_FAILURE;
    rig_start(shared + 2, capacity, 2, boot, true);
    for (;;) {
        uint32_t next = sl_ring_newest() + 1;
        struct sl_time time = {next, 0};
        shared[0] = sl_ring_keep((uint8_t)(next % 2), time, (int32_t)(next % 30000), SL_NONE);
        if (next % 8 || next % 80 == 0) continue; /* now and then the ring is full */
        shared[1] = next - 5;
        sl_ring_acknowledge(boot, next - 5);
    }
}
#endif
