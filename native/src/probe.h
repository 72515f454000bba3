#pragma once

#include <bpf/libbpf.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../../bpf/dropreason.h"
#include "attachment.h"
#include "generations.h"
#include "mapping.h"
#include "pin_directory.h"

namespace dropreason {

struct PinOptions {
  std::string directory;
  dropreason_identity identity{};
};

struct ProbeOptions {
  std::string object;
  uint32_t attributes_max_entries = 1;
  // The most flows of one generation, if config.flows is set.
  uint32_t flows_max_entries = 1;
  // The configuration of the programs. Rows and cpus are computed here.
  dropreason_config config{};
  std::optional<PinOptions> pin;
};

// The failed calls that the program at the return of all system calls counts.
struct Calls {
  bool connect = false;
  bool accept = false;
};

struct Interface {
  dropreason_interface key;
  dropreason_interface_name value;
};

struct Stack {
  uint64_t key;
  dropreason_stack stack;
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

// The maps and the attached programs that count into them. Independent of JavaScript.
class Probe {
 public:
  // The origin of the maps, with the names of index.d.ts.
  enum class Origin { kNew, kTakenOver, kReplaced, kIncomplete };

  explicit Probe(const ProbeOptions& options);

  // Attaches all of a group or none: if one fails, the others are detached.
  void attach(const std::vector<Attachment>& group, const Calls& calls);
  // Makes the kernel reject writes by any process to the maps that this process only reads. Programs continue to write.
  void freeze();
  std::vector<Row> entries(const std::string& map) const;
  // The counts of ended rows.
  std::vector<Row> remainders() const { return generations_->remainders(); }
  // Ends rows of `entries`. Not during `drain`.
  void end_rows(const std::vector<dropreason_key>& keys) { generations_->fold(keys); }
  // The flows of the generation, if counted. From any thread, one at a time. Throws kMap.
  Flows drain() { return generations_->drain(); }
  std::vector<Interface> interfaces() const;
  std::vector<Stack> stacks() const;
  std::vector<ProgramStatistics> statistics() const;
  std::vector<MapUse> maps() const;

  uint32_t cpus() const { return cpus_; }
  uint32_t rows() const { return rows_; }
  Origin origin() const { return origin_; }
  // The first missing pin, if pins were removed because of it; else empty.
  const std::string& missing() const { return missing_; }
  // The start of counting, in milliseconds since the epoch.
  uint64_t start_time_millis() const { return identity_.start_time_millis; }
  const std::vector<Attached>& attached() const { return attached_; }
  // When the row was created, in milliseconds since the epoch, on the clock as it was at the start of counting.
  uint64_t since_millis(const dropreason_entry& entry) const;
  // Live, or with flows as of the last end of a generation.
  const std::shared_ptr<Mapping>& counters() const { return counters_ ? counters_ : generations_->counters(); }

 private:
  struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  using Object = std::unique_ptr<bpf_object, CloseObject>;

  Object open(const Calls& calls, const std::vector<Attachment>& group) const;
  Object load(const Calls& calls, const std::vector<Attachment>& group) const;
  bool take_over();
  std::string missing_pin(const std::vector<std::string>& names) const;
  void pin_maps();
  void size_maps();
  bool is_attached(const Attachment& attachment) const;
  bpf_map* map(const char* name) const;
  const PinDirectory* pins() const { return pins_ ? &*pins_ : nullptr; }

  uint32_t cpus_;
  uint32_t rows_;
  ProbeOptions options_;
  Origin origin_ = Origin::kNew;
  std::string missing_;
  // Without pins, its times are those of this process.
  dropreason_identity identity_{};
  // Freed in reverse order: the programs' links, the mapping, the maps, the lock of the pins.
  std::optional<PinDirectory> pins_;
  Object maps_;
  std::shared_ptr<Mapping> counters_;
  std::optional<Generations> generations_;
  std::vector<Attached> attached_;
};

}  // namespace dropreason
