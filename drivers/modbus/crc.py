"""CRC-16/MODBUS: polynomial 0xA001 (0x8005 reflected), start 0xFFFF; sent low byte first.

Source: MODBUS over Serial Line, Specification and Implementation Guide V1.02, 2.5.1.2 and appendix B
(modbus.org). It finds every single, double and odd number of wrong bits, and every burst of up to 16 bits.
"""


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_TABLE = tuple(_entry(byte) for byte in range(256))


def crc16(data: bytes) -> bytes:
    """The two bytes that follow `data` in a frame."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return bytes((crc & 0xFF, crc >> 8))
