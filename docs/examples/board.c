/* A board that speaks sensorline, version 1 (../protocol.md). C11 and its standard library; under 1 KiB of RAM.
 *
 * For a board of your own change the names, the channels and, at the end, the hardware: a clock, a port, sensors.
 * Those here are of a program on Linux, with invented values, on standard input and output; board.ino beside
 * this file has those of an Arduino. To try it:
 *
 *     cc -std=c11 -o board board.c
 *     socat PTY,link=/tmp/board,rawer EXEC:./board       and in config.yaml: port: /tmp/board
 */
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MODEL "example-board"
#define IDENTITY "0001" /* unique and fixed: a chip's serial number */
#define FIRMWARE "1.0"

enum { CHANNELS = 2, MAX_BODY = 148, MAX_FIELDS = 5, SHORTEST_MS = 100 };
static const uint32_t LONGEST_MS = 86400000; /* a day */

static struct {
    const char *name, *rest; /* kind, unit, resolution, least and greatest value */
    uint32_t interval_ms;
    uint64_t due_ms;
} channels[CHANNELS] = {
    {"temp", "temperature C 0.01 -40 85", 1000, 0},
    {"hum", "humidity % 0.01 0 100", 1000, 0},
};

/* The hardware. */
uint64_t now_ms(void);                          /* since the start; must not wrap */
int receive(void);                              /* the next byte from the gateway, -1: there is none */
void transmit(const char *bytes, size_t count); /* to the gateway */
bool measure(int channel, int32_t *hundredths); /* false: the sensor does not answer */

static uint32_t boot; /* another at each start */
static uint32_t seq;  /* of the last reading, whatever its channel */

static void checksum(const char *bytes, size_t count, char *digits) {
    uint32_t c = 0xFFFFFFFFu;
    while (count--) {
        c ^= (uint8_t)*bytes++;
        for (int k = 0; k < 8; k++) c = (c & 1) ? (c >> 1) ^ 0xEDB88320u : c >> 1;
    }
    c = ~c;
    for (int i = 7; i >= 0; i--, c >>= 4) digits[i] = "0123456789ABCDEF"[c & 15];
}

static const char *decimal(uint64_t number) {
    static char digits[21];
    char *first = digits + 20;
    do *--first = (char)('0' + number % 10);
    while (number /= 10);
    return first;
}

/* Send a line: %s a text, %u a uint32_t, %v hundredths (int32_t) as a value, %t now. printf knows no 64 bits on AVR. */
static void say(const char *format, ...) {
    static char line[1 + MAX_BODY + 1 + 8 + 1] = "$";
    char *end = line + 1, one[2] = "";
    va_list given;
    va_start(given, format);
    for (; *format; format++) {
        const char *text = one;
        one[0] = *format;
        if (*format == '%') switch (*++format) {
            case 's': text = va_arg(given, const char *); break;
            case 'u': text = decimal(va_arg(given, uint32_t)); break;
            case 't': text = decimal(now_ms()); break;
            default: { /* v */
                int32_t value = va_arg(given, int32_t);
                uint32_t size = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
                static char digits[13];
                strcat(strcpy(digits, value < 0 ? "-" : ""), decimal(size / 100));
                strcat(strcat(digits, size % 100 < 10 ? ".0" : "."), decimal(size % 100));
                text = digits;
            }
        }
        while (*text && end < line + 1 + MAX_BODY) *end++ = *text++;
    }
    va_end(given);
    *end = '*';
    checksum(line + 1, (size_t)(end - line - 1), end + 1);
    end[9] = '\n';
    transmit(line, (size_t)(end + 10 - line));
}

static void hello(uint32_t id) {
    say("H %u 1 " MODEL " " IDENTITY " %u " FIRMWARE " %u %t", id, boot, (uint32_t)CHANNELS);
    for (int i = 0; i < CHANNELS; i++)
        say("C %u %u %s %s %u", id, (uint32_t)i, channels[i].name, channels[i].rest, channels[i].interval_ms);
}

/* Measure and tell: id is that of a request, 0 when nobody asked. */
static void reading(int channel, uint32_t id) {
    const char *name = channels[channel].name;
    int32_t value;
    bool measured = measure(channel, &value);
    if (measured && id) say("A %u %s %u %t %v", id, name, ++seq, value);
    else if (measured) say("R %s %u %t %v", name, ++seq, value);
    else if (id) say("E %u sensor_fault absent", id);
    else say("R %s %u %t !absent", name, ++seq);
}

static void set_interval(int channel, uint32_t id, uint64_t ms) {
    if (ms && ms < SHORTEST_MS) ms = SHORTEST_MS;
    if (ms > LONGEST_MS) ms = LONGEST_MS;
    channels[channel].interval_ms = (uint32_t)ms;
    channels[channel].due_ms = now_ms() + ms;
    say("A %u %s %u", id, channels[channel].name, (uint32_t)ms);
}

static bool number(const char *text, uint64_t *result) {
    if (!text || !*text || strlen(text) > 16 || (text[0] == '0' && text[1])) return false;
    for (*result = 0; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        *result = *result * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

static void answer(char *body) {
    char *fields[MAX_FIELDS] = {0};
    int count = 0, channel = CHANNELS - 1;
    for (char *field = strtok(body, " "); field && count < MAX_FIELDS; field = strtok(NULL, " "))
        fields[count++] = field;
    uint64_t given, ms = 0;
    if (count < 3 || strcmp(fields[0], "Q") || !number(fields[1], &given) || !given || given > 65535) return;
    uint32_t id = (uint32_t)given;
    const char *verb = fields[2], *name = fields[3];
    bool read = !strcmp(verb, "read"), interval = !strcmp(verb, "interval");
    while (name && channel >= 0 && strcmp(channels[channel].name, name)) channel--;
    if (!strcmp(verb, "hello")) hello(id);
    else if (!strcmp(verb, "ping")) say("A %u %u %t", id, boot);
    else if (!read && !interval) say("E %u unknown_verb %s", id, verb);
    else if (!name || (interval && !number(fields[4], &ms))) say("E %u bad_argument a field is missing or wrong", id);
    else if (channel < 0) say("E %u unknown_channel %s", id, name);
    else if (read) reading(channel, id);
    else set_interval(channel, id, ms);
}

/* A line goes from the last '$' to LF; a damaged one is dropped without a word. */
static void take(char byte) {
    static char line[MAX_BODY + 9 + 1]; /* body, '*', checksum, and a byte that shows that it is too long */
    static size_t used = sizeof line;
    char digits[8];
    if (byte == '$') {
        used = 0;
    } else if (byte == '\n') {
        if (used > 9 && used < sizeof line && line[used - 9] == '*') {
            checksum(line, used - 9, digits);
            line[used - 9] = '\0';
            if (!memcmp(digits, line + used - 8, 8)) answer(line);
        }
        used = sizeof line;
    } else if (byte != '\r' && used < sizeof line) {
        line[used++] = byte;
    }
}

void board_start(uint32_t boot_number) {
    boot = boot_number;
    hello(0);
}

void board_step(void) {
    int byte;
    while ((byte = receive()) >= 0) take((char)byte);
    for (int i = 0; i < CHANNELS; i++) {
        uint64_t now = now_ms();
        if (!channels[i].interval_ms || now < channels[i].due_ms) continue;
        channels[i].due_ms += channels[i].interval_ms;
        if (channels[i].due_ms <= now) channels[i].due_ms = now + channels[i].interval_ms;
        reading(i, 0);
    }
}

#ifndef ARDUINO /* The hardware of a program on Linux. */
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ms(void) {
    static struct timespec start;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!start.tv_sec) start = now;
    return (uint64_t)((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000);
}

int receive(void) {
    unsigned char byte;
    struct pollfd port = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&port, 1, 10) <= 0) return -1;
    if (read(STDIN_FILENO, &byte, 1) != 1) exit(EXIT_SUCCESS); /* nobody is there any more */
    return byte;
}

void transmit(const char *bytes, size_t count) {
    if (write(STDOUT_FILENO, bytes, count) < 0) exit(EXIT_FAILURE);
}

bool measure(int channel, int32_t *hundredths) {
    *hundredths = (channel == 0 ? 2150 : 4000) + (int32_t)(now_ms() / 1000 % 50);
    return true;
}

int main(int count, char **arguments) {
    board_start(count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : (uint32_t)time(NULL));
    for (;;) board_step();
}
#endif
