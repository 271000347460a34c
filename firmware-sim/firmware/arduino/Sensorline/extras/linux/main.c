/* The board as a program on Linux, with invented values, on standard input and output. To try it:
 *
 *     make linux                                                     in the folder of the Makefile
 *     socat PTY,link=/tmp/board,rawer EXEC:build/board               and in config.yaml: port: /tmp/board
 *
 *     board [-b BOOT] [-m FILE] [-e FILE] [-p]
 *
 * -m: the memory that outlives a reset, which here is the program's end; without it nothing does. -e: the EEPROM, which
 * has the identity and counts the starts; without it the identity is 00000001, and the boot number -b or the time.
 * -p: power came on, what is in the memory is not used. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "../../src/sensorline/board.h"
#include "../../src/sensorline/hardware.h"
#include "../../src/sensorline/identity.h"

enum { CHANNELS = 2, KEPT = 100, VALUE_BYTES = 2 };

static const struct sl_channel table[CHANNELS] = {
    {"temp", "temperature", "C", "0.01", "-40", "85", 0, 1000, 100},
    {"hum", "humidity", "%", "0.01", "0", "100", 0, 1000, 100},
};
static struct sl_state states[CHANNELS];
static uint8_t *lasting; /* EEPROM */

uint32_t sl_millis(void) {
    static struct timespec start;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!start.tv_sec) start = now;
    return (uint32_t)((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000);
}

int sl_receive(void) {
    unsigned char byte;
    struct pollfd port = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&port, 1, 1) <= 0) return -1;
    if (read(STDIN_FILENO, &byte, 1) != 1) exit(EXIT_SUCCESS); /* nobody is there any more */
    return byte;
}

void sl_send(uint8_t byte) {
    putchar(byte);
    if (byte == '\n' && fflush(stdout)) exit(EXIT_FAILURE);
}

bool sl_port_has_room(void) {
    struct pollfd port = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&port, 1, 0) > 0;
}

uint32_t sl_random(void) {
    uint32_t number = 1;
    if (getrandom(&number, sizeof number, 0) != sizeof number) exit(EXIT_FAILURE);
    return number;
}

uint8_t sl_lasting_read(uint16_t at) {
    return lasting[at];
}

void sl_lasting_write(uint16_t at, uint8_t value) {
    lasting[at] = value;
}

void sl_lasting_done(void) {}

/* The file's bytes, as memory that outlives the program. A new file has `fill` all over. */
static void *mapped(const char *path, size_t size, int fill) {
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool is_new = file >= 0 && lseek(file, 0, SEEK_END) == 0;
    if (file < 0 || ftruncate(file, (off_t)size)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    if (is_new) memset(memory, fill, size);
    close(file);
    return memory;
}

static bool measure(uint8_t measurement) {
    int32_t since = (int32_t)(sl_millis() / 1000 % 50);
    (void)measurement; /* there is one */
    sl_channel_give(0, 2150 + since, SL_NONE);
    sl_channel_give(1, 4000 + since, SL_NONE);
    return true;
}

static struct sl_board board = {
    .model = "example-board",
    .firmware = "1.0",
    .identity = 1,
    .channels = {table, states, CHANNELS, measure},
    .kept = {.capacity = KEPT, .value_bytes = VALUE_BYTES},
};

int main(int count, char **arguments) {
    static uint32_t memory[SL_MEMORY_BYTES(KEPT, VALUE_BYTES, CHANNELS) / sizeof(uint32_t) + 1];
    board.kept.memory = (struct sl_memory *)(void *)memory;
    uint32_t boot = (uint32_t)time(NULL);
    bool lasted = true;
    for (int option; (option = getopt(count, arguments, "b:m:e:p")) != -1;) switch (option) {
        case 'b': boot = (uint32_t)strtoul(optarg, NULL, 10); break;
        case 'm': board.kept.memory = mapped(optarg, sizeof memory, 0); break;
        case 'e':
            lasting = mapped(optarg, SL_LASTING_BYTES, 0xFF);
            board.identity = sl_identity();
            boot = sl_next_boot();
            break;
        case 'p': lasted = false; break;
        default: return EXIT_FAILURE;
    }
    sl_board_start(&board, boot, lasted);
    for (;;) sl_board_step();
}
