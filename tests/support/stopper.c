/* Run a command and stop its whole process tree at the calls that change a disk.

   stopper LOG ROOT MODE AT ERRNO NAMES COMMAND...

   LOG    where each call is written that was counted: number, process, name, path, second path (tab-separated)
   ROOT   calls count if what they change lies below it
   MODE   "see"   only count;
          "kill"  kill every process before call number AT is made;
          "half"  if it is a write, let that write the first half of its bytes, and then kill every process;
          "once"  let call number AT fail with ERRNO, or the first one after it that NAMES has;
          "on"    let that one fail and each later one that NAMES has;
          "there" let that one fail and each later one that NAMES has, if it is in the same folder
   NAMES  which calls may fail: ",write,open," and so on

   The exit status is the command's; 137 after a kill. Seccomp stops the processes at the calls of interest alone, so
   that everything else runs at full speed. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif
#else
#error "only x86_64 and aarch64 are known"
#endif

/* Where the arguments of a call say what it changes. */
enum kind { FD, PATH, AT, TWO, TWO_AT, TARGET, TARGET_AT, OPEN, OPEN_AT, OPEN2, OUT_FD, ALL };

static const struct call {
    int number;
    const char *name;
    enum kind kind;
} CALLS[] = {
    {SYS_write, "write", FD}, {SYS_pwrite64, "write", FD}, {SYS_writev, "write", FD}, {SYS_pwritev, "write", FD},
    {SYS_pwritev2, "write", FD}, {SYS_fsync, "fsync", FD}, {SYS_fdatasync, "fsync", FD}, {SYS_syncfs, "syncfs", FD}, {SYS_sync, "syncfs", ALL},
    {SYS_sync_file_range, "sync_file_range", FD}, {SYS_fallocate, "write", FD},
    {SYS_ftruncate, "truncate", FD}, {SYS_truncate, "truncate", PATH}, {SYS_fchmod, "chmod", FD},
    {SYS_fchmodat, "chmod", AT}, {SYS_fchown, "chown", FD}, {SYS_fchownat, "chown", AT},
    {SYS_utimensat, "utime", AT}, {SYS_copy_file_range, "write", OUT_FD}, {SYS_sendfile, "write", FD},
    {SYS_renameat, "rename", TWO_AT}, {SYS_renameat2, "rename", TWO_AT}, {SYS_linkat, "link", TWO_AT},
    {SYS_symlinkat, "symlink", TARGET_AT}, {SYS_unlinkat, "unlink", AT}, {SYS_mkdirat, "mkdir", AT},
    {SYS_openat, "open", OPEN_AT}, {SYS_openat2, "open", OPEN2},
#ifdef SYS_open
    {SYS_open, "open", OPEN}, {SYS_creat, "open", PATH}, {SYS_rename, "rename", TWO}, {SYS_link, "link", TWO},
    {SYS_symlink, "symlink", TARGET}, {SYS_unlink, "unlink", PATH}, {SYS_mkdir, "mkdir", PATH},
    {SYS_rmdir, "unlink", PATH}, {SYS_chmod, "chmod", PATH}, {SYS_chown, "chown", PATH}, {SYS_lchown, "chown", PATH},
    {SYS_utime, "utime", PATH}, {SYS_utimes, "utime", PATH},
#endif
};
#define MANY (sizeof CALLS / sizeof *CALLS)
#define MAKES (O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

static FILE *log_file;
static const char *root;
static char one[PATH_MAX], two[PATH_MAX]; /* what the present call changes */

static void die(const char *what) {
    perror(what);
    exit(125);
}

/* Stop at those calls, at opening only where something is made or emptied. */
static void watch(void) {
    static struct sock_filter code[8 * MANY + 8];
    unsigned at = 0;
#define ADD(...) code[at++] = (struct sock_filter)__VA_ARGS__
    ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0));
    ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    for (unsigned i = 0; i < MANY; i++) {
        ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
        if (CALLS[i].kind == OPEN || CALLS[i].kind == OPEN_AT) {
            unsigned flags = offsetof(struct seccomp_data, args) + 8 * (CALLS[i].kind == OPEN ? 1 : 2);
            ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[i].number, 0, 4));
            ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, flags)); /* little-endian: the low half comes first */
            ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAKES, 1, 0));
            ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
        } else
            ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[i].number, 0, 1));
        ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
    }
    ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    struct sock_fprog program = {at, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        die("seccomp");
}

struct asked {
    long number;
    unsigned long args[6];
};

#if defined(__x86_64__)
static void read_call(pid_t pid, struct asked *asked) {
    struct user_regs_struct now;
    if (ptrace(PTRACE_GETREGS, pid, 0, &now)) { asked->number = -1; return; }
    asked->number = (long)now.orig_rax;
    unsigned long args[] = {now.rdi, now.rsi, now.rdx, now.r10, now.r8, now.r9};
    memcpy(asked->args, args, sizeof args);
}
static void refuse(pid_t pid, int with) {
    struct user_regs_struct now;
    if (ptrace(PTRACE_GETREGS, pid, 0, &now)) return;
    now.orig_rax = -1UL;
    now.rax = (unsigned long)-with;
    ptrace(PTRACE_SETREGS, pid, 0, &now);
}
static void halve(pid_t pid) {
    struct user_regs_struct now;
    if (ptrace(PTRACE_GETREGS, pid, 0, &now)) return;
    now.rdx /= 2;
    ptrace(PTRACE_SETREGS, pid, 0, &now);
}
#else
static void read_call(pid_t pid, struct asked *asked) {
    struct user_regs_struct now;
    struct iovec part = {&now, sizeof now};
    if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part)) { asked->number = -1; return; }
    asked->number = (long)now.regs[8];
    memcpy(asked->args, now.regs, sizeof asked->args);
}
static void refuse(pid_t pid, int with) {
    struct user_regs_struct now;
    struct iovec part = {&now, sizeof now};
    int none = -1;
    struct iovec number = {&none, sizeof none};
    if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part)) return;
    now.regs[0] = (unsigned long)-with;
    ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &number);
    ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part);
}
static void halve(pid_t pid) {
    struct user_regs_struct now;
    struct iovec part = {&now, sizeof now};
    if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part)) return;
    now.regs[2] /= 2;
    ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part);
}
#endif

static void text_at(pid_t pid, unsigned long where, char *into) {
    size_t got = 0;
    while (got < PATH_MAX - 1) { /* a page at a time: what follows may not be mapped */
        size_t size = 4096 - (where + got) % 4096;
        if (size > PATH_MAX - 1 - got) size = PATH_MAX - 1 - got;
        struct iovec ours = {into + got, size}, theirs = {(void *)(where + got), size};
        ssize_t read = process_vm_readv(pid, &ours, 1, &theirs, 1, 0);
        if (read <= 0) break;
        if (memchr(into + got, 0, (size_t)read)) return;
        got += (size_t)read;
    }
    into[got] = 0;
}

/* What a descriptor is: its path, or empty for pipes, sockets, terminals. */
static void of_descriptor(pid_t pid, int fd, char *into) {
    char link[64];
    struct stat found;
    into[0] = 0;
    if (fd == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/%d/cwd", pid);
    else
        snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, fd);
    if (stat(link, &found) || !(S_ISREG(found.st_mode) || S_ISDIR(found.st_mode))) return;
    ssize_t size = readlink(link, into, PATH_MAX - 1);
    into[size < 0 ? 0 : size] = 0;
}

static void of_path(pid_t pid, int fd, unsigned long where, char *into) {
    char name[PATH_MAX], folder[PATH_MAX];
    text_at(pid, where, name);
    if (sscanf(name, "/proc/self/fd/%d", &fd) == 1) { /* how a file without a name is given one */
        of_descriptor(pid, fd, into);
        return;
    }
    if (name[0] == '/') {
        strcpy(into, name);
        return;
    }
    of_descriptor(pid, fd, folder);
    if (snprintf(into, PATH_MAX, name[0] ? "%s/%s" : "%s%s", folder, name) >= PATH_MAX) into[0] = 0;
}

static int is_below(const char *path, const char *folder) {
    size_t size = strlen(folder);
    return !strncmp(path, folder, size) && (path[size] == '/' || !path[size]);
}

/* Whether the present call is to fail, AT being reached. */
static int fails(const char *mode, const char *names, const char *call) {
    static int failed;
    static char folder[PATH_MAX];
    char name[32];
    snprintf(name, sizeof name, ",%s,", call);
    if (!strstr(names, name)) return 0;
    if (failed && !strcmp(mode, "once")) return 0;
    if (failed && !strcmp(mode, "there")) return is_below(one, folder) || is_below(two, folder);
    if (strcmp(mode, "once") && strcmp(mode, "on") && strcmp(mode, "there")) return 0;
    if (!failed) {
        strcpy(folder, one);
        char *slash = strrchr(folder, '/');
        if (slash) *slash = 0;
    }
    return failed = 1;
}

/* The number of this call among those that count, written down; 0 if it does not count. */
static unsigned count(pid_t pid, const struct call *call, const struct asked *asked) {
    static unsigned counted;
    const unsigned long *a = asked->args;
    struct open_how how;
    struct iovec ours = {&how, sizeof how}, theirs = {(void *)a[2], sizeof how};
    one[0] = two[0] = 0;
    switch (call->kind) {
    case FD: of_descriptor(pid, (int)a[0], one); break;
    case OUT_FD: of_descriptor(pid, (int)a[2], one); break;
    case PATH: case OPEN: of_path(pid, AT_FDCWD, a[0], one); break;
    case AT:
        if (call->number == SYS_utimensat && !a[1]) of_descriptor(pid, (int)a[0], one);
        else of_path(pid, (int)a[0], a[1], one);
        break;
    case OPEN_AT: of_path(pid, (int)a[0], a[1], one); break;
    case OPEN2:
        if (process_vm_readv(pid, &ours, 1, &theirs, 1, 0) < (ssize_t)sizeof how || !(how.flags & MAKES)) return 0;
        of_path(pid, (int)a[0], a[1], one);
        break;
    case TWO: of_path(pid, AT_FDCWD, a[0], one), of_path(pid, AT_FDCWD, a[1], two); break;
    case TWO_AT: of_path(pid, (int)a[0], a[1], one), of_path(pid, (int)a[2], a[3], two); break;
    case ALL: strcpy(one, root); break;
    case TARGET: of_path(pid, AT_FDCWD, a[1], one); break;
    case TARGET_AT: of_path(pid, (int)a[1], a[2], one); break;
    }
    if (!is_below(one, root) && !is_below(two, root)) return 0;
    fprintf(log_file, "%u\t%d\t%s\t%s\t%s\n", ++counted, pid, call->name, one, two);
    return counted;
}

static pid_t known[4096];
static int many_known;

static void learn(pid_t pid) {
    for (int i = 0; i < many_known; i++)
        if (known[i] == pid) return;
    if (many_known < 4096) known[many_known++] = pid;
}

static void forget(pid_t pid) {
    for (int i = 0; i < many_known; i++)
        if (known[i] == pid) known[i] = known[--many_known];
}

static void kill_all(void) {
    /* Nobody is let go on; what is stopped dies where it stands, and the rest as it comes to a stop or runs. */
    for (int i = 0; i < many_known; i++) kill(known[i], SIGKILL);
    FILE *children;
    char path[64];
    int status;
    pid_t pid, child;
    fclose(log_file);
    for (;;) {
        /* the whole tree hangs on us, as a tracer if not as a parent */
        snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
        if ((children = fopen(path, "r"))) {
            while (fscanf(children, "%d", &child) == 1) kill(child, SIGKILL);
            fclose(children);
        }
        pid = waitpid(-1, &status, __WALL);
        if (pid < 0) break;
        if (WIFSTOPPED(status)) kill(pid, SIGKILL);
    }
    exit(137);
}

int main(int argc, char **argv) {
    if (argc < 8) return 125;
    root = argv[2];
    const char *mode = argv[3], *names = argv[6];
    unsigned at = (unsigned)atoi(argv[4]);
    int with = atoi(argv[5]), status, result = 125, gate[2];
    if (!(log_file = fopen(argv[1], "we"))) die(argv[1]);
    if (pipe2(gate, O_CLOEXEC)) die("pipe");
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what is left of the tree is ours to end */
    pid_t first = fork();
    if (!first) {
        char byte;
        if (read(gate[0], &byte, 1) != 1) _exit(125);
        watch();
        execvp(argv[7], argv + 7);
        die(argv[7]);
    }
    long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
                   PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP;
    if (ptrace(PTRACE_SEIZE, first, 0, options)) die("ptrace");
    if (write(gate[1], "x", 1) != 1) die("pipe");
    learn(first);
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0) break;
        if (!WIFSTOPPED(status)) {
            forget(pid);
            if (pid == first) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        learn(pid);
        int event = status >> 16, signal = event ? 0 : WSTOPSIG(status);
        if (event == PTRACE_EVENT_SECCOMP) {
            struct asked asked = {0};
            read_call(pid, &asked);
            for (unsigned i = 0; i < MANY; i++) {
                if (CALLS[i].number != asked.number) continue;
                unsigned number = count(pid, &CALLS[i], &asked);
                if (!number || number < at || !at) break;
                int writes = asked.number == SYS_write || asked.number == SYS_pwrite64;
                if (!strcmp(mode, "half") && writes) {
                    halve(pid);
                    ptrace(PTRACE_SYSCALL, pid, 0, 0); /* it stops again when the half is written */
                    while (waitpid(pid, &status, __WALL) != pid) continue;
                    kill_all();
                }
                if (!strcmp(mode, "kill") || !strcmp(mode, "half")) kill_all();
                if (fails(mode, names, CALLS[i].name)) {
                    fprintf(log_file, "failed\n");
                    refuse(pid, with);
                }
                break;
            }
        }
        ptrace(PTRACE_CONT, pid, 0, signal);
    }
    fclose(log_file);
    return result;
}
