// Writes the variables of a SavedModel: runs the operation "save" of a graph.
// usage: make_variables GRAPH
#include <tensorflow/c/c_api.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  std::ifstream file(argc == 2 ? argv[1] : "", std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  TF_Status* const status = TF_NewStatus();
  TF_Graph* const graph = TF_NewGraph();
  TF_GraphImportGraphDef(graph, TF_NewBufferFromString(bytes.data(), bytes.size()),
                         TF_NewImportGraphDefOptions(), status);
  TF_Session* const session =
      TF_GetCode(status) == TF_OK ? TF_NewSession(graph, TF_NewSessionOptions(), status) : nullptr;
  if (session) {
    const TF_Operation* const save = TF_GraphOperationByName(graph, "save");
    TF_SessionRun(session, nullptr, nullptr, nullptr, 0, nullptr, nullptr, 0, &save, 1, nullptr, status);
  }
  if (TF_GetCode(status) == TF_OK) return 0;
  std::fprintf(stderr, "make_variables: %s\n", TF_Message(status));
  return 1;
}
