/* The commands of the control socket.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "emulator.h"

/* `command` is taken apart; `answer` has room for ANSWER_ROOM bytes. For `struct control`. */
void carry_out(void *emulator, char *command, char *answer);

#endif
