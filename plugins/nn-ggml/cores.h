// How many threads a model should run on: the physical cores this process may use.
#pragma once

namespace godwit::ggml {

// Physical cores among the CPUs of the process's affinity mask; at least 1. Two threads on one core gain nothing:
// the matrix kernels keep its units busy.
int physical_cores();

// Logical CPUs in the affinity mask; at least 1. More threads than this only get in each other's way.
int usable_cpus();

}  // namespace godwit::ggml
