#include "base/observed.h"

namespace kith {
namespace {

Counter counter(Metrics& metrics, std::string const& name, std::string const& what, Metrics::Labels labels,
                char const* outcome) {
  labels["outcome"] = outcome;
  return metrics.counter(name + "_total", what + ", by how they ended", labels);
}

}  // namespace

CallNumbers::CallNumbers(Metrics& metrics, std::string const& name, std::string const& what,
                         Metrics::Labels const& labels)
    : ok_(counter(metrics, name, what, labels, "ok")),
      refused_(counter(metrics, name, what, labels, "refused")),
      failed_(counter(metrics, name, what, labels, "failed")),
      seconds_(metrics.histogram(name + "_seconds", what + ": time to their end", labels)) {}

void CallNumbers::count(std::chrono::steady_clock::duration took, std::optional<Code> failure) const {
  (!failure ? ok_ : is_ours(*failure) ? failed_ : refused_).add();
  seconds_.observe(std::chrono::duration<double>(took).count());
}

void Observation::end(std::optional<Code> failure, std::string const& why) {
  if (numbers_ != nullptr) numbers_->count(std::chrono::steady_clock::now() - began_, failure);
  if (!span_) return;
  if (failure) span_.text("error.type", std::string(name_of(*failure)));
  if (failure && is_ours(*failure)) span_.failed(why);
  span_.end();
}

}  // namespace kith
