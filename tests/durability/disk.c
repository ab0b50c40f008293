/* A disk that fails, for the unmodified program: preloaded, it counts what is done to the files
   of the journal. From operation UNPAIR_EIO_AT on (or at that one alone, with UNPAIR_EIO_ONCE)
   writes, truncations and syncs answer EIO. At the end their number goes to UNPAIR_DISK_COUNT. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_journal(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, "/unpair.db") != NULL && strstr(path, "-shm") == NULL;
}

static long done;

static int fails(int fd) {
    static long first = -1;
    if (!is_journal(fd)) return 0;
    if (first < 0) {
        const char *at = getenv("UNPAIR_EIO_AT");
        first = at ? atol(at) : LONG_MAX;
    }
    long now = __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    int hit = getenv("UNPAIR_EIO_ONCE") ? now == first : now >= first;
    if (hit) errno = EIO;
    return hit;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    return fails(fd) ? -1 : real(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    return fails(fd) ? -1 : real(fd, data, size, at);
}

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    return fails(fd) ? -1 : real(fd, size);
}

int fsync(int fd) {
    REAL(fsync);
    return fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return fails(fd) ? -1 : real(fd);
}

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("UNPAIR_DISK_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld", done);
    fclose(file);
}
