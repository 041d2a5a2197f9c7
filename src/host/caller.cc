// Caller: the cold path that ends a guest.
#include "host/caller.h"

namespace godwit::host {

void Caller::raise(Error error) const {
  if (runtime::Store* to = store()) to->raise(std::move(error));
}

}  // namespace godwit::host
