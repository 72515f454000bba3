#include "error.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace dropreason {
namespace {

// The end of the log is kept, because the verifier's verdict comes last.
constexpr size_t kLogBytes = 16 * 1024;

thread_local std::string log_tail;

int keep(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  char* line = nullptr;
  if (vasprintf(&line, format, arguments) < 0) return 0;
  log_tail += line;
  free(line);
  if (log_tail.size() > kLogBytes) log_tail.erase(0, log_tail.size() - kLogBytes);
  return 0;
}

std::string message(const std::string& doing, int err) {
  return err == 0 ? doing : doing + ": " + strerror(err);
}

}  // namespace

Error::Error(Code code, const std::string& doing, int err)
    : std::runtime_error(message(doing, err)), code_(code), err_(err), details_(log_tail) {}

const char* name_of(Code code) {
  switch (code) {
    case Code::kBtf: return "ERR_BTF";
    case Code::kOpen: return "ERR_OPEN";
    case Code::kLoad: return "ERR_LOAD";
    case Code::kAttach: return "ERR_ATTACH";
    case Code::kMap: return "ERR_MAP";
    case Code::kSymbols: return "ERR_SYMBOLS";
    case Code::kPin: return "ERR_PIN";
    case Code::kLocked: return "ERR_LOCKED";
    case Code::kCapabilities: return "ERR_CAPABILITIES";
    case Code::kUser: return "ERR_USER";
    case Code::kArgument: return "ERR_ARGUMENT";
    case Code::kClosed: return "ERR_CLOSED";
  }
  return "";
}

void capture_libbpf_log() { libbpf_set_print(keep); }

void clear_libbpf_log() { log_tail.clear(); }

}  // namespace dropreason
