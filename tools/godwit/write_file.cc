// write_file by OutputFile.
#include "write_file.h"

#include "command.h"
#include "module_error.h"
#include "output_file.h"

namespace godwit::cli {
namespace {

Result<> write(const std::string& path, std::string_view contents) {
  ASSIGN_OR_RETURN(OutputFile out, OutputFile::open(path));
  TRY(out.write(contents));
  return out.commit();
}

}  // namespace

int write_file(const std::string& path, std::string_view contents) {
  const Result<> written = write(path, contents);
  return written ? kExitOk : report_module_error(written.error(), path);
}

}  // namespace godwit::cli
