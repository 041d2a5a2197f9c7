// /v1/rerank: which of some documents are near to a question. As Jina's and Cohere's servers have it.
#include <algorithm>
#include <utility>

#include "openai/asker.h"

namespace godwit::openai {
namespace {

constexpr size_t kMostDocuments = 1000;

// "text", or {"text": "text"}
Outcome<std::vector<std::string>> read_documents(const json::object& body) {
  const json::value* documents = find(body, "documents");
  const json::array* list = documents ? documents->if_array() : nullptr;
  if (!list || list->empty() || list->size() > kMostDocuments)
    return bad_field("documents", "must be a list of 1 to " + std::to_string(kMostDocuments) + " texts");
  std::vector<std::string> texts;
  for (const json::value& item : *list) {
    const json::object* object = item.if_object();
    const json::string* text = item.if_string();
    const std::string_view found = text     ? std::string_view(text->data(), text->size())
                                   : object ? text_at(*object, "text")
                                            : std::string_view();
    if (found.empty()) return bad_field("documents", "must be texts that are not empty");
    texts.emplace_back(found);
  }
  return texts;
}

}  // namespace

Outcome<std::vector<double>> Service::vector_of(Asker& asker, ServedModel& model, const std::string& text,
                                                int64_t& tokens) {
  OPENAI_TRY(const std::string answer, embed(asker, model, text, tokens));
  OPENAI_TRY(const json::object object, parse_object(answer));
  const json::value* embedding = find(object, "embedding");
  const json::array* numbers = embedding ? embedding->if_array() : nullptr;
  // a single number is the score of a pair, which a model for that reads in a form of its own
  if (!numbers || numbers->size() < 2)
    return bad_field("model", "gives no embeddings, by which documents are compared here");
  std::vector<double> vector;
  for (const json::value& number : *numbers) {
    const double* real = number.if_double();
    const int64_t* whole = number.if_int64();
    vector.push_back(real ? *real : whole ? static_cast<double>(*whole) : 0);
  }
  return vector;
}

Outcome<> Service::rerank(Asker& asker) {
  OPENAI_TRY(const json::object body, read_body(asker.request));
  OPENAI_TRY(ServedModel* const model, model_of(body));
  const std::string query(text_at(body, "query"));
  if (query.empty()) return bad_field("query", "must be text");
  OPENAI_TRY(const std::vector<std::string> documents, read_documents(body));
  const FieldReader fields(body);
  OPENAI_TRY(const auto top, fields.integer("top_n", 1, INT32_MAX));
  OPENAI_TRY(const auto returns_documents, fields.boolean("return_documents"));
  OPENAI_TRY(const Admission::Hold place, admission_.enter(1, asker.request.mode()));

  int64_t tokens = 0;
  const Spent spent{*this, asker, tokens};
  OPENAI_TRY(const std::vector<double> wanted, vector_of(asker, *model, query, tokens));
  struct Found {
    size_t index;
    double score;
  };
  std::vector<Found> found;
  for (size_t i = 0; i < documents.size(); ++i) {
    OPENAI_TRY(const std::vector<double> vector, vector_of(asker, *model, documents[i], tokens));
    // both have the length 1
    double score = 0;
    for (size_t j = 0; j < std::min(wanted.size(), vector.size()); ++j) score += wanted[j] * vector[j];
    found.push_back({i, score});
  }
  std::ranges::sort(found, {}, [](const Found& one) { return std::pair(-one.score, one.index); });
  if (top && static_cast<size_t>(*top) < found.size()) found.resize(static_cast<size_t>(*top));
  json::array results;
  for (const Found& one : found) {
    json::object result{{"index", one.index}, {"relevance_score", one.score}};
    if (returns_documents.value_or(false)) result["document"] = {{"text", documents[one.index]}};
    results.push_back(std::move(result));
  }
  asker.send({{"object", "list"},
              {"model", model->name()},
              {"results", std::move(results)},
              {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
  return {};
}

}  // namespace godwit::openai
