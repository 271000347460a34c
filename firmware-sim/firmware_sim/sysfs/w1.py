"""What the kernel's w1_therm shows of a DS18B20: its nine bytes, as the chip sends them.

Sources: Analog Devices, data sheet of the DS18B20 (the scratchpad, the CRC); the kernel's
Documentation/w1/slaves/w1_therm.
"""

_ALARMS = (0x4B, 0x46)
_TWELVE_BITS = 0x7F
_RESERVED = (0xFF, 0x0C, 0x10)
BROKEN = b"\xff" * 9
"""What is read where nobody pulls the line down."""


def crc8(data: bytes) -> int:
    """The CRC of Dallas's 1-Wire: reflected, polynomial 0x8C (x^8 + x^5 + x^4 + 1), from 0."""
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ 0x8C if register & 1 else register >> 1
    return register


def scratchpad(celsius: float) -> bytes:
    """The nine bytes after a conversion at 12 bits: sixteenths of a degree, the low byte first."""
    sixteenths = round(celsius * 16) & 0xFFFF
    data = bytes([sixteenths & 0xFF, sixteenths >> 8, *_ALARMS, _TWELVE_BITS, *_RESERVED])
    return data + bytes([crc8(data)])


def millis(data: bytes) -> int:
    """Thousandths of a degree, as the kernel makes them of two bytes, good or bad, cut towards zero."""
    return int(int.from_bytes(data[:2], "little", signed=True) * 1000 / 16)


def w1_slave(data: bytes) -> str:
    """The file `w1_slave`."""
    right = crc8(data[:8])
    verdict = "YES" if right == data[8] else "NO"
    octets = data.hex(" ")
    return f"{octets} : crc={right:02x} {verdict}\n{octets} t={millis(data)}\n"
