"""Lines of the protocol: bodies to bytes, bytes to bodies (docs/protocol.md, sections 1 and 2)."""

try:
    from binascii import crc32
except ImportError:  # a small port
    from sensorline.crc import crc32

MAX_BODY = 148
MAX_LINE = 160
MAX_WORD = 24
MAX_NUMBER = 9007199254740991


def encode(body):
    """The line of a body."""
    return ("$%s*%08X\n" % (body, crc32(body.encode()) & 0xFFFFFFFF)).encode()


def decode(line):
    """The body of what came before an LF; None if it is damaged."""
    if line.endswith(b"\r"):
        line = line[:-1]
    start = line.rfind(b"$") + 1
    star = len(line) - 9
    if start == 0 or not 1 <= star - start <= MAX_BODY or line[star : star + 1] != b"*":
        return None
    body = line[start:star]
    if line[star + 1 :] != ("%08X" % (crc32(body) & 0xFFFFFFFF)).encode():
        return None
    for byte in body:
        if not 0x20 <= byte <= 0x7E or byte == 0x2A:
            return None
    text = body.decode()
    return None if text[0] == " " or text[-1] == " " or "  " in text else text


def number(text):
    """The number that `text` is; None if it is none."""
    if not 1 <= len(text) <= 16 or (text[0] == "0" and len(text) > 1):
        return None
    for letter in text:
        if not "0" <= letter <= "9":
            return None
    value = int(text)
    return value if value <= MAX_NUMBER else None


def decimal(steps, decimals):
    """`steps` of the last decimal as a value: floats have 24 bits on most chips, so none is printed."""
    if not decimals:
        return str(steps)
    digits = str(abs(steps))
    digits = "0" * (decimals + 1 - len(digits)) + digits
    return "%s%s.%s" % ("-" if steps < 0 else "", digits[:-decimals], digits[-decimals:])


def word(text):
    """`text` as one word of the line: what no word may hold is left out."""
    found = "".join([letter for letter in text if "!" <= letter <= "~" and letter not in "$*"])
    return found[:MAX_WORD] or "-"


class LineReader:
    """Bytes in any pieces in, bodies out; holds at most 159 bytes between two calls."""

    def __init__(self):
        self._rest = b""

    def feed(self, data):
        """The bodies of the lines that `data` completed."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()[-(MAX_LINE - 1) :]
        return [body for body in [decode(line) for line in lines] if body is not None]
