#!/usr/bin/env bash
# Optional: whisper.cpp as a static library, for the nn-whisper plug-in (./dev setup --nn whisper). Built against
# llama.cpp's ggml, which the step llama has made: both bring one, under the same names.
# makes: third_party/nn/whisper/lib/libwhisper.a
# makes: third_party/nn/whisper/include/whisper.h
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then
  echo "ggml of $LLAMA_CRATE $LLAMA_VERSION"
  exit
fi
[ -f $third_party/llama/lib/libggml.a ] || die "no $third_party/llama/lib/libggml.a: run ./dev setup first"

scratch_dir
echo "fetching $WHISPER_CRATE $WHISPER_VERSION (2 MB)"
vendor_crate "$WHISPER_CRATE" "$WHISPER_VERSION" "$WHISPER_CHECKSUM"
source=$scratch/crate/vendor/$WHISPER_CRATE/whisper.cpp

# What -DWHISPER_USE_SYSTEM_GGML=ON looks for: ggml as a package.
mkdir -p "$scratch/cmake"
cat > "$scratch/cmake/ggml-config.cmake" <<CMAKE
add_library(ggml::ggml INTERFACE IMPORTED)
target_include_directories(ggml::ggml SYSTEM INTERFACE $PWD/$third_party/llama/include)
CMAKE
sections='-ffunction-sections -fdata-sections'
export GIT_CEILING_DIRECTORIES=$scratch
cmake -G Ninja -S "$source" -B "$scratch/build" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_C_COMPILER=clang-$APT_LLVM -DCMAKE_CXX_COMPILER=clang++-$APT_LLVM \
  -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
  -DCMAKE_CXX_FLAGS="$sections" -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
  -DCMAKE_CXX_VISIBILITY_PRESET=hidden -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON \
  -DBUILD_SHARED_LIBS=OFF -DWHISPER_USE_SYSTEM_GGML=ON -Dggml_DIR="$scratch/cmake" \
  -DWHISPER_BUILD_TESTS=OFF -DWHISPER_BUILD_EXAMPLES=OFF -DWHISPER_BUILD_SERVER=OFF
ninja -C "$scratch/build" whisper

install=$scratch/whisper
mkdir -p "$install/lib" "$install/include"
find "$scratch/build" -name libwhisper.a -exec cp {} "$install/lib/" \;
cp "$source/include/whisper.h" "$source/LICENSE" "$install/"
mv "$install/whisper.h" "$install/include/"
replace_dir "$install" $third_party/nn/whisper
