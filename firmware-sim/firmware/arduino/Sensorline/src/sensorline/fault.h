/* Why there is no value; the words are those of docs/protocol.md, section 3. */
#pragma once

enum sl_fault { SL_NONE, SL_ABSENT, SL_RANGE, SL_CHECKSUM, SL_BUSY };
