/* A disk that is full while the file of FULL_WHILE is there: what lies on it can be read and written over, and nothing grows.
   Preloaded into PostgreSQL. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_full(int fd, off_t end) {
    struct stat is;
    const char *flag = getenv("FULL_WHILE");
    return flag && access(flag, F_OK) == 0 && fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && end > is.st_size;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static off_t length(const struct iovec *parts, int count) {
    off_t sum = 0;
    for (int i = 0; i < count; i++) sum += parts[i].iov_len;
    return sum;
}

ssize_t write(int fd, const void *from, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at >= 0 && is_full(fd, at + count)) return errno = ENOSPC, -1;
    return real(fd, from, count);
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (is_full(fd, at + count)) return errno = ENOSPC, -1;
    return real(fd, from, count, at);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t at) { return pwrite64(fd, from, count, at); }

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
    REAL(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t);
    if (is_full(fd, at + length(parts, count))) return errno = ENOSPC, -1;
    return real(fd, parts, count, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return pwritev64(fd, parts, count, at); }

int posix_fallocate64(int fd, off64_t at, off64_t count) {
    REAL(int, "posix_fallocate64", int, off64_t, off64_t);
    if (is_full(fd, at + count)) return ENOSPC;
    return real(fd, at, count);
}

int posix_fallocate(int fd, off_t at, off_t count) { return posix_fallocate64(fd, at, count); }
