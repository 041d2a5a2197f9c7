// Table: what the handle leads to.
#include "godwit/table.h"

#include "api/impl.h"
#include "api/reference.h"
#include "api/values.h"

namespace godwit::v1 {
namespace {

Error wrong_store() { return usage_error("the table belongs to another store"); }

std::optional<Error> check_index(const runtime::Table& table, uint64_t index) {
  if (index < table.size()) return std::nullopt;
  return usage_error("there is no element " + std::to_string(index) + ": the table has " +
                     std::to_string(table.size()));
}

}  // namespace

Result<Table> Table::create(Store& store, const TableType& type, const Value& init) {
  const auto element = to_runtime(type.element);
  if (!element || !element->is_ref())
    return usage_error("a table holds funcref or externref, not " + std::string(to_string(type.element)));
  const uint64_t most = type.is_64 ? ~uint64_t{0} : ~uint32_t{0};
  const uint64_t wanted = type.max.value_or(type.min);
  if (type.min > wanted) return usage_error("a table cannot begin larger than it may become");
  if (wanted > most)
    return usage_error("a table of " + std::to_string(wanted) + " elements cannot be addressed: at most " +
                       std::to_string(most));
  if (auto error = check_value(init, *element, store.impl(), "the value")) return std::move(*error);
  const wasm::TableType inner = {
      .elem = *element,
      .limits = {
          .min = type.min, .max = type.max, .addr = type.is_64 ? wasm::AddrType::I64 : wasm::AddrType::I32}};
  auto made = store.impl().store.new_table(inner, ref_of(init));
  if (!made) return to_public(std::move(made).error());
  return Table(store.impl().id, *made);
}

void* Table::object(const Store& store) const { return store.impl().id == store_id_ ? table_ : nullptr; }

Result<TableType> Table::type(const Store& store) const {
  const auto* table = static_cast<const runtime::Table*>(object(store));
  if (table == nullptr) return wrong_store();
  return to_public(table->type());
}

Result<uint64_t> Table::size(const Store& store) const {
  const auto* table = static_cast<const runtime::Table*>(object(store));
  if (table == nullptr) return wrong_store();
  return table->size();
}

Result<Value> Table::get(Store& store, uint64_t index) const {
  auto* table = static_cast<runtime::Table*>(object(store));
  if (table == nullptr) return wrong_store();
  if (auto error = check_index(*table, index)) return std::move(*error);
  return value_of(table->type().elem, &table->elements()[static_cast<size_t>(index)], store.impl());
}

Result<void> Table::set(Store& store, uint64_t index, const Value& value) const {
  auto* table = static_cast<runtime::Table*>(object(store));
  if (table == nullptr) return wrong_store();
  if (auto error = check_index(*table, index)) return std::move(*error);
  if (auto error = check_value(value, table->type().elem, store.impl(), "the value"))
    return std::move(*error);
  table->elements()[static_cast<size_t>(index)] = ref_of(value);
  return {};
}

Result<uint64_t> Table::grow(Store& store, uint64_t delta, const Value& init) const {
  auto* table = static_cast<runtime::Table*>(object(store));
  if (table == nullptr) return wrong_store();
  if (auto error = check_value(init, table->type().elem, store.impl(), "the value")) return std::move(*error);
  const uint64_t before = table->grow(delta, ref_of(init));
  if (before != ~uint64_t{0}) return before;
  return exhausted_error("the table cannot grow by " + std::to_string(delta) + " elements");
}

}  // namespace godwit::v1
