// The sender of datagrams: a process of its own with a bounded count and time, in C so that it takes
// little of the machine that it measures. One socket sends from as many loopback addresses as there
// are sources (IP_PKTINFO). Standard input brings the orders and the messages, see messages.js;
// standard output gets one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum {
  BATCH = 64,         // messages of one call
  BURST = 256,        // messages sent before answers are read again
  TIMED_EVERY = 8,    // every so many-th message is timed
  GRACES_MAX = 8,
  DIGITS = 10,
  SLOTS_MAX = 8,
  BYTES_MAX = 65000,
  ANSWER_BYTES = 2048,
  TEMPLATES_MAX = 8,
  BUFFER_BYTES = 33554432,
};
static const char MARK[] = "Call-ID: bench-";

struct template { size_t length, slots[SLOTS_MAX]; int slot_count; char text[BYTES_MAX]; };
struct outgoing { struct iovec part; union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(struct in_pktinfo))]; } control; char *text; };

static struct template templates[TEMPLATES_MAX];
static int template_count, sources;
static uint64_t count_max, offered, answered, send_errors, timed;
static double *sent_ms, *took_ms;
static int sock;

static void fail(const char *what) { perror(what); exit(1); }

static double now_ms(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

/** Loopback is a /8: each source is an address of its own. */
static uint32_t address_of(unsigned index) {
  if (sources == 1) return htonl(INADDR_LOOPBACK);
  return htonl(127u << 24 | (1 + (index >> 14)) << 16 | ((index >> 7) & 127) << 8 | (1 + (index & 127)));
}

static void read_templates(void) {
  if (scanf("%d", &template_count) != 1 || template_count < 1 || template_count > TEMPLATES_MAX) exit(2);
  for (int n = 0; n < template_count; n += 1) {
    struct template *to = &templates[n];
    if (scanf("%zu %d", &to->length, &to->slot_count) != 2) exit(2);
    if (to->length > BYTES_MAX || to->slot_count > SLOTS_MAX) exit(2);
    for (int slot = 0; slot < to->slot_count; slot += 1)
      if (scanf("%zu", &to->slots[slot]) != 1) exit(2);
    if (getchar() != '\n' || fread(to->text, 1, to->length, stdin) != to->length) exit(2);
  }
}

static void open_socket(void) {
  struct sockaddr_in any = {.sin_family = AF_INET};
  const int one = 1, size = BUFFER_BYTES;
  sock = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (sock < 0 || bind(sock, (struct sockaddr *)&any, sizeof any) < 0) fail("socket");
  setsockopt(sock, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
  if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
    setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static void write_number(struct outgoing *to, const struct template *from, uint64_t number) {
  memcpy(to->text, from->text, from->length);
  for (int slot = 0; slot < from->slot_count; slot += 1) {
    uint64_t rest = number;
    for (int digit = DIGITS - 1; digit >= 0; digit -= 1, rest /= 10)
      to->text[from->slots[slot] + digit] = '0' + rest % 10;
  }
  to->part = (struct iovec){.iov_base = to->text, .iov_len = from->length};
}

static void send_batch(unsigned count, struct sockaddr_in *peer) {
  static struct outgoing out[BATCH];
  static struct mmsghdr messages[BATCH];
  for (unsigned n = 0; n < count; n += 1) {
    const uint64_t number = offered + n;
    struct outgoing *to = &out[n];
    if (to->text == NULL && (to->text = malloc(BYTES_MAX)) == NULL) fail("malloc");
    write_number(to, &templates[number % template_count], number);
    struct msghdr *head = &messages[n].msg_hdr;
    *head = (struct msghdr){.msg_name = peer, .msg_namelen = sizeof *peer, .msg_iov = &to->part, .msg_iovlen = 1,
                            .msg_control = &to->control, .msg_controllen = sizeof to->control};
    struct cmsghdr *control = CMSG_FIRSTHDR(head);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
    struct in_pktinfo *from = (struct in_pktinfo *)CMSG_DATA(control);
    memset(from, 0, sizeof *from);
    from->ipi_spec_dst.s_addr = address_of(number % sources);
    if (number % TIMED_EVERY == 0) sent_ms[number / TIMED_EVERY] = now_ms();
  }
  for (unsigned done = 0; done < count;) {
    const int sent = sendmmsg(sock, messages + done, count - done, 0);
    // One that cannot be sent is passed over, and told.
    if (sent <= 0) send_errors += 1;
    done += sent <= 0 ? 1 : (unsigned)sent;
  }
  offered += count;
}

static void note_answer(const char *text, size_t length) {
  answered += 1;
  const char *at = memmem(text, length, MARK, sizeof MARK - 1);
  if (at == NULL || at + sizeof MARK - 1 + DIGITS > text + length) return;
  uint64_t number = 0;
  for (int digit = 0; digit < DIGITS; digit += 1) number = number * 10 + (at[sizeof MARK - 1 + digit] - '0');
  if (number % TIMED_EVERY != 0 || number >= count_max || timed > count_max / TIMED_EVERY) return;
  took_ms[timed++] = now_ms() - sent_ms[number / TIMED_EVERY];
}

static void read_answers(void) {
  static char texts[BATCH][ANSWER_BYTES];
  static struct iovec parts[BATCH];
  static struct mmsghdr messages[BATCH];
  for (int got = BATCH; got == BATCH;) {
    for (int n = 0; n < BATCH; n += 1) {
      parts[n] = (struct iovec){.iov_base = texts[n], .iov_len = ANSWER_BYTES};
      messages[n].msg_hdr = (struct msghdr){.msg_iov = &parts[n], .msg_iovlen = 1};
    }
    got = recvmmsg(sock, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int n = 0; n < got; n += 1) note_answer(texts[n], messages[n].msg_len);
  }
}

static void rest(double ms) {
  const struct timespec pause = {.tv_nsec = (long)(ms * 1e6)};
  nanosleep(&pause, NULL);
}

/** Keeps to the rate: each round sends what is due and reads what came. */
static void send_all(double rate, double seconds, uint16_t port) {
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port)};
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const double started = now_ms();
  for (double now = started; now < started + seconds * 1e3 && offered < count_max; now = now_ms()) {
    uint64_t due = (uint64_t)((now - started) / 1e3 * rate) + 1;
    if (due > count_max) due = count_max;
    const uint64_t burst = due > offered + BURST ? BURST : due - offered;
    for (uint64_t left = burst; left > 0;) {
      const unsigned count = left > BATCH ? BATCH : (unsigned)left;
      send_batch(count, &peer);
      left -= count;
    }
    read_answers();
    if (burst < BURST) rest(1);
  }
}

static int ascending(const void *one, const void *other) {
  const double difference = *(const double *)one - *(const double *)other;
  return (difference > 0) - (difference < 0);
}

static void print_quantile(const char *name, double part) {
  if (timed == 0) printf("\"%s\":null,", name);
  else printf("\"%s\":%.3f,", name, took_ms[(uint64_t)((timed - 1) * part)]);
}

int main(void) {
  double rate, seconds, grace_ms;
  unsigned port;
  if (scanf("%u %d %lf %lf %lf", &port, &sources, &rate, &seconds, &grace_ms) != 5) return 2;
  if (port > 65535 || sources < 1 || rate * seconds > 1e9) return 2;
  read_templates();
  count_max = (uint64_t)(rate * seconds);
  sent_ms = calloc(count_max / TIMED_EVERY + 1, sizeof *sent_ms);
  took_ms = calloc(count_max / TIMED_EVERY + 1, sizeof *took_ms);
  if (sent_ms == NULL || took_ms == NULL) fail("calloc");
  open_socket();
  const double started = now_ms();
  send_all(rate, seconds, (uint16_t)port);
  const double sending_s = (now_ms() - started) / 1e3;
  // Until no answer comes any more: closing earlier would throw away what a slow agent has not read.
  uint64_t seen = UINT64_MAX;
  for (int round = 0; seen != answered && round < GRACES_MAX; round += 1) {
    seen = answered;
    for (double end = now_ms() + grace_ms; now_ms() < end; rest(5)) read_answers();
  }
  qsort(took_ms, timed, sizeof *took_ms, ascending);
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  const double cpu_s = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf("{\"offered\":%llu,\"answered\":%llu,\"sendErrors\":%llu,\"seconds\":%.6f,", (unsigned long long)offered,
         (unsigned long long)answered, (unsigned long long)send_errors, sending_s);
  print_quantile("p50Ms", 0.5);
  print_quantile("p99Ms", 0.99);
  printf("\"cpuS\":%.6f}\n", cpu_s);
  return 0;
}
