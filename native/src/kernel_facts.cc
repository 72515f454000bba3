#include "kernel_facts.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "directory.h"
#include "error.h"

namespace dropreason {
namespace {

struct FreeBtf {
  void operator()(btf* object) const { btf__free(object); }
};
using Btf = std::unique_ptr<btf, FreeBtf>;

const std::string kBtfDirectory = "/sys/kernel/btf";
// The lower half of a reason is its number within the subsystem (include/net/dropreason.h, 6.4).
constexpr uint32_t kSubsystemMask = 0xffff0000;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

void append(const btf* object, const btf_type* type, std::vector<KernelReason>& reasons, bool subsystem) {
  const struct btf_enum* enumerator = btf_enum(type);
  for (int i = 0; i < btf_vlen(type); i++, enumerator++) {
    const auto value = static_cast<uint32_t>(enumerator->val);
    if (subsystem == ((value & kSubsystemMask) != 0)) {
      reasons.push_back({btf__name_by_offset(object, enumerator->name_off), value});
    }
  }
}

// Enums of subsystems are recognized by their name and by values that no core reason has.
void append_subsystems(const btf* object, uint32_t first, std::vector<KernelReason>& reasons) {
  for (uint32_t id = first; id < btf__type_cnt(object); id++) {
    const btf_type* type = btf__type_by_id(object, id);
    if (!btf_is_enum(type)) continue;
    const char* name = btf__name_by_offset(object, type->name_off);
    if (ends_with(name, "drop_reason") && strcmp(name, "skb_drop_reason") != 0) append(object, type, reasons, true);
  }
}

void append_modules(btf* vmlinux, std::vector<KernelReason>& reasons) {
  std::vector<std::string> names;
  list_directory(kBtfDirectory, &names);
  for (const std::string& name : names) {
    if (name == "vmlinux") continue;
    const Btf module(btf__parse_split((kBtfDirectory + "/" + name).c_str(), vmlinux));
    if (module) append_subsystems(module.get(), btf__type_cnt(vmlinux), reasons);
  }
}

}  // namespace

KernelFacts read_kernel_facts() {
  const Btf vmlinux(btf__load_vmlinux_btf());
  if (!vmlinux) throw Error(Code::kBtf, "can't read the kernel's type information (CONFIG_DEBUG_INFO_BTF)", errno);

  KernelFacts facts{};
  // 05b24ff9b2cf (6.1) added the guard, and renamed inc_misses_counter() to this so that tracepoints can call it.
  facts.guarded = btf__find_by_name_kind(vmlinux.get(), "bpf_prog_inc_misses_counter", BTF_KIND_FUNC) > 0;
  facts.casts = btf__find_by_name_kind(vmlinux.get(), "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;

  const int core = btf__find_by_name_kind(vmlinux.get(), "skb_drop_reason", BTF_KIND_ENUM);
  if (core <= 0) return facts;
  append(vmlinux.get(), btf__type_by_id(vmlinux.get(), core), facts.reasons, false);
  if (btf__find_by_name_kind(vmlinux.get(), "skb_drop_reason_subsys", BTF_KIND_ENUM) > 0) {
    append_subsystems(vmlinux.get(), 1, facts.reasons);
    append_modules(vmlinux.get(), facts.reasons);
  }
  return facts;
}

}  // namespace dropreason
