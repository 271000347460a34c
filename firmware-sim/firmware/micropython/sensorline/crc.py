"""CRC-32 without a table, for ports whose `binascii` has none: 10 to 30 times slower."""


def crc32(data):
    """The checksum of Ethernet, gzip and PNG."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xEDB88320 if crc & 1 else crc >> 1
    return crc ^ 0xFFFFFFFF
