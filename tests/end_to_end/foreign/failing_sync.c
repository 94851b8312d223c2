/* A disk that loses its syncs: fsync and fdatasync fail with EIO while the file named by DISK_FAILS_WHEN exists.
   Loaded before the C library with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int failing(void) {
    const char *trigger = getenv("DISK_FAILS_WHEN");
    return trigger && access(trigger, F_OK) == 0;
}

static int sync_with(const char *name, int fd) {
    if (failing()) {
        errno = EIO;
        return -1;
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(fd);
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }
