// The system's own structures for files, turned into ours: only for the files of this room.
#pragma once

#include <sys/stat.h>

#include "platform/fs_file.h"

namespace godwit::platform::fs {

FileKind kind_of_mode(uint32_t mode);
FileStatus to_file_status(const struct stat& host);

struct TimePair {
  timespec times[2];  // accessed, modified: as utimensat wants them
};
TimePair to_time_pair(NewTime accessed, NewTime modified);

}  // namespace godwit::platform::fs
