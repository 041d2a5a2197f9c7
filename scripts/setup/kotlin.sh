#!/usr/bin/env bash
# Optional: Kotlin's compiler for WebAssembly with garbage collection, for tests/kotlin. Not among the steps of a plain
# ./dev setup, since it needs a Java machine: ./dev setup kotlin, or ./dev test --full.
# makes: third_party/kotlin/lib/kotlin-compiler-embeddable.jar
# makes: third_party/kotlin/kotlin-stdlib-wasm-wasi.klib
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then exit; fi

packages=()
has java || packages+=(default-jre-headless)
has mvn || packages+=(maven)
[ ${#packages[@]} -eq 0 ] || as_root apt-get install -y --no-install-recommends "${packages[@]}"

scratch_dir
echo "fetching Kotlin $KOTLIN_VERSION"
cat > "$scratch/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>godwit</groupId> <artifactId>kotlin</artifactId> <version>1</version>
  <dependencies><dependency>
    <groupId>org.jetbrains.kotlin</groupId>
    <artifactId>kotlin-compiler-embeddable</artifactId>
    <version>$KOTLIN_VERSION</version>
  </dependency></dependencies>
</project>
XML
(
  cd "$scratch"
  mvn -q -B dependency:copy-dependencies -DoutputDirectory=kotlin/lib
  mvn -q -B dependency:copy "-Dartifact=org.jetbrains.kotlin:kotlin-stdlib-wasm-wasi:$KOTLIN_VERSION:klib" \
    -DoutputDirectory=kotlin
)
mv "$scratch/kotlin/lib/kotlin-compiler-embeddable-$KOTLIN_VERSION.jar" "$scratch/kotlin/lib/kotlin-compiler-embeddable.jar"
mv "$scratch/kotlin/kotlin-stdlib-wasm-wasi-$KOTLIN_VERSION.klib" "$scratch/kotlin/kotlin-stdlib-wasm-wasi.klib"
check_sha256 "$scratch/kotlin/lib/kotlin-compiler-embeddable.jar" "$KOTLIN_COMPILER_SHA256"
check_sha256 "$scratch/kotlin/kotlin-stdlib-wasm-wasi.klib" "$KOTLIN_STDLIB_SHA256"
replace_dir "$scratch/kotlin" $third_party/kotlin
