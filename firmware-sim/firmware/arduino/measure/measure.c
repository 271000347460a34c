/* Runs a program for the ATmega328P in simavr and measures it: the deepest stack, and lines a second.
 *
 *     measure PROGRAM.elf SECONDS FIRST_FREE < requests     (requests.py; one line each 50 ms; #MS: wait until then)
 *
 * FIRST_FREE: the address behind the program's variables, .noinit included, in hexadecimal (nm: _end).
 *
 * It prints the stack's greatest depth, how much RAM neither the program's variables nor that stack ever touched, and
 * how many lines and bytes a second came. RAM is filled with a pattern before the start: what still has it at the end
 * was not used.
 *
 * Copyright (C) 2026 The sig-gateway maintainers. As it is linked with libsimavr, this program (this one file) may be
 * shared and changed under the terms of the GNU General Public License, version 3 or later, as published by the Free
 * Software Foundation. It comes without any warranty. The rest of the project has the licence of its own.
 */
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_irq.h>
#include <simavr/sim_time.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN = 0xA5, PAUSE_US = 50000, BYTE_US = 87 };

static unsigned long lines, bytes;

static void from_board(avr_irq_t *irq, uint32_t value, void *echo) {
    (void)irq;
    bytes++;
    if (value == '\n') lines++;
    if (*(int *)echo) fputc((int)value, stderr);
}

static void quiet(avr_t *avr, const int level, const char *format, va_list given) {
    (void)avr, (void)level, (void)format, (void)given;
}

/* The next byte for the board, paced as a line of 115,200 baud paces it; a line each PAUSE_US. */
static void feed(avr_t *avr, avr_irq_t *to_board) {
    static avr_cycle_count_t next;
    unsigned ms;
    if (avr->cycle < next) return;
    int byte = getchar();
    if (byte == '#' && scanf("%u\n", &ms) == 1) {
        next = avr_usec_to_cycles(avr, ms * 1000);
    } else if (byte == EOF) {
        next = UINT64_MAX;
    } else {
        avr_raise_irq(to_board, (uint32_t)byte);
        next = avr->cycle + avr_usec_to_cycles(avr, byte == '\n' ? PAUSE_US : BYTE_US);
    }
}

static void report(const avr_t *avr, uint32_t first_free, double seconds) {
    uint32_t deepest = first_free;
    while (deepest <= avr->ramend && avr->data[deepest] == PATTERN) deepest++;
    printf("stack %u unused %u lines_per_second %.0f bytes_per_second %.0f\n", (unsigned)(avr->ramend + 1 - deepest),
           (unsigned)(deepest - first_free), (double)lines / seconds, (double)bytes / seconds);
}

int main(int count, char **arguments) {
    elf_firmware_t firmware = {0};
    if (count < 4 || elf_read_firmware(arguments[1], &firmware)) {
        fprintf(stderr, "usage: measure PROGRAM.elf SECONDS FIRST_FREE [echo] < requests\n");
        return EXIT_FAILURE;
    }
    double seconds = atof(arguments[2]);
    uint32_t first_free = (uint32_t)strtoul(arguments[3], NULL, 16) & 0xFFFF;
    int echo = count > 4;
    avr_global_logger_set(quiet);
    avr_t *avr = avr_make_mcu_by_name("atmega328p");
    avr_init(avr);
    firmware.frequency = 16000000;
    avr_load_firmware(avr, &firmware);
    uint32_t flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    memset(avr->data + 0x100, PATTERN, avr->ramend + 1 - 0x100);
    avr_irq_t *to_board = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), from_board, &echo);
    avr_cycle_count_t end = (avr_cycle_count_t)(seconds * 16000000);
    while (avr->cycle < end) {
        int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            fprintf(stderr, "the program ended by itself\n");
            return EXIT_FAILURE;
        }
        feed(avr, to_board);
    }
    report(avr, first_free, seconds);
    return EXIT_SUCCESS;
}
