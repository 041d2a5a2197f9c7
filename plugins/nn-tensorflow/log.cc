// Keeps TensorFlow from writing to standard error: it asks this function, since a plug-in's functions go before those of the
// libraries that it needs. It writes while it is being loaded already, so that no call could be made before. What fails comes back
// as a status. The name has the version of the pinned package: of another one it would do nothing, which the tests notice.

namespace absl::lts_20250814 {

enum class LogSeverityAtLeast : int { kInfinity = 1000 };

LogSeverityAtLeast MinLogLevel();
LogSeverityAtLeast MinLogLevel() { return LogSeverityAtLeast::kInfinity; }

}  // namespace absl::lts_20250814
