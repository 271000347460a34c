/* The control socket: commands, one a line; each is answered by a line.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

enum { CLIENTS = 16, COMMAND_ROOM = 256, ANSWER_ROOM = 1024, CONTROL_FDS = CLIENTS + 1 };

struct control {
    const char *path;
    int listening;
    struct client {
        int connection; /* -1: none */
        char text[COMMAND_ROOM];
        size_t used;
    } clients[CLIENTS];
    /* Carry out a command, write the answer, without its LF. */
    void (*carry_out)(void *param, char *command, char *answer);
    void *param;
};

/* Listen at `path`, for this user only. False: said why on standard error. */
bool control_open(struct control *control, const char *path);

/* What to wait for; the number of `fds`, at most CONTROL_FDS. */
size_t control_fds(const struct control *control, struct pollfd *fds);

/* Serve who has something to say; waits for nobody. */
void control_serve(struct control *control);

void control_close(struct control *control);

#endif
