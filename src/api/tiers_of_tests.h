// The tiers that tests of the API run in: all that this build has.
#pragma once

#include <vector>

#include "godwit/godwit.h"

#pragma GCC visibility push(hidden)
namespace godwit::tests {

inline std::vector<Tier> all_tiers() {
  std::vector<Tier> tiers{Tier::Interpreter, Tier::Baseline, Tier::Auto};
  // its plug-in is not part of every build
  if (Engine::create(Config{.tier = Tier::Peak})) tiers.push_back(Tier::Peak);
  return tiers;
}

}  // namespace godwit::tests
#pragma GCC visibility pop
