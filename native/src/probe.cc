#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>

#include "batch.h"
#include "blocked_signals.h"
#include "error.h"

namespace dropreason {
namespace {

constexpr char kMetrics[] = "dropreason_metrics";
constexpr char kIdentity[] = "dropreason_identity";
constexpr char kConfig[] = "config";
// A debugger's stop or a freezer still interrupts the verifier. libbpf itself tries five times per attempt.
constexpr int kLoadAttempts = 20;
// Remainders of ended rows: one per reason, direction, family and errno, and per freeing function.
constexpr uint32_t kMostRemainders = 8192;

uint64_t nanos(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return uint64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

// CPU numbers may have gaps, so this uses the highest number, not the number of CPUs: "0-3,8-11" is 12.
uint32_t possible_cpus() {
  std::ifstream file("/sys/devices/system/cpu/possible");
  std::string list;
  if (!(file >> list)) throw Error(Code::kMap, "can't read /sys/devices/system/cpu/possible", errno);
  const size_t last = list.find_last_of("-,");
  return 1 + strtoul(list.c_str() + (last == std::string::npos ? 0 : last + 1), nullptr, 10);
}

// Rounded up to whole pages per CPU, so that CPUs share no page.
uint32_t rows_per_cpu(uint32_t reasons) {
  const uint32_t page_rows = sysconf(_SC_PAGESIZE) / sizeof(dropreason_count);
  const uint32_t rows = (reasons << DROPREASON_REASON_SHIFT) + DROPREASON_SLOTS;
  return (rows + page_rows - 1) / page_rows * page_rows;
}

// Offset of a variable in a data section, from the object's BTF.
int64_t offset_in(const bpf_object* object, const char* section, const char* variable) {
  const btf* types = bpf_object__btf(object);
  const int id = btf__find_by_name_kind(types, section, BTF_KIND_DATASEC);
  if (id < 0) return -1;
  const btf_type* type = btf__type_by_id(types, id);
  const btf_var_secinfo* entry = btf_var_secinfos(type);
  for (int i = 0; i < btf_vlen(type); i++, entry++) {
    const btf_type* declared = btf__type_by_id(types, entry->type);
    if (strcmp(btf__name_by_offset(types, declared->name_off), variable) == 0) return entry->offset;
  }
  return -1;
}

void write_config(bpf_object* object, const dropreason_config& config) {
  bpf_map* data = bpf_object__find_map_by_name(object, ".rodata");
  size_t size = 0;
  auto* bytes = data == nullptr ? nullptr : static_cast<char*>(const_cast<void*>(bpf_map__initial_value(data, &size)));
  const int64_t offset = offset_in(object, ".rodata", kConfig);
  if (bytes == nullptr || offset < 0 || offset + sizeof(config) > size) {
    throw Error(Code::kOpen, "the BPF object has no configuration of this layout: build it again", 0);
  }
  memcpy(bytes + offset, &config, sizeof(config));
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// libbpf reads all kernel types to relocate programs, some 10 MB, and the C library would keep that memory.
struct GiveBackMemory {
  ~GiveBackMemory() { malloc_trim(0); }
};

}  // namespace

Probe::Probe(const ProbeOptions& options)
    : cpus_(possible_cpus()), rows_(rows_per_cpu(options.config.reasons)), options_(options) {
  options_.config.rows = rows_;
  options_.config.cpus = cpus_;
  maps_ = open({}, {});
  size_maps();

  if (options.pin) pins_.emplace(options.pin->directory);
  if (options.pin) identity_ = options.pin->identity;
  else identity_.start_time_millis = nanos(CLOCK_REALTIME) / 1'000'000;
  identity_.start_boot_nanos = nanos(CLOCK_BOOTTIME);
  const bool taken_over = options.pin && take_over();
  const BlockedSignals until_made;
  const int failed = bpf_object__load(maps_.get());
  if (failed != 0) throw Error(Code::kLoad, "can't create the maps", -failed);
  if (options.pin && !taken_over) pin_maps();
  const Slices slices{cpus_, rows_, options.config.reasons << DROPREASON_REASON_SHIFT};
  generations_.emplace(maps_.get(), slices, options.config.flows != 0, taken_over);
  if (!options.config.flows) {
    counters_ = std::make_shared<Mapping>(bpf_map__fd(map(kMetrics)), slices.plane_bytes(), Mapping::Access::kRead);
  }
}

// Without flows, their maps get the smallest possible size.
void Probe::size_maps() {
  const bool flows = options_.config.flows;
  const uint32_t counters = cpus_ * rows_ * (flows ? DROPREASON_PLANES : 1);
  const uint32_t attributes = std::max(1u, options_.attributes_max_entries);
  bpf_map__set_max_entries(map(kMetrics), counters);
  bpf_map__set_max_entries(map("dropreason_attributes_even"), attributes);
  bpf_map__set_max_entries(map("dropreason_attributes_odd"), attributes);
  bpf_map__set_max_entries(map("dropreason_drained"), flows ? counters : 1);
  const uint32_t others = bpf_map__max_entries(map("dropreason_unlisted_even")) + bpf_map__max_entries(map("dropreason_rescued_even"));
  // The rows that user space allows, those of one more generation, those of another that is merged before user space looks, remainders,
  // and the number of a fold.
  bpf_map__set_max_entries(map("dropreason_kept"), 3 * attributes + others + kMostRemainders + 1);
  const uint32_t room = flows ? std::max(1u, options_.flows_max_entries) : 1;
  bpf_map__set_max_entries(map("dropreason_flows_even"), room);
  bpf_map__set_max_entries(map("dropreason_flows_odd"), room);
  if (!flows) bpf_map__set_max_entries(map("dropreason_interfaces"), 1);
}

// Opens the object for the programs of a group, and loads nothing. Uses the maps of this probe if it has them.
Probe::Object Probe::open(const Calls& calls, const std::vector<Attachment>& group) const {
  LIBBPF_OPTS(bpf_object_open_opts, opened);
  // The maps' object has no program to relocate, but libbpf would still read the kernel's types, which takes 20 ms.
  if (group.empty()) opened.btf_custom_path = options_.object.c_str();
  Object object(bpf_object__open_file(options_.object.c_str(), &opened));
  if (!object) throw Error(Code::kOpen, "can't open the BPF object " + options_.object, errno);
  dropreason_config config = options_.config;
  config.connect = calls.connect;
  config.accept = calls.accept;
  write_config(object.get(), config);
  bpf_program* program;
  bpf_object__for_each_program(program, object.get()) bpf_program__set_autoload(program, false);
  for (const Attachment& attachment : group) {
    set_target(attachment, object.get());
    bpf_program__set_autoload(bpf_object__find_program_by_name(object.get(), attachment.program.c_str()), true);
  }
  if (!maps_) return object;
  bpf_map* each;
  bpf_object__for_each_map(each, object.get()) {
    if (bpf_map__is_internal(each)) continue;
    const int failed = bpf_map__reuse_fd(each, bpf_map__fd(map(bpf_map__name(each))));
    if (failed != 0) throw Error(Code::kMap, std::string("can't reuse the map ") + bpf_map__name(each), -failed);
  }
  return object;
}

// Takes over our pins if they are complete: uses their maps, and their programs continue. Otherwise removes them.
bool Probe::take_over() {
  const std::vector<std::string> names = pins_->names();
  const Fd pinned(bpf_obj_get(pins_->path_of(kIdentity).c_str()));
  const uint32_t zero = 0;
  dropreason_identity identity{};
  if (pinned.get() < 0 || bpf_map_lookup_elem(pinned.get(), &zero, &identity) != 0 ||
      memcmp(identity.fingerprint, options_.pin->identity.fingerprint, sizeof(identity.fingerprint)) != 0) {
    if (!names.empty()) origin_ = Origin::kReplaced;
    pins_->clear();
    return false;
  }
  missing_ = missing_pin(names);
  if (!missing_.empty()) {
    origin_ = Origin::kIncomplete;
    pins_->clear();
    return false;
  }
  bpf_map* each;
  bpf_object__for_each_map(each, maps_.get()) {
    if (bpf_map__is_internal(each)) continue;
    const Fd fd(bpf_obj_get(pins_->path_of(bpf_map__name(each)).c_str()));
    const int failed = fd.get() < 0 ? -errno : bpf_map__reuse_fd(each, fd.get());
    if (failed != 0) throw Error(Code::kPin, std::string("can't take over the map ") + bpf_map__name(each), -failed);
  }
  Attachment attachment;
  for (const std::string& name : names) {
    if (from_pin_name(name, &attachment) && !is_attached(attachment)) attached_.emplace_back(attachment, *pins_);
  }
  origin_ = Origin::kTakenOver;
  identity_ = identity;
  return true;
}

// The name of a missing map, or of a missing pin of an attachment, if the others exist; empty if all exist.
std::string Probe::missing_pin(const std::vector<std::string>& names) const {
  const auto is_there = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  const bpf_map* each;
  bpf_object__for_each_map(each, maps_.get()) {
    if (!bpf_map__is_internal(each) && !is_there(bpf_map__name(each))) return bpf_map__name(each);
  }
  Attachment attachment;
  for (const std::string& name : names) {
    if (!from_pin_name(name, &attachment)) continue;
    for (const std::string& pin : pin_names_of(attachment)) {
      if (!is_there(pin)) return pin;
    }
  }
  return {};
}

// The identity is written last. Without one, the pins are from a process that was interrupted.
void Probe::pin_maps() {
  bpf_map* each;
  bpf_object__for_each_map(each, maps_.get()) {
    if (bpf_map__is_internal(each)) continue;
    const int failed = bpf_obj_pin(bpf_map__fd(each), pins_->path_of(bpf_map__name(each)).c_str());
    if (failed != 0) throw Error(Code::kPin, std::string("can't pin the map ") + bpf_map__name(each), -failed);
  }
  const uint32_t zero = 0;
  if (bpf_map_update_elem(bpf_map__fd(map(kIdentity)), &zero, &identity_, BPF_ANY) != 0) {
    throw Error(Code::kMap, "can't write the identity of the pins", errno);
  }
}

bpf_map* Probe::map(const char* name) const {
  bpf_map* found = bpf_object__find_map_by_name(maps_.get(), name);
  if (found == nullptr) throw Error(Code::kMap, std::string("the BPF object has no map ") + name, 0);
  return found;
}

bool Probe::is_attached(const Attachment& attachment) const {
  return std::any_of(attached_.begin(), attached_.end(), [&](const Attached& each) { return each.attachment() == attachment; });
}

// An object can be loaded only once, so each attempt opens a new one.
Probe::Object Probe::load(const Calls& calls, const std::vector<Attachment>& group) const {
  // Opening the object takes about 60 ms, mostly for the kernel's types. So it isn't opened if its programs are refused in any case.
  const auto at_function = [&](const Attachment& each) { return runs_at_function(each, maps_.get()); };
  const int refused = std::any_of(group.begin(), group.end(), at_function) ? refusal_of_functions() : 0;
  if (refused != 0) throw Error(Code::kLoad, "can't load " + group.front().program, refused);
  const BlockedSignals until_loaded;
  for (int attempt = 1;; attempt++) {
    Object object = open(calls, group);
    const int failed = bpf_object__load(object.get());
    if (failed == 0) return object;
    if (failed != -EAGAIN || attempt == kLoadAttempts) throw Error(Code::kLoad, "can't load " + group.front().program, -failed);
  }
}

void Probe::attach(const std::vector<Attachment>& group, const Calls& calls) {
  std::vector<Attachment> missing;
  std::copy_if(group.begin(), group.end(), std::back_inserter(missing), [&](const Attachment& each) { return !is_attached(each); });
  if (missing.empty()) return;
  const GiveBackMemory at_the_end;
  const Object object = load(calls, missing);
  const size_t before = attached_.size();
  try {
    for (const Attachment& attachment : missing) attached_.emplace_back(attachment, object.get(), pins());
  } catch (...) {
    for (size_t i = before; i < attached_.size(); i++) attached_[i].remove(pins());
    attached_.erase(attached_.begin() + before, attached_.end());
    throw;
  }
}

// libbpf has already frozen .rodata.
void Probe::freeze() {
  const bpf_map* each;
  bpf_object__for_each_map(each, maps_.get()) {
    const std::string name = bpf_map__name(each);
    if (bpf_map__is_internal(each) || generations_->writes(name)) continue;
    const int failed = bpf_map_freeze(bpf_map__fd(each));
    // A previous process may have frozen a pinned map.
    if (failed != 0 && failed != -EBUSY) throw Error(Code::kMap, "can't freeze the map " + name, -failed);
  }
}

std::vector<Row> Probe::entries(const std::string& name) const {
  return generations_->entries("dropreason_" + name);
}

uint64_t Probe::since_millis(const dropreason_entry& entry) const {
  const uint64_t start = identity_.start_boot_nanos;
  return identity_.start_time_millis + (entry.since > start ? (entry.since - start) / 1'000'000 : 0);
}

std::vector<Interface> Probe::interfaces() const {
  const auto [keys, values] = read_all<dropreason_interface, dropreason_interface_name>(map("dropreason_interfaces"));
  std::vector<Interface> all(keys.size());
  for (size_t i = 0; i < keys.size(); i++) all[i] = {keys[i], values[i]};
  return all;
}

std::vector<Stack> Probe::stacks() const {
  const auto [keys, values] = read_all<uint64_t, dropreason_stack>(map("dropreason_stacks"));
  std::vector<Stack> stacks(keys.size());
  for (size_t i = 0; i < keys.size(); i++) stacks[i] = {keys[i], values[i]};
  return stacks;
}

std::vector<ProgramStatistics> Probe::statistics() const {
  std::vector<ProgramStatistics> all;
  for (const Attached& each : attached_) {
    const std::string& name = each.attachment().program;
    const auto is_same = [&](const ProgramStatistics& one) { return one.program == name; };
    if (std::any_of(all.begin(), all.end(), is_same)) continue;
    bpf_prog_info info{};
    uint32_t size = sizeof(info);
    const int failed = bpf_obj_get_info_by_fd(each.program_fd(), &info, &size);
    if (failed != 0) throw Error(Code::kMap, "can't read the statistics of " + name, -failed);
    all.push_back({name, info.run_cnt, info.run_time_ns, info.recursion_misses});
  }
  return all;
}

std::vector<MapUse> Probe::maps() const {
  std::vector<MapUse> all;
  const bpf_map* each;
  bpf_object__for_each_map(each, maps_.get()) {
    if (bpf_map__is_internal(each)) continue;
    std::string name = bpf_map__name(each);
    // Of the maps for even and odd generations, report only one.
    if (ends_with(name, "_odd")) continue;
    const uint64_t maps = ends_with(name, "_even") ? 2 : 1;
    if (maps == 2) name.erase(name.rfind('_'));
    const uint64_t copies = bpf_map__type(each) == BPF_MAP_TYPE_PERCPU_ARRAY ? cpus_ : 1;
    const uint64_t entry = bpf_map__key_size(each) + copies * bpf_map__value_size(each);
    all.push_back({name, bpf_map__max_entries(each), maps * bpf_map__max_entries(each) * entry});
  }
  return all;
}

}  // namespace dropreason
