// CallFacts: what calls of a module's own functions may leave pending, so that callers need not look after the others.
#pragma once

#include <vector>

#include "wasm/features.h"
#include "wasm/module.h"

namespace godwit::llvm_tier {

class CallFacts final {
 public:
  // @param by_table  own functions of which nothing is known: they may be anything
  CallFacts(const wasm::Module& module, wasm::FeatureSet features, const std::vector<bool>& by_table);

  // An exception may come out of own function `defined`.
  bool may_throw(uint32_t defined) const { return throws_[defined]; }
  // It may ask its caller to make a tail call in its place.
  bool may_request(uint32_t defined) const { return requests_[defined]; }

 private:
  std::vector<bool> throws_, requests_;
};

}  // namespace godwit::llvm_tier
