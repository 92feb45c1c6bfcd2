/* The minimum cost of a fan-out: a bare loop writes one buffer to N sockets at a fixed rate. Another process reads
 * once a millisecond, like scripts/load: if each write woke the reader, the writer would pay for that.
 *
 *   fanout CONNECTIONS SECONDS BYTES WRITES_PER_SECOND WRITER_CPU READER_CPU
 *
 * Prints the writer's CPU seconds, the elapsed seconds, the writes refused by a full socket, and the 50th and 99th percentile of the
 * milliseconds from the start of a frame's round until each write was done.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void fail(const char *what) {
    perror(what);
    exit(2);
}

static void read_all(const struct sockaddr_in *address, int connections, int core) {
    static char buffer[1 << 18];
    struct epoll_event events[512], event = {.events = EPOLLIN};
    struct timespec until_next_look = {0, 1000000};
    int poll = epoll_create1(0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(core);
    for (int i = 0; i < connections; i++) {
        int s = socket(AF_INET, SOCK_STREAM, 0);
        if (s < 0 || connect(s, (const struct sockaddr *)address, sizeof *address)) fail("connect");
        event.data.fd = s;
        epoll_ctl(poll, EPOLL_CTL_ADD, s, &event);
    }
    for (;;) {
        int ready = epoll_wait(poll, events, 512, 0);
        if (ready == 0) nanosleep(&until_next_look, NULL);
        for (int i = 0; i < ready; i++)
            if (recv(events[i].data.fd, buffer, sizeof buffer, MSG_DONTWAIT) == 0) exit(0);
    }
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int main(int count, char **words) {
    if (count != 7) return 2;
    int connections = atoi(words[1]), bytes = atoi(words[3]);
    double seconds = atof(words[2]), rate = atof(words[4]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), *sockets = malloc(sizeof(int) * connections);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096) || getsockname(listener, (struct sockaddr *)&address, &size)) fail("listen");
    pid_t reader = fork();
    if (reader == 0) read_all(&address, connections, atoi(words[6]));
    pin(atoi(words[5]));
    for (int i = 0; i < connections; i++) {
        sockets[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (sockets[i] < 0) fail("accept");
        setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    char *buffer = calloc(1, bytes);
    int rounds = (int)(seconds * rate);
    long refused = 0, taken = 0;
    float *delays = malloc(sizeof(float) * rounds * (connections / 16 + 1));
    double spent = cpu(), began = now();
    for (int round = 0; round < rounds; round++) {
        double due = began + round / rate, left = due - now();
        if (left > 0) {
            struct timespec pause = {(time_t)left, (long)((left - (time_t)left) * 1e9)};
            nanosleep(&pause, NULL);
        }
        for (int i = 0; i < connections; i++) {
            if (send(sockets[i], buffer, bytes, MSG_NOSIGNAL) < bytes) refused++;
            if (i % 16 == 0) delays[taken++] = (float)((now() - due) * 1e3);
        }
    }
    spent = cpu() - spent;
    double passed = now() - began;
    kill(reader, SIGKILL);
    qsort(delays, taken, sizeof(float), ascending);
    printf("%.6f %.6f %ld %.3f %.3f\n", spent, passed, refused, delays[taken / 2], delays[taken * 99 / 100]);
    return 0;
}
