/*
 * A disk that fails on command, for tests. Preloaded into a process (LD_PRELOAD), this library stands before the file
 * calls of the C library, and lets those that concern one directory fail, do half of their work, or end the process.
 * What is to happen is told through a file that is mapped into memory, so that it can change while the process runs:
 *
 *   u32 calls     bit set over `enum call`: those that are counted and may be struck; 0: none
 *   u32 action    `enum action`
 *   u32 error     errno of calls that fail
 *   u32 from      the first counted call that is struck, from 1
 *   u32 count     how many are struck from there on
 *   u32 seen      counted calls so far
 *   u32 struck    those that were struck
 *   u32 each[13]  those that were struck, by `enum call`
 *   char suffix[] what the names of the files end in, closed by a zero; empty: any
 *
 * Numbers are in the machine's own order. The same layout is written by `src/node/testing/faulty-disk.ts`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum call { OPEN, WRITE, PWRITE, PWRITEV, FDATASYNC, FSYNC, FTRUNCATE, RENAME, LINK, UNLINK, READ, PREAD, PREADV, CALLS };

/* FILL: the first call that is struck does half of its work and says so, those after it fail, as on a full disk. */
enum action { PASS, FAIL, HALF_THEN_FAIL, HALF, FILL, KILL };

struct plan {
  _Atomic uint32_t calls;
  uint32_t action, error, from, count;
  _Atomic uint32_t seen, struck, each[CALLS];
  char suffix[64];
};

static struct plan *plan;
static char root[PATH_MAX];
static size_t root_length;

__attribute__((constructor)) static void begin(void) {
  const char *directory = getenv("FAULTY_DISK_ROOT"), *path = getenv("FAULTY_DISK_PLAN");
  if (directory == NULL || path == NULL || realpath(directory, root) == NULL) return;
  root_length = strlen(root);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof(struct plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) plan = mapped;
}

static int concerns(const char *path) {
  if (strncmp(path, root, root_length) != 0 || (path[root_length] != '/' && path[root_length] != 0)) return 0;
  size_t length = strlen(path), suffix = strnlen(plan->suffix, sizeof plan->suffix);
  return length >= suffix && memcmp(path + length - suffix, plan->suffix, suffix) == 0;
}

/* What is to become of a call on a path. */
static enum action judge(enum call call, const char *path) {
  if (plan == NULL || (plan->calls & 1u << call) == 0 || !concerns(path)) return PASS;
  uint32_t number = ++plan->seen;
  if (number < plan->from || number - plan->from >= plan->count) return PASS;
  plan->struck++;
  plan->each[call]++;
  if (plan->action != FILL) return plan->action;
  return number == plan->from ? HALF : FAIL;
}

static enum action judge_file(enum call call, int fd) {
  if (plan == NULL || (plan->calls & 1u << call) == 0) return PASS;
  char link[32], path[PATH_MAX];
  int error = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = error;
  if (length < 0) return PASS;
  path[length] = 0;
  return judge(call, path);
}

static int fail(void) {
  errno = (int)plan->error;
  return -1;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Calls that are done or not. */
#define WHOLE(action, carry_out) \
  switch (action) { \
    case FAIL: \
    case HALF_THEN_FAIL: return fail(); \
    case KILL: die(); /* fall through */ \
    default: return carry_out; \
  }

/* Calls that can be done by half. */
#define PART(action, whole, half) \
  switch (action) { \
    case FAIL: return fail(); \
    case HALF_THEN_FAIL: (void)!half; return fail(); \
    case HALF: return half; \
    case KILL: (void)!half; die(); /* fall through */ \
    default: return whole; \
  }

#define NEXT(type, name, ...) \
  static type (*next)(__VA_ARGS__); \
  if (next == NULL) next = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* The first half of what a list of buffers is to take; returns its buffers. */
static int halve(const struct iovec *parts, int count, struct iovec *half) {
  size_t left = 0;
  for (int i = 0; i < count; i++) left += parts[i].iov_len;
  left = (left + 1) / 2;
  int taken = 0;
  for (; taken < count && left > 0; taken++) {
    half[taken] = parts[taken];
    if (half[taken].iov_len > left) half[taken].iov_len = left;
    left -= half[taken].iov_len;
  }
  return taken;
}

int open64(const char *path, int flags, ...) {
  NEXT(int, "open64", const char *, int, ...);
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  WHOLE(flags & O_CREAT ? judge(OPEN, path) : PASS, next(path, flags, mode))
}

ssize_t write(int fd, const void *bytes, size_t length) {
  NEXT(ssize_t, "write", int, const void *, size_t);
  PART(judge_file(WRITE, fd), next(fd, bytes, length), next(fd, bytes, (length + 1) / 2))
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  NEXT(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  PART(judge_file(PWRITE, fd), next(fd, bytes, length, at), next(fd, bytes, (length + 1) / 2, at))
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  NEXT(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t);
  struct iovec half[IOV_MAX];
  PART(judge_file(PWRITEV, fd), next(fd, parts, count, at), next(fd, half, halve(parts, count, half), at))
}

int fdatasync(int fd) {
  NEXT(int, "fdatasync", int);
  WHOLE(judge_file(FDATASYNC, fd), next(fd))
}

int fsync(int fd) {
  NEXT(int, "fsync", int);
  WHOLE(judge_file(FSYNC, fd), next(fd))
}

int ftruncate64(int fd, off64_t length) {
  NEXT(int, "ftruncate64", int, off64_t);
  WHOLE(judge_file(FTRUNCATE, fd), next(fd, length))
}

int rename(const char *from, const char *to) {
  NEXT(int, "rename", const char *, const char *);
  WHOLE(judge(RENAME, from), next(from, to))
}

int link(const char *from, const char *to) {
  NEXT(int, "link", const char *, const char *);
  WHOLE(judge(LINK, from), next(from, to))
}

int unlink(const char *path) {
  NEXT(int, "unlink", const char *);
  WHOLE(judge(UNLINK, path), next(path))
}

ssize_t read(int fd, void *bytes, size_t length) {
  NEXT(ssize_t, "read", int, void *, size_t);
  PART(judge_file(READ, fd), next(fd, bytes, length), next(fd, bytes, (length + 1) / 2))
}

ssize_t pread64(int fd, void *bytes, size_t length, off64_t at) {
  NEXT(ssize_t, "pread64", int, void *, size_t, off64_t);
  PART(judge_file(PREAD, fd), next(fd, bytes, length, at), next(fd, bytes, (length + 1) / 2, at))
}

ssize_t preadv64(int fd, const struct iovec *parts, int count, off64_t at) {
  NEXT(ssize_t, "preadv64", int, const struct iovec *, int, off64_t);
  struct iovec half[IOV_MAX];
  PART(judge_file(PREADV, fd), next(fd, parts, count, at), next(fd, half, halve(parts, count, half), at))
}
