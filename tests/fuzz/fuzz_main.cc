#include <cinttypes>
#include <memory>
#include <random>
#include <string>

#include "tests/fuzz/fuzz.h"

// The corpus as it is, then mutations of it: the same ones in each run. DBPOOL_FUZZ_RUNS makes it longer,
// DBPOOL_FUZZ_SEED different.

namespace {

using Random = std::mt19937_64;

void FuzzOne(const std::string& text) {
  // Of exactly this size on the heap, so that the address sanitizer sees a byte too far.
  const std::unique_ptr<uint8_t[]> copy(new uint8_t[text.size()]);
  text.copy(reinterpret_cast<char*>(copy.get()), text.size());
  LLVMFuzzerTestOneInput(copy.get(), text.size());
}

std::string_view AnySeed(Random& random) {
  const auto corpus = dbp::FuzzCorpus();
  return corpus[random() % corpus.size()];
}

std::string_view AnyPart(std::string_view text, Random& random) {
  const size_t at = random() % (text.size() + 1);
  return text.substr(at, random() % 16);
}

char AnyByte(Random& random) {
  constexpr std::string_view kNoise = "'\"$\\/*-;:?#[]@&=%,+() \n\t\0aA0_\x7f\xff";
  return random() % 4 ? kNoise[random() % kNoise.size()] : static_cast<char>(random());
}

void MutateOnce(std::string& text, Random& random) {
  const size_t at = random() % (text.size() + 1);
  switch (random() % 6) {
    case 0:
      text.insert(at, 1, AnyByte(random));
      break;
    case 1:
      text.erase(at, 1 + random() % 4);
      break;
    case 2:
      if (at < text.size()) text[at] = AnyByte(random);
      break;
    case 3:
      text.insert(at, std::string(AnyPart(text, random)));
      break;
    case 4:
      text.insert(at, AnyPart(AnySeed(random), random));
      break;
    case 5:
      text.resize(at);
      text += AnySeed(random);
      break;
  }
}

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

int main() {
  const uint64_t runs = FromEnvironment("DBPOOL_FUZZ_RUNS", 20'000);
  Random random(FromEnvironment("DBPOOL_FUZZ_SEED", 1));
  for (std::string_view seed : dbp::FuzzCorpus()) FuzzOne(std::string(seed));
  for (uint64_t run = 0; run < runs; ++run) {
    std::string text(AnySeed(random));
    for (uint64_t change = 1 + random() % 8; change > 0; --change) MutateOnce(text, random);
    FuzzOne(text);
  }
  std::printf("%zu seeds and %" PRIu64 " mutations\n", dbp::FuzzCorpus().size(), runs);
}
