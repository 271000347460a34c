/* Records what a program writes and syncs, in order, so that a power cut can be played after any of it.
   Preloaded; the record goes to the file that $RECORD names. Files are those whose name begins with $WATCH;
   where $WATCH_IN names a folder, only those in it, with what is made and renamed there, and the folder's syncs.
   A record: operation, length of the name, offset, length of the data; the name; the data. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct __attribute__((packed)) head { char what; uint16_t name; uint64_t offset; uint32_t length; };
static int record = -1;

static void note(char what, const char *name, uint64_t offset, const void *data, size_t length) {
    const char *watch = getenv("WATCH"), *base = strrchr(name, '/');
    const char *in = getenv("WATCH_IN");
    if (!watch || !getenv("RECORD") || strncmp(base ? base + 1 : name, watch, strlen(watch))) return;
    if (in && strncmp(name, in, strlen(in))) return;
    if (record < 0) record = open(getenv("RECORD"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    base = base ? base + 1 : name;
    struct head head = {what, strlen(base), offset, length};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)base, head.name}, {(void *)data, length}};
    writev(record, parts, 3);  /* at once: other threads record, too */
}

static void note_fd(char what, int fd, uint64_t offset, const void *data, size_t length) {
    char link[64], name[PATH_MAX];
    strcpy(link, "/proc/self/fd/");
    char digits[16]; int n = 0, value = fd;
    do digits[n++] = '0' + value % 10; while (value /= 10);
    size_t at = strlen(link);
    while (n) link[at++] = digits[--n];
    link[at] = 0;
    ssize_t size = readlink(link, name, sizeof name - 1);
    if (size <= 0) return;
    name[size] = 0;
    note(what, name, offset, data, length);
}

#define WRITE(function) \
ssize_t function(int fd, const void *data, size_t length, off_t offset) { \
    static ssize_t (*real)(int, const void *, size_t, off_t); \
    if (!real) real = dlsym(RTLD_NEXT, #function); \
    ssize_t done = real(fd, data, length, offset); \
    if (done > 0) note_fd('w', fd, offset, data, done); \
    return done; }
WRITE(pwrite)
WRITE(pwrite64)

ssize_t write(int fd, const void *data, size_t length) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = real(fd, data, length);
    if (done > 0 && offset >= 0) note_fd('w', fd, offset, data, done);
    return done;
}

#define CUT(function) \
int function(int fd, off_t length) { \
    static int (*real)(int, off_t); \
    if (!real) real = dlsym(RTLD_NEXT, #function); \
    int failed = real(fd, length); \
    if (!failed) note_fd('t', fd, length, 0, 0); \
    return failed; }
CUT(ftruncate)
CUT(ftruncate64)

#define SYNC(function) \
int function(int fd) { \
    static int (*real)(int); \
    if (!real) real = dlsym(RTLD_NEXT, #function); \
    int failed = real(fd); \
    if (!failed) note_fd('s', fd, 0, 0, 0); \
    return failed; }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *name) {
    static int (*real)(const char *);
    if (!real) real = dlsym(RTLD_NEXT, "unlink");
    int failed = real(name);
    if (!failed) note('u', name, 0, 0, 0);
    return failed;
}

int rename(const char *name, const char *new) {
    static int (*real)(const char *, const char *);
    if (!real) real = dlsym(RTLD_NEXT, "rename");
    int failed = real(name, new);
    const char *base = strrchr(new, '/');
    base = base ? base + 1 : new;
    if (!failed && getenv("WATCH_IN")) note('r', name, 0, base, strlen(base));
    return failed;
}

#define OPEN(function) \
int function(const char *name, int flags, ...) { \
    static int (*real)(const char *, int, ...); \
    if (!real) real = dlsym(RTLD_NEXT, #function); \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
    va_end(more); \
    int made = flags & O_CREAT && getenv("WATCH_IN") && access(name, F_OK); \
    int fd = real(name, flags, mode); \
    if (made && fd >= 0) note('c', name, 0, 0, 0); \
    return fd; }
OPEN(open)
OPEN(open64)
