#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "error.h"

namespace dropreason {
namespace {

constexpr char kMetrics[] = "dropreason_metrics";
constexpr char kConfig[] = "config";

// The kernel's CPU numbers may have holes, so the highest one counts, not how many there are: "0-3,8-11" is 12.
uint32_t possible_cpus() {
  std::ifstream file("/sys/devices/system/cpu/possible");
  std::string list;
  if (!(file >> list)) throw Error(Code::kMap, "can't read /sys/devices/system/cpu/possible", errno);
  const size_t last = list.find_last_of("-,");
  return 1 + strtoul(list.c_str() + (last == std::string::npos ? 0 : last + 1), nullptr, 10);
}

// Whole pages for each CPU, so that no two share one.
uint32_t rows_per_cpu(uint32_t reasons) {
  const uint32_t page_rows = sysconf(_SC_PAGESIZE) / sizeof(dropreason_count);
  const uint32_t rows = (reasons << DROPREASON_REASON_SHIFT) + DROPREASON_SLOTS;
  return (rows + page_rows - 1) / page_rows * page_rows;
}

// Offset of a variable in a data section, from the object's own BTF.
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

}  // namespace

Mapping::Mapping(int map_fd, size_t bytes) : bytes_(bytes) {
  data_ = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, map_fd, 0);
  if (data_ == MAP_FAILED) throw Error(Code::kMap, "can't map the counters", errno);
}

Mapping::~Mapping() { munmap(data_, bytes_); }

Probe::Probe(const ProbeOptions& options)
    : cpus_(possible_cpus()), rows_(rows_per_cpu(options.config.reasons)), programs_(options.programs) {
  object_.reset(bpf_object__open_file(options.object.c_str(), nullptr));
  if (!object_) throw Error(Code::kOpen, "can't open the BPF object " + options.object, errno);

  write_config(options.config);
  bpf_map__set_max_entries(map(kMetrics), cpus_ * rows_);
  bpf_map__set_max_entries(map("dropreason_attributes"), std::max(1u, options.attributes_max_entries));
  bpf_program* program;
  bpf_object__for_each_program(program, object_.get()) {
    const bool wanted = std::count(programs_.begin(), programs_.end(), bpf_program__name(program)) > 0;
    bpf_program__set_autoload(program, wanted);
  }

  const int failed = bpf_object__load(object_.get());
  if (failed != 0) throw Error(Code::kLoad, "can't load the BPF programs", -failed);
  counters_ = std::make_shared<Mapping>(bpf_map__fd(map(kMetrics)), size_t{cpus_} * rows_ * sizeof(dropreason_count));
}

void Probe::write_config(dropreason_config config) {
  config.rows = rows_;
  bpf_map* data = bpf_object__find_map_by_name(object_.get(), ".rodata");
  size_t size = 0;
  auto* bytes = data == nullptr ? nullptr : static_cast<char*>(const_cast<void*>(bpf_map__initial_value(data, &size)));
  const int64_t offset = offset_in(object_.get(), ".rodata", kConfig);
  if (bytes == nullptr || offset < 0 || offset + sizeof(config) > size) {
    throw Error(Code::kOpen, "the BPF object has no configuration of this layout: build it again", 0);
  }
  memcpy(bytes + offset, &config, sizeof(config));
}

bpf_map* Probe::map(const char* name) const {
  bpf_map* found = bpf_object__find_map_by_name(object_.get(), name);
  if (found == nullptr) throw Error(Code::kMap, std::string("the BPF object has no map ") + name, 0);
  return found;
}

void Probe::attach(const std::string& name) {
  if (links_.count(name) > 0) return;
  bpf_program* program = bpf_object__find_program_by_name(object_.get(), name.c_str());
  if (program == nullptr || !bpf_program__autoload(program)) throw Error(Code::kAttach, name + " is not loaded", 0);
  bpf_link* link = bpf_program__attach(program);
  if (link == nullptr) throw Error(Code::kAttach, "can't attach " + name, errno);
  links_[name].reset(link);
}

std::vector<Row> Probe::entries(const std::string& name) const {
  const bpf_map* source = map(("dropreason_" + name).c_str());
  uint32_t count = bpf_map__max_entries(source);
  std::vector<dropreason_key> keys(count);
  std::vector<dropreason_count> counts(count);
  uint32_t position = 0;
  const int failed = bpf_map_lookup_batch(bpf_map__fd(source), nullptr, &position, keys.data(), counts.data(), &count, nullptr);
  // ENOENT says that the whole map was read.
  if (failed != 0 && failed != -ENOENT) throw Error(Code::kMap, "can't read the map dropreason_" + name, -failed);
  std::vector<Row> rows(count);
  for (uint32_t i = 0; i < count; i++) rows[i] = {keys[i], counts[i]};
  return rows;
}

std::vector<ProgramStatistics> Probe::statistics() const {
  std::vector<ProgramStatistics> all;
  for (const std::string& name : programs_) {
    const bpf_program* program = bpf_object__find_program_by_name(object_.get(), name.c_str());
    bpf_prog_info info{};
    uint32_t size = sizeof(info);
    const int failed = program == nullptr ? -ENOENT : bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size);
    if (failed != 0) throw Error(Code::kMap, "can't read the statistics of " + name, -failed);
    all.push_back({name, info.run_cnt, info.run_time_ns, info.recursion_misses});
  }
  return all;
}

std::vector<MapUse> Probe::maps() const {
  std::vector<MapUse> all;
  const bpf_map* each;
  bpf_object__for_each_map(each, object_.get()) {
    if (bpf_map__is_internal(each)) continue;
    const uint64_t copies = bpf_map__type(each) == BPF_MAP_TYPE_PERCPU_ARRAY ? cpus_ : 1;
    const uint64_t entry = bpf_map__key_size(each) + copies * bpf_map__value_size(each);
    all.push_back({bpf_map__name(each), bpf_map__max_entries(each), bpf_map__max_entries(each) * entry});
  }
  return all;
}

}  // namespace dropreason
