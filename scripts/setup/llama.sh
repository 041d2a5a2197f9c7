#!/usr/bin/env bash
# llama.cpp as static libraries for the nn-ggml plug-in, compiled for the processor of this machine (GGML_NATIVE): the
# variants that choose at run time exist only as shared libraries, and the plug-in is to be one file. A build tree that
# moves to another processor therefore repeats this step. From the environment:
#   GODWIT_GGML_NATIVE=OFF   libraries that run on every processor of the kind
#   GODWIT_GGML_CUDA=ON      also for NVIDIA GPUs (needs nvcc)
# makes: third_party/llama/lib/libllama.a
# makes: third_party/llama/lib/libllama-common.a
# makes: third_party/llama/include/llama.h
source "$(dirname "$0")/lib.sh"
native=${GODWIT_GGML_NATIVE:-ON}
cuda=${GODWIT_GGML_CUDA:-OFF}
if [ "${1:-}" = key ]; then
  echo "native $native, cuda $cuda"
  sha256sum scripts/setup/patches/llama-*.patch
  [ "$native" = OFF ] || grep -m 1 -E '^(flags|Features)' /proc/cpuinfo
  exit
fi

scratch_dir
echo "fetching $LLAMA_CRATE $LLAMA_VERSION"
vendor_crate "$LLAMA_CRATE" "$LLAMA_VERSION" "$LLAMA_CHECKSUM"
for patch in "$PWD"/scripts/setup/patches/llama-*.patch; do
  (cd "$scratch/crate/vendor/$LLAMA_CRATE/llama.cpp" && git apply "$patch")
done
replace_dir "$scratch/crate/vendor/$LLAMA_CRATE/llama.cpp" $third_party/llama.cpp

build=build/third_party/llama
[ "$cuda" = OFF ] || has nvcc || die "GODWIT_GGML_CUDA=ON needs the CUDA toolkit: no nvcc on the PATH"
sections='-ffunction-sections -fdata-sections'    # so that the plug-in keeps only what it calls
# GIT_CEILING_DIRECTORIES: the version of these sources is not that of the repository around them
export GIT_CEILING_DIRECTORIES=$PWD/$third_party
cmake -G Ninja -S $third_party/llama.cpp -B $build \
  -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_C_COMPILER=clang-$APT_LLVM -DCMAKE_CXX_COMPILER=clang++-$APT_LLVM \
  -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
  -DCMAKE_C_FLAGS="$sections" -DCMAKE_CXX_FLAGS="$sections" \
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
  -DCMAKE_C_VISIBILITY_PRESET=hidden -DCMAKE_CXX_VISIBILITY_PRESET=hidden -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON \
  -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE="$native" -DGGML_OPENMP=OFF -DGGML_CUDA="$cuda" \
  -DLLAMA_BUILD_COMMON=ON -DLLAMA_OPENSSL=OFF -DLLAMA_SUBPROCESS=OFF \
  -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF \
  -DLLAMA_BUILD_APP=OFF
ninja -C $build -j "$(jobs)"

install=$scratch/llama
mkdir -p "$install/lib" "$install/include/common" "$install/include/nlohmann"
find $build -name '*.a' -exec cp {} "$install/lib/" \;
cp $third_party/llama.cpp/include/*.h $third_party/llama.cpp/ggml/include/*.h "$install/include/"
(cd $third_party/llama.cpp/common && find . -name '*.h' -o -name '*.hpp') | while read -r header; do
  install -D -m 644 "$third_party/llama.cpp/common/$header" "$install/include/common/$header"
done
cp $third_party/llama.cpp/vendor/nlohmann/*.hpp "$install/include/nlohmann/"
cp $third_party/llama.cpp/LICENSE "$install/"
replace_dir "$install" $third_party/llama
ls -l $third_party/llama/lib
