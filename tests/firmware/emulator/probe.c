/* What the tests of the emulator run on it: a program that tells what its chip does. 115,200 baud; each line it says is
 * as those of docs/protocol.md are, `D` and what there is to tell; each byte that it gets is a command.
 *
 * At its start it says "start MCUSR COUNT KEPT": the flags of resets, which it clears; how often it has started, counted
 * in EEPROM; whether a word in its memory is as it was left (1), or not (0). */
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <util/delay.h>

enum { MARK = 0x5AFE, SHT31 = 0x44, DHT22_PIN = 2 };

static uint16_t mark __attribute__((section(".noinit")));
static volatile uint8_t ring[64], first, last, overran;

ISR(USART_RX_vect) {
    if (UCSR0A & _BV(DOR0)) overran = 1;
    ring[last++ % sizeof ring] = UDR0;
}

static void put(char byte) {
    while (!(UCSR0A & _BV(UDRE0))) {}
    UDR0 = (uint8_t)byte;
}

static void say(const char *text) {
    uint32_t crc = 0xFFFFFFFF;
    put('$');
    for (; *text; text++) {
        put(*text);
        crc ^= (uint8_t)*text;
        for (uint8_t bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    char digits[11];
    snprintf(digits, sizeof digits, "*%08lX\n", (unsigned long)~crc);
    for (char *digit = digits; *digit; digit++) put(*digit);
}

static void start(uint8_t flags) {
    char text[40];
    uint16_t count = eeprom_read_word((uint16_t *)0) + 1;
    eeprom_update_word((uint16_t *)0, count);
    snprintf(text, sizeof text, "D start %u %u %u", flags, count, mark == MARK);
    mark = MARK;
    say(text);
}

static void adc(uint8_t pin) {
    char text[24];
    ADMUX = _BV(REFS0) | pin;
    ADCSRA = _BV(ADEN) | _BV(ADSC) | 7;
    while (ADCSRA & _BV(ADSC)) {}
    snprintf(text, sizeof text, "D adc %u", ADC);
    say(text);
}

/* What comes while nobody takes it: two bytes and one wait. */
static void sleep_deaf(void) {
    char text[24];
    cli();
    _delay_ms(10);
    overran = UCSR0A & _BV(DOR0) ? 1 : 0;
    sei();
    _delay_ms(2);
    snprintf(text, sizeof text, "D got %u %u", (uint8_t)(last - first), overran);
    first = last;
    say(text);
}

static uint8_t twi(uint8_t control) {
    TWCR = _BV(TWINT) | _BV(TWEN) | control;
    while (!(TWCR & _BV(TWINT))) {}
    return TWSR & 0xF8;
}

static uint8_t twi_send(uint8_t byte) {
    TWDR = byte;
    return twi(0);
}

static void sht31(void) {
    char text[64] = "D sht31 absent";
    uint8_t data[6];
    twi(_BV(TWSTA));
    if (twi_send(SHT31 << 1) == 0x18 && twi_send(0x24) == 0x28 && twi_send(0x00) == 0x28) {
        twi(_BV(TWSTA));
        uint8_t early = twi_send(SHT31 << 1 | 1);
        TWCR = _BV(TWINT) | _BV(TWEN) | _BV(TWSTO);
        _delay_ms(16);
        twi(_BV(TWSTA));
        twi_send(SHT31 << 1 | 1);
        for (uint8_t i = 0; i < 6; i++) {
            twi(i < 5 ? _BV(TWEA) : 0);
            data[i] = TWDR;
        }
        snprintf(text, sizeof text, "D sht31 %02X %02X%02X%02X%02X%02X%02X", early, data[0], data[1], data[2], data[3],
                 data[4], data[5]);
    }
    TWCR = _BV(TWINT) | _BV(TWEN) | _BV(TWSTO);
    say(text);
}

/* How long the pin has the level, in units of 4 us; at most 63. */
static uint8_t stays(uint8_t high) {
    TCNT1 = 0;
    while (!(PIND & _BV(DHT22_PIN)) == !high)
        if (TCNT1 > 63) return 63;
    return (uint8_t)TCNT1;
}

static void dht22(void) {
    char text[32] = "D dht22 absent";
    uint8_t data[5] = {0};
    TCCR1A = 0;
    TCCR1B = 3; /* 16 MHz / 64 */
    DDRD |= _BV(DHT22_PIN);
    _delay_ms(1.1);
    cli();
    DDRD &= (uint8_t)~_BV(DHT22_PIN);
    stays(1);
    uint8_t there = stays(0) < 63 && stays(1) < 63;
    for (uint8_t bit = 0; there && bit < 40; bit++) {
        uint8_t low = stays(0);
        data[bit / 8] = (uint8_t)(data[bit / 8] << 1 | (stays(1) > low));
    }
    sei();
    if (there) snprintf(text, sizeof text, "D dht22 %02X%02X%02X%02X%02X", data[0], data[1], data[2], data[3], data[4]);
    say(text);
}

static void obey(uint8_t command) {
    if (command >= '0' && command <= '5') adc(command - '0');
    else if (command == 's') sleep_deaf();
    else if (command == 'w') wdt_enable(WDTO_15MS);
    else if (command == 'i') sht31();
    else if (command == 'd') dht22();
    else if (command == 'm') mark = 0;
    else if (command == 'h') while (1) {} /* it hangs */
    else if (command > ' ') {
        char text[] = "D heard ?";
        text[8] = (char)command;
        say(text);
    }
}

int main(void) {
    uint8_t flags = MCUSR;
    MCUSR = 0;
    wdt_disable();
    UBRR0 = 16;
    UCSR0A = _BV(U2X0);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
    TWBR = 72; /* 100 kHz */
    sei();
    start(flags);
    for (;;)
        if (first != last) obey(ring[first++ % sizeof ring]);
}
