/* See control.h.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#define _GNU_SOURCE
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* One that was killed has left its socket: nobody answers there any more. */
static void clear_stale(const struct sockaddr_un *address) {
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED)
        unlink(address->sun_path);
    close(probe);
}

static int bound(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    clear_stale(&address);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listening < 0) return -1;
    mode_t before = umask(0177); /* from the first moment on nobody else may connect */
    bool done = bind(listening, (struct sockaddr *)&address, sizeof address) == 0 && listen(listening, CLIENTS) == 0;
    umask(before);
    if (done) return listening;
    int why = errno;
    close(listening);
    errno = why;
    return -1;
}

bool control_open(struct control *control, const char *path) {
    for (int i = 0; i < CLIENTS; i++) control->clients[i].connection = -1;
    control->path = path;
    control->listening = bound(path);
    if (control->listening >= 0) return true;
    fprintf(stderr, "%s: cannot make the control socket: %s\n", path, strerror(errno));
    return false;
}

size_t control_fds(const struct control *control, struct pollfd *fds) {
    size_t count = 0;
    fds[count++] = (struct pollfd){.fd = control->listening, .events = POLLIN};
    for (int i = 0; i < CLIENTS; i++)
        if (control->clients[i].connection >= 0)
            fds[count++] = (struct pollfd){.fd = control->clients[i].connection, .events = POLLIN};
    return count;
}

static void drop(struct client *client) {
    close(client->connection);
    client->connection = -1;
}

static bool answer(struct control *control, struct client *client, char *command) {
    char text[ANSWER_ROOM + 1];
    control->carry_out(control->param, command, text);
    strcat(text, "\n");
    ssize_t count = (ssize_t)strlen(text);
    return send(client->connection, text, (size_t)count, MSG_NOSIGNAL | MSG_DONTWAIT) == count;
}

static void serve(struct control *control, struct client *client) {
    ssize_t count = recv(client->connection, client->text + client->used, COMMAND_ROOM - client->used, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
        drop(client);
        return;
    }
    client->used += (size_t)count;
    char *end;
    while ((end = memchr(client->text, '\n', client->used))) {
        *end = '\0';
        bool read = answer(control, client, client->text);
        client->used -= (size_t)(end + 1 - client->text);
        memmove(client->text, end + 1, client->used);
        if (!read) { /* it left, or does not read its answers */
            drop(client);
            return;
        }
    }
    if (client->used == COMMAND_ROOM) drop(client);
}

void control_serve(struct control *control) {
    for (int i = 0; i < CLIENTS; i++) {
        struct client *client = &control->clients[i];
        if (client->connection >= 0) {
            serve(control, client);
        } else if ((client->connection = accept4(control->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
            client->used = 0;
            serve(control, client);
        }
    }
}

void control_close(struct control *control) {
    for (int i = 0; i < CLIENTS; i++)
        if (control->clients[i].connection >= 0) drop(&control->clients[i]);
    close(control->listening);
    unlink(control->path);
}
