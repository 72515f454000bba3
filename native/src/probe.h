#pragma once

#include <bpf/libbpf.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../../bpf/dropreason.h"
#include "symbols.h"

namespace dropreason {

struct ProbeOptions {
  std::string object;
  std::vector<std::string> programs;
  uint32_t attributes_max_entries = 1;
  // Everything that the kernel side is told; rows is worked out here.
  dropreason_config config{};
};

struct Row {
  dropreason_key key;
  dropreason_count count;
};

struct ProgramStatistics {
  std::string program;
  uint64_t runs;
  uint64_t run_nanoseconds;
  uint64_t recursion_misses;
};

struct MapUse {
  std::string map;
  uint32_t capacity;
  uint64_t bytes;
};

// Counters that the kernel writes and this process reads; unmapped when the last owner lets go.
class Mapping {
 public:
  Mapping(int map_fd, size_t bytes);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  void* data_;
  size_t bytes_;
};

// A loaded BPF object with its links. Knows nothing of JavaScript. Frees in the order links, mapping, object.
class Probe {
 public:
  explicit Probe(const ProbeOptions& options);

  void attach(const std::string& program);
  std::vector<Row> entries(const std::string& map) const;
  std::vector<ProgramStatistics> statistics() const;
  std::vector<MapUse> maps() const;

  uint32_t cpus() const { return cpus_; }
  uint32_t rows() const { return rows_; }
  const std::shared_ptr<Mapping>& counters() const { return counters_; }

 private:
  struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  struct DestroyLink {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
  };

  void write_config(dropreason_config config);
  bpf_map* map(const char* name) const;

  uint32_t cpus_;
  uint32_t rows_;
  std::vector<std::string> programs_;
  std::unique_ptr<bpf_object, CloseObject> object_;
  std::shared_ptr<Mapping> counters_;
  std::map<std::string, std::unique_ptr<bpf_link, DestroyLink>> links_;
};

}  // namespace dropreason
