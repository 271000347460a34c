// One DS18B20 on a wire of its own: temperature. 4.7 kOhm between the wire and 5 V; the sensor has its own 5 V.
//
// It converts for 375 ms at 11 bits, in which the board goes on with its work. A bit on the wire takes 70 us, of which
// interrupts are off for 15 us: a byte from the gateway takes 87 us at 115,200 baud, and the port has room for two.
#pragma once
#include <Arduino.h>
#include <Sensorline.h>

class SensorlineDS18B20 {
   public:
    explicit SensorlineDS18B20(uint8_t pin) : pin_(pin), converting_(false), since_ms_(0) {}

    void begin() { pinMode(pin_, INPUT_PULLUP); }

    // Give the temperature to that channel.
    bool measure(uint8_t channel) {
        if (!converting_) {
            converting_ = start();
            since_ms_ = millis();
            if (converting_) return false;
            Sensorline.fault(channel, SL_ABSENT);
            return true;
        }
        if (millis() - since_ms_ < CONVERSION_MS) return false;
        converting_ = false;
        int32_t hundredths = 0;
        SensorlineFault fault = fetch(&hundredths);
        if (fault)
            Sensorline.fault(channel, fault);
        else
            Sensorline.hundredths(channel, hundredths);
        return true;
    }

   private:
    enum : uint8_t { SKIP_ROM = 0xCC, WRITE_SCRATCHPAD = 0x4E, CONVERT = 0x44, READ_SCRATCHPAD = 0xBE };
    enum : uint8_t { ELEVEN_BITS = 0x5F, SCRATCHPAD = 9, NEVER_CONVERTED = 0x0C };
    enum : uint16_t { CONVERSION_MS = 380 };

    // Whether somebody answers; after this the sensor waits for a command.
    bool reset() const {
        pull();
        delayMicroseconds(490);
        release();
        delayMicroseconds(70);
        bool present = digitalRead(pin_) == LOW;
        delayMicroseconds(420);
        return present;
    }

    bool start() const {
        if (!reset()) return false;
        const uint8_t setting[] = {SKIP_ROM, WRITE_SCRATCHPAD, 0x7F, 0x80, ELEVEN_BITS};
        for (uint8_t byte : setting) write(byte);
        reset();
        write(SKIP_ROM);
        write(CONVERT);
        return true;
    }

    SensorlineFault fetch(int32_t *hundredths) const {
        uint8_t bytes[SCRATCHPAD];
        if (!reset()) return SL_ABSENT;
        write(SKIP_ROM);
        write(READ_SCRATCHPAD);
        for (uint8_t &byte : bytes) byte = read();
        // All zero has a right checksum, too, but no sensor says so: its sixth byte is never 0.
        if (crc(bytes) || !bytes[4]) return SL_CHECKSUM;
        int16_t sixteenths = (int16_t)(bytes[1] << 8 | bytes[0]);
        // 85 degrees with that byte: the value after power came on, as the conversion did not happen.
        if (sixteenths == 85 * 16 && bytes[6] == NEVER_CONVERTED) return SL_ABSENT;
        *hundredths = (int32_t)sixteenths * 25 / 4;
        return SL_NONE;
    }

    void pull() const {
        digitalWrite(pin_, LOW);
        pinMode(pin_, OUTPUT);
    }

    void release() const { pinMode(pin_, INPUT_PULLUP); }

    // Zero: low for 65 us; one: low for less than 15 us. Only the short one must not be made longer by an interrupt.
    void write(uint8_t byte) const {
        for (uint8_t bit = 0; bit < 8; bit++, byte >>= 1) {
            if (byte & 1) {
                noInterrupts();
                pull();
                release();
                interrupts();
                delayMicroseconds(65);
            } else {
                pull();
                delayMicroseconds(65);
                release();
                delayMicroseconds(5);
            }
        }
    }

    // The sensor holds a zero for 15 us from the fall on.
    uint8_t read() const {
        uint8_t byte = 0;
        for (uint8_t bit = 0; bit < 8; bit++) {
            noInterrupts();
            pull();
            release();
            uint8_t level = (uint8_t)digitalRead(pin_);
            interrupts();
            byte = (uint8_t)(byte >> 1 | (level == HIGH ? 0x80 : 0));
            delayMicroseconds(60);
        }
        return byte;
    }

    // CRC-8, polynomial 0x31, reflected: 0 over all nine bytes.
    static uint8_t crc(const uint8_t *bytes) {
        uint8_t crc = 0;
        for (uint8_t i = 0; i < SCRATCHPAD; i++) {
            crc ^= bytes[i];
            for (uint8_t bit = 0; bit < 8; bit++) crc = (uint8_t)(crc & 1 ? crc >> 1 ^ 0x8C : crc >> 1);
        }
        return crc;
    }

    uint8_t pin_;
    bool converting_;
    unsigned long since_ms_;
};
