#pragma once

#include <bpf/libbpf.h>

#include <memory>
#include <string>
#include <vector>

#include "fd.h"
#include "pin_directory.h"

namespace dropreason {

// A program and its target: a kernel function, or nothing if the program itself has its tracepoint.
struct Attachment {
  std::string program;
  std::string target;

  bool operator==(const Attachment& other) const { return program == other.program && target == other.target; }
};

// An attached program. Detached with its owner, unless it is pinned.
class Attached {
 public:
  // Attaches a loaded program of an object, and pins it if there is a directory. Throws kAttach, kPin.
  Attached(const Attachment& attachment, bpf_object* object, const PinDirectory* pins);
  // Takes over the pin with a name from `pin_name_of`. Throws kPin.
  Attached(const Attachment& attachment, const PinDirectory& pins);

  const Attachment& attachment() const { return attachment_; }
  // For the program's statistics. A separate descriptor, because the object may be gone.
  int program_fd() const { return program_.get(); }

  // Detaches, and removes the pins if there are any.
  void remove(const PinDirectory* pins);

 private:
  struct CloseLink {
    // `event`: the perf event of a kprobe, which belongs to the link.
    CloseLink() : CloseLink(-1) {}
    explicit CloseLink(int event) : event(event) {}
    int event;
    void operator()(bpf_link* link) const;
  };

  // On failure, sets no link, and errno.
  void attach(bpf_program* program);

  Attachment attachment_;
  Fd program_;
  std::unique_ptr<bpf_link, CloseLink> link_;
};

// Whether it is an fentry or fexit program. Throws kAttach if the object has no such program.
bool runs_at_function(const Attachment& attachment, const bpf_object* object);

// The errno if the kernel refuses all fentry and fexit programs, whatever they do; else 0.
int refusal_of_functions();

// Sets the target of fentry and fexit programs. Call it before loading the object. Throws kAttach.
void set_target(const Attachment& attachment, bpf_object* object);

// The pin names of an attachment: its program and its link.
std::vector<std::string> pin_names_of(const Attachment& attachment);

// The attachment of a program or link with this pin name; false if the name belongs to neither.
bool from_pin_name(const std::string& name, Attachment* attachment);

}  // namespace dropreason
