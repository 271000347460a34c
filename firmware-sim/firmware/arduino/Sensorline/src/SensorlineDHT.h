// A DHT22 (AM2302) or DHT11: temperature and humidity over one wire.
//
// The transfer takes 5 ms, and interrupts stay on meanwhile: bytes from the gateway are taken and the clock goes on.
// An interrupt of the Arduino core's takes up to 8 us. That would blur how long the line is high (26 or 70 us), so
// what is measured is the time from one fall to the next: 76 us are a 0, 120 us a 1, and 98 us divides them, with
// 22 us to either side. What a longer interrupt spoils, the sensor's checksum finds.
#pragma once
#include <Arduino.h>
#include <Sensorline.h>

class SensorlineDHT {
   public:
    enum Type : uint8_t { DHT22, DHT11 };

    SensorlineDHT(uint8_t pin, Type type) : pin_(pin), type_(type) {}

    void begin() {
        pinMode(pin_, INPUT_PULLUP);
        asked_ms_ = millis();
    }

    // Give temperature and humidity to those two channels; at most every 2 s (DHT22) or 1 s (DHT11): asked sooner,
    // the sensor tells the measurement of before. False: not yet.
    bool measure(uint8_t temperature, uint8_t humidity) {
        if (millis() - asked_ms_ < (type_ == DHT22 ? DHT22_MS : DHT11_MS)) return false;
        asked_ms_ = millis();
        uint8_t bytes[5];
        SensorlineFault fault = transfer(bytes);
        if (fault) {
            Sensorline.fault(temperature, fault);
            Sensorline.fault(humidity, fault);
        } else if (type_ == DHT22) {
            int32_t tenths = (bytes[2] & 0x7F) << 8 | bytes[3];
            Sensorline.hundredths(temperature, (bytes[2] & 0x80 ? -tenths : tenths) * 10);
            Sensorline.hundredths(humidity, (int32_t)(bytes[0] << 8 | bytes[1]) * 10);
        } else {
            int32_t hundredths = bytes[2] * 100L + (bytes[3] & 0x7F) * 10;
            Sensorline.hundredths(temperature, bytes[3] & 0x80 ? -hundredths : hundredths);
            Sensorline.hundredths(humidity, bytes[0] * 100L + bytes[1] * 10);
        }
        return true;
    }

   private:
    enum : uint8_t { LONGEST_US = 200, ONE_US = 98 };
    enum : uint16_t { DHT22_MS = 2020, DHT11_MS = 1010 };  // a hundredth more, as a board's clock may be fast

    // Wait until the line has that level; false: it does not come.
    bool wait(uint8_t level) const {
        unsigned long since = micros();
        while (digitalRead(pin_) != level)
            if (micros() - since > LONGEST_US) return false;
        return true;
    }

    SensorlineFault transfer(uint8_t *bytes) const {
        pinMode(pin_, OUTPUT);
        digitalWrite(pin_, LOW);
        delay(type_ == DHT22 ? 2 : 20);
        pinMode(pin_, INPUT_PULLUP);
        delayMicroseconds(10);
        // The sensor answers: 80 us low, 80 us high, and falls for the first bit.
        if (!wait(LOW) || !wait(HIGH) || !wait(LOW)) return SL_ABSENT;
        unsigned long fell = micros();
        for (uint8_t bit = 0; bit < 40; bit++) {
            if (!wait(HIGH) || !wait(LOW)) return SL_ABSENT;
            unsigned long now = micros();
            uint8_t &byte = bytes[bit / 8];
            byte = (uint8_t)(byte << 1 | (now - fell > ONE_US));
            fell = now;
        }
        uint8_t sum = (uint8_t)(bytes[0] + bytes[1] + bytes[2] + bytes[3]);
        return sum == bytes[4] ? SL_NONE : SL_CHECKSUM;
    }

    uint8_t pin_;
    Type type_;
    unsigned long asked_ms_ = 0;
};
