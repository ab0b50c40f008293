/* A disk that fails, or that remembers, for the unmodified program: preloaded, it stands between
   the program and the files of its journal.

   From operation UNPAIR_EIO_AT on (or at that one alone, with UNPAIR_EIO_ONCE) writes, truncations
   and syncs answer EIO. At the end their number goes to UNPAIR_DISK_COUNT.

   While the file UNPAIR_HANG_WHILE exists, none of them comes to its end.

   With UNPAIR_DISK_LOG everything that reaches the files is recorded there, in order, and what
   leaves the process: each piece of a request that names a group, and that something was printed.
   By then what is acknowledged by it counts as durable. A record is: kind, length of name, offset,
   length of data (8 bytes each, native order), name, data. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE = 1, TRUNCATE, UNLINK, SYNC, SENT, PRINTED };

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)

static long done;

/* The file's own name if it is one of the journal, else NULL. */
static const char *journal_name(const char *path) {
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    return strncmp(name, "unpair.db", 9) == 0 && !strstr(name, "-shm") ? name : NULL;
}

static const char *journal_file(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    return journal_name(path);
}

static int fails(void) {
    const char *hangs = getenv("UNPAIR_HANG_WHILE");
    while (hangs && access(hangs, F_OK) == 0) usleep(10000);
    static long first = -1;
    if (first < 0) {
        const char *at = getenv("UNPAIR_EIO_AT");
        first = at ? atol(at) : LONG_MAX;
    }
    long now = __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    int hit = getenv("UNPAIR_EIO_ONCE") ? now == first : now >= first;
    if (hit) errno = EIO;
    return hit;
}

static void put(int fd, const void *data, size_t size) {
    REAL(write);
    if (real(fd, data, size) != (ssize_t)size) abort();
}

static void record(enum kind kind, const char *name, long at, const void *data, size_t size) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int log = -1;
    pthread_mutex_lock(&lock);
    const char *path = getenv("UNPAIR_DISK_LOG");
    if (log < 0 && path) log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log >= 0) {
        long head[4] = { kind, strlen(name), at, size };
        put(log, head, sizeof head);
        put(log, name, head[1]);
        put(log, data, size);
    }
    pthread_mutex_unlock(&lock);
}

/* Records what is about to leave: to a server if it names a group, or to whoever reads. */
static void leaves(int fd, const void *data, size_t size) {
    struct stat file;
    if (fd == STDOUT_FILENO) return record(PRINTED, "", 0, "", 0);
    if (fstat(fd, &file) || !S_ISSOCK(file.st_mode)) return;
    if (memmem(data, size, "sg-", 3)) record(SENT, "", 0, data, size);
}

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    char path[PATH_MAX];
    const char *name = journal_file(fd, path);
    if (!name) return leaves(fd, data, size), real(fd, data, size);
    if (fails()) return -1;
    record(WRITE, name, lseek(fd, 0, SEEK_CUR), data, size);
    return real(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    char path[PATH_MAX];
    const char *name = journal_file(fd, path);
    if (!name) return real(fd, data, size, at);
    if (fails()) return -1;
    record(WRITE, name, at, data, size);
    return real(fd, data, size, at);
}

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    char path[PATH_MAX];
    const char *name = journal_file(fd, path);
    if (!name) return real(fd, size);
    if (fails()) return -1;
    record(TRUNCATE, name, size, "", 0);
    return real(fd, size);
}

int unlink(const char *path) {
    REAL(unlink);
    const char *name = journal_name(path);
    if (name) record(UNLINK, name, 0, "", 0);
    return real(path);
}

/* A sync counts once it has returned. */
static int synced(int result, const char *name) {
    if (result == 0) record(SYNC, name, 0, "", 0);
    return result;
}

int fsync(int fd) {
    REAL(fsync);
    char path[PATH_MAX];
    const char *name = journal_file(fd, path);
    if (!name) return real(fd);
    return fails() ? -1 : synced(real(fd), name);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    char path[PATH_MAX];
    const char *name = journal_file(fd, path);
    if (!name) return real(fd);
    return fails() ? -1 : synced(real(fd), name);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    REAL(send);
    leaves(fd, data, size);
    return real(fd, data, size, flags);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    for (int n = 0; n < count; n++) leaves(fd, parts[n].iov_base, parts[n].iov_len);
    return real(fd, parts, count);
}

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("UNPAIR_DISK_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld", done);
    fclose(file);
}
