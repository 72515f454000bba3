#include "attachment.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <iterator>

#include "error.h"
#include "kprobe.h"
#include "pin.h"

namespace dropreason {
namespace {

std::string pin_name_of(const char* kind, const Attachment& attachment) {
  return kind + attachment.program + (attachment.target.empty() ? "" : kPinTarget + attachment.target);
}

std::string describe(const Attachment& attachment) {
  return attachment.program + (attachment.target.empty() ? "" : " to " + attachment.target);
}

bpf_program* find(const Attachment& attachment, const bpf_object* object) {
  bpf_program* program = bpf_object__find_program_by_name(object, attachment.program.c_str());
  if (program == nullptr) throw Error(Code::kAttach, "the BPF object has no program " + attachment.program, 0);
  return program;
}

// The section of a program defines how it is attached: "fexit", "kretprobe", "tp_btf/…".
bool is(const bpf_program* program, const char* section) { return strcmp(bpf_program__section_name(program), section) == 0; }

int same(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

}  // namespace

// libbpf disables the event of a kprobe when it closes the link, even if a pin should keep it. So a pinned link is closed here.
void Attached::CloseLink::operator()(bpf_link* link) const {
  const bool pinned = bpf_link__pin_path(link) != nullptr;
  const int fd = bpf_link__fd(link);
  if (pinned) bpf_link__disconnect(link);
  bpf_link__destroy(link);
  if (!pinned) return;
  if (fd >= 0) close(fd);
  if (event >= 0 && event != fd) close(event);
}

void Attached::attach(bpf_program* program) {
  const bool is_return = is(program, "kretprobe");
  if (!is_return && !is(program, "kprobe")) {
    link_.reset(bpf_program__attach(program));
    return;
  }
  Fd event = open_kprobe(attachment_.target, is_return);
  bpf_link* link = event.get() < 0 ? nullptr : bpf_program__attach_perf_event(program, event.get());
  if (link == nullptr) return;
  link_ = {link, CloseLink{event.release()}};
}

Attached::Attached(const Attachment& attachment, bpf_object* object, const PinDirectory* pins) : attachment_(attachment) {
  bpf_program* program = find(attachment, object);
  program_ = Fd(same(bpf_program__fd(program)));
  attach(program);
  if (!link_) throw Error(Code::kAttach, "can't attach " + describe(attachment), errno);
  if (pins == nullptr) return;
  // The program is pinned first: a process that takes over a link without its program gets no statistics.
  int failed = bpf_obj_pin(program_.get(), pins->path_of(pin_name_of(kProgramPin, attachment)).c_str());
  if (failed == 0) failed = bpf_link__pin(link_.get(), pins->path_of(pin_name_of(kLinkPin, attachment)).c_str());
  if (failed != 0) {
    unlink(pins->path_of(pin_name_of(kProgramPin, attachment)).c_str());
    throw Error(Code::kPin, "can't pin " + describe(attachment), -failed);
  }
}

Attached::Attached(const Attachment& attachment, const PinDirectory& pins) : attachment_(attachment) {
  program_ = Fd(bpf_obj_get(pins.path_of(pin_name_of(kProgramPin, attachment)).c_str()));
  if (program_.get() < 0) throw Error(Code::kPin, "can't take over the program of " + describe(attachment), errno);
  link_.reset(bpf_link__open(pins.path_of(pin_name_of(kLinkPin, attachment)).c_str()));
  if (!link_) throw Error(Code::kPin, "can't take over " + describe(attachment), errno);
}

void Attached::remove(const PinDirectory* pins) {
  if (pins != nullptr) {
    bpf_link__unpin(link_.get());
    unlink(pins->path_of(pin_name_of(kProgramPin, attachment_)).c_str());
  }
  link_.reset();
}

bool runs_at_function(const Attachment& attachment, const bpf_object* object) {
  const bpf_program* program = find(attachment, object);
  return is(program, "fentry") || is(program, "fexit");
}

// If they are allowed, the verifier reports that type 1 is not a function.
int refusal_of_functions() {
  constexpr bpf_insn kReturnZero[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  options.expected_attach_type = BPF_TRACE_FENTRY;
  options.attach_btf_id = 1;
  const Fd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "dropreason_try", "GPL", kReturnZero, std::size(kReturnZero), &options));
  return program.get() < 0 && errno == EPERM ? EPERM : 0;
}

void set_target(const Attachment& attachment, bpf_object* object) {
  if (!runs_at_function(attachment, object)) return;
  const int failed = bpf_program__set_attach_target(find(attachment, object), 0, attachment.target.c_str());
  if (failed != 0) throw Error(Code::kAttach, "can't attach " + describe(attachment), -failed);
}

std::vector<std::string> pin_names_of(const Attachment& attachment) {
  return {pin_name_of(kProgramPin, attachment), pin_name_of(kLinkPin, attachment)};
}

bool from_pin_name(const std::string& name, Attachment* attachment) {
  const char* prefix = name.rfind(kLinkPin, 0) == 0 ? kLinkPin : name.rfind(kProgramPin, 0) == 0 ? kProgramPin : nullptr;
  if (prefix == nullptr) return false;
  const std::string rest = name.substr(strlen(prefix));
  const size_t at = rest.find(kPinTarget);
  attachment->program = rest.substr(0, at);
  attachment->target = at == std::string::npos ? "" : rest.substr(at + 1);
  return true;
}

}  // namespace dropreason
