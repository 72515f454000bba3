#pragma once

#include <bpf/libbpf.h>

#include <memory>
#include <string>
#include <vector>

#include "fd.h"
#include "pin_directory.h"

namespace dropreason {

// A program and where it runs: a kernel function, or nothing where the program itself names its tracepoint.
struct Attachment {
  std::string program;
  std::string target;

  bool operator==(const Attachment& other) const { return program == other.program && target == other.target; }
};

// An attached program. Detaches with its owner, unless it is pinned.
class Attached {
 public:
  // Attaches a loaded program of an object; pins it too where there is a directory. Throws kAttach, kPin.
  Attached(const Attachment& attachment, bpf_object* object, const PinDirectory* pins);
  // Takes over what is pinned under a name of `pin_name_of`; throws kPin.
  Attached(const Attachment& attachment, const PinDirectory& pins);

  const Attachment& attachment() const { return attachment_; }
  // For the program's statistics; of its own, since the object may be gone.
  int program_fd() const { return program_.get(); }

  // Detaches, and removes the pins where there are some.
  void remove(const PinDirectory* pins);

 private:
  struct LetGo {
    // `event`: the perf event of a kprobe, which belongs to the link.
    LetGo() : LetGo(-1) {}
    explicit LetGo(int event) : event(event) {}
    int event;
    void operator()(bpf_link* link) const;
  };

  // Leaves no link, and errno, where it fails.
  void attach(bpf_program* program);

  Attachment attachment_;
  Fd program_;
  std::unique_ptr<bpf_link, LetGo> link_;
};

// Whether it is a program of fentry or fexit; throws kAttach where the object has no such program.
bool runs_at_function(const Attachment& attachment, const bpf_object* object);

// The errno by which the kernel refuses every program of fentry and fexit, whatever it does; 0 where it doesn't.
int refusal_of_functions();

// Before the object is loaded: where programs of fentry and fexit run. Throws kAttach.
void set_target(const Attachment& attachment, bpf_object* object);

// What pins an attachment has: its program and its link.
std::vector<std::string> pin_names_of(const Attachment& attachment);

// The attachment of a program or a link that is pinned under this name; false where the name is neither's.
bool from_pin_name(const std::string& name, Attachment* attachment);

}  // namespace dropreason
