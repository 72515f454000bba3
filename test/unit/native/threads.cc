// Drops the capabilities of a process with threads that are hard to reach, and says what became of each. With the argument
// "unreachable", one of them can't be reached at all.
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "../../../native/src/capabilities.h"
#include "../../../native/src/error.h"

namespace {

int pipe_of_reader[2];
std::atomic<bool> stop{false};

void reader(int* error) {
  char byte;
  *error = read(pipe_of_reader[0], &byte, 1) == 1 ? 0 : errno;
}

void deaf() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  while (!stop) usleep(1000);
}

// Threads that come and go: one made by a thread that has not dropped yet has not either.
void parent() {
  while (!stop) std::thread([] { std::thread([] { usleep(100); }).join(); }).join();
}

// The kernel holds the parent of a vfork, signals and all, until the child ends.
void held() {
  prctl(PR_SET_NAME, "held");
  if (vfork() == 0) {
    sleep(6);
    _exit(0);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1 && strcmp(arguments[1], "unreachable") == 0) {
    std::thread(held).detach();
    usleep(200000);
    try {
      dropreason::drop_capabilities();
    } catch (const dropreason::Error& error) {
      printf("%s %s\n", dropreason::name_of(error.code()), error.what());
    }
    fflush(stdout);
    _exit(0);
  }
  if (pipe(pipe_of_reader) != 0) return 1;
  int error = -1;
  std::vector<std::thread> threads;
  threads.emplace_back(reader, &error);
  threads.emplace_back(deaf);
  for (int i = 0; i < 4; i++) threads.emplace_back(parent);
  usleep(100000);
  dropreason::drop_capabilities();
  // Whoever is there now, and whoever is made from here on.
  char command[200];
  snprintf(command, sizeof(command),
           "for i in 1 2 3 4 5; do cat /proc/%d/task/*/status 2>&1 | grep -E '^(Cap|NoNew)' | sort | uniq; done | sort | uniq",
           getpid());
  if (system(command) != 0) return 1;
  // glibc has its signal back: this waits for an answer from every thread.
  printf("setresuid %d\n", setresuid(-1, getuid(), -1));
  stop = true;
  if (write(pipe_of_reader[1], "x", 1) != 1) return 1;
  for (std::thread& each : threads) each.join();
  printf("read %d\n", error);
  return 0;
}
