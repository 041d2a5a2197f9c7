// Host functions that are C callbacks.
#pragma once

#include "capi/ref.h"

namespace godwit::capi {

// A callback's pointer, with what frees it.
struct CallbackEnv {
  CallbackEnv(void* an_env, void (*a_finalizer)(void*)) : env(an_env), finalizer(a_finalizer) {}
  CallbackEnv(const CallbackEnv&) = delete;
  CallbackEnv& operator=(const CallbackEnv&) = delete;
  ~CallbackEnv() {
    if (finalizer) finalizer(env);
  }
  void* env;
  void (*finalizer)(void*);
};

}  // namespace godwit::capi
