#pragma once

#include <stdexcept>
#include <string>

namespace dropreason {

// Where an error comes from; the names are those of index.d.ts.
enum class Code { kBtf, kOpen, kLoad, kAttach, kMap, kSymbols, kPin, kLocked, kCapabilities, kUser, kArgument, kClosed };

// The one error of this addon: what was being done, the errno, and libbpf's last lines.
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& doing, int err);

  Code code() const { return code_; }
  // 0 where there is none.
  int err() const { return err_; }
  const std::string& details() const { return details_; }

 private:
  Code code_;
  int err_;
  std::string details_;
};

const char* name_of(Code code);

// Has libbpf's words kept, from here on, in place of being printed; only the last lines of the calling thread.
void capture_libbpf_log();
// Called before each call of the addon, so that an error has the words of its own call.
void clear_libbpf_log();

}  // namespace dropreason
