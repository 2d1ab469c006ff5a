#include "app/import_steps.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/all.h"
#include "base/error.h"

namespace kith {
namespace {

constexpr Duration drawn_every = std::chrono::milliseconds{100};
constexpr std::size_t bar_width = 30;

std::string seconds(Duration duration) {
  auto const tenths = duration.count() / 100'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

struct Turns {
  std::size_t count;
  NumberedAct act;
  std::size_t next = 0;
};

Task<void> take_turns(Turns& turns) {
  while (turns.next < turns.count) {
    std::size_t const mine = turns.next++;
    try {
      co_await turns.act(mine);
    } catch (...) {
      turns.next = turns.count;
      throw;
    }
  }
}

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

void Progress::begin(std::string what, std::uint64_t total) {
  what_ = std::move(what);
  total_ = total;
  done_ = 0;
  began_ = clock_.monotonic();
  draw();
}

void Progress::add(std::uint64_t done) {
  done_ += done;
  if (clock_.monotonic() >= drawn_ + drawn_every) draw();
}

void Progress::end() {
  std::string const line = what_ + ": " + grouped(done_) + " in " + seconds(clock_.monotonic() - began_) + "\n";
  if (terminal_) std::fputs("\r\033[K", out_);
  std::fputs(line.c_str(), out_);
  std::fflush(out_);
}

void Progress::note(std::string_view sentence) {
  if (terminal_) std::fputs("\r\033[K", out_);
  std::fwrite(sentence.data(), 1, sentence.size(), out_);
  std::fputc('\n', out_);
  std::fflush(out_);
}

void Progress::draw() {
  drawn_ = clock_.monotonic();
  if (!terminal_) return;
  std::uint64_t const of = std::max<std::uint64_t>(total_, 1);
  std::size_t const filled = static_cast<std::size_t>(std::min(done_, of) * bar_width / of);
  std::string const line = "\r\033[K" + what_ + " [" + std::string(filled, '#') + std::string(bar_width - filled, '.') +
                           "] " + grouped(done_) + " of " + grouped(total_) + ", " + seconds(drawn_ - began_);
  std::fputs(line.c_str(), out_);
  std::fflush(out_);
}

Progress progress_here(Clock const& clock) { return Progress(clock, stderr, ::isatty(STDERR_FILENO) == 1); }

Task<void> side_by_side(std::size_t count, std::size_t width, NumberedAct act) {
  Turns turns{count, std::move(act)};
  std::vector<Task<void>> workers;
  for (std::size_t i = 0; i < std::min(count, width); ++i) workers.push_back(take_turns(turns));
  co_await all(std::move(workers));
}

void check_going_on(std::atomic<bool> const& stopping) {
  if (stopping) throw Error{Code::unavailable, "The import was interrupted"};
}

}  // namespace kith
