#pragma once

#include <stdexcept>
#include <string>

namespace dropreason {

// The source of an error, with the names of index.d.ts.
enum class Code { kBtf, kOpen, kLoad, kAttach, kMap, kSymbols, kPin, kLocked, kCapabilities, kUser, kArgument, kClosed };

// The only error type of this addon: the failed operation, the errno, and libbpf's last lines.
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& doing, int err);

  Code code() const { return code_; }
  // 0 if there is none.
  int err() const { return err_; }
  const std::string& details() const { return details_; }

 private:
  Code code_;
  int err_;
  std::string details_;
};

const char* name_of(Code code);

// Captures libbpf's log instead of printing it. Keeps only the last lines of each thread.
void capture_libbpf_log();
// Called before each call of the addon, so that an error has only the log of its own call.
void clear_libbpf_log();

}  // namespace dropreason
