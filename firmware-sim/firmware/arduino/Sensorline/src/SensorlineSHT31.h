// An SHT30, SHT31 or SHT35: temperature and humidity over I2C (SDA and SCL; on an Uno A4 and A5).
//
// Its measurement takes 15 ms, in which the board goes on with its work: it is begun at one step and fetched at a
// later one. What is fetched carries the sensor's own checksums.
#pragma once
#include <Arduino.h>
#include <Sensorline.h>
#include <Wire.h>

class SensorlineSHT31 {
   public:
    // Address 0x44, or 0x45 with the pin ADDR high.
    explicit SensorlineSHT31(uint8_t address = 0x44) : address_(address), begun_(false), since_ms_(0) {}

    void begin() {
        Wire.begin();
#if defined(WIRE_HAS_TIMEOUT)
        Wire.setWireTimeout(5000, true);  // a wire that came off must not stop the board
#endif
    }

    // Give temperature and humidity to those two channels.
    bool measure(uint8_t temperature, uint8_t humidity) {
        if (!begun_) {
            begun_ = command(0x24, 0x00);  // once, with the best repeatability, without holding the clock line
            since_ms_ = millis();
            if (begun_) return false;
            return give_fault(temperature, humidity, SL_ABSENT);
        }
        if (millis() - since_ms_ < MEASUREMENT_MS) return false;
        begun_ = false;
        uint16_t raw[2];
        SensorlineFault fault = fetch(raw);
        if (fault) return give_fault(temperature, humidity, fault);
        // -45 + 175 * raw / 65535 degrees and 100 * raw / 65535 percent, in hundredths, rounded.
        Sensorline.hundredths(temperature, (int32_t)((17500UL * raw[0] + 32767) / 65535) - 4500);
        Sensorline.hundredths(humidity, (int32_t)((10000UL * raw[1] + 32767) / 65535));
        return true;
    }

   private:
    enum : uint8_t { MEASUREMENT_MS = 17 };  // 15.5 at most, and millis() may be about to step

    bool command(uint8_t high, uint8_t low) const {
        Wire.beginTransmission(address_);
        Wire.write(high);
        Wire.write(low);
        return Wire.endTransmission() == 0;
    }

    static bool give_fault(uint8_t temperature, uint8_t humidity, SensorlineFault fault) {
        Sensorline.fault(temperature, fault);
        Sensorline.fault(humidity, fault);
        return true;
    }

    SensorlineFault fetch(uint16_t *raw) const {
        if (Wire.requestFrom(address_, (uint8_t)6) != 6) return SL_ABSENT;
        for (uint8_t i = 0; i < 2; i++) {
            uint8_t high = (uint8_t)Wire.read(), low = (uint8_t)Wire.read();
            if (crc(crc(0xFF, high), low) != (uint8_t)Wire.read()) return SL_CHECKSUM;
            raw[i] = (uint16_t)(high << 8 | low);
        }
        return SL_NONE;
    }

    // CRC-8, polynomial 0x31, not reflected.
    static uint8_t crc(uint8_t crc, uint8_t byte) {
        crc ^= byte;
        for (uint8_t bit = 0; bit < 8; bit++) crc = (uint8_t)(crc & 0x80 ? crc << 1 ^ 0x31 : crc << 1);
        return crc;
    }

    uint8_t address_;
    bool begun_;
    unsigned long since_ms_;
};
