// Generated exceptions: thrown, caught by try_table and by the instructions that came before it.
#include "module_generator.h"

namespace godwit::fuzz {

using wasm::Catch;
using wasm::Opcode;
using wasm::ValKind;
using wasm::ValType;

namespace {

constexpr ValType kExnRef = ValType::ref(wasm::HeapType::Abstract::Exn, true);

}  // namespace

void ModuleGenerator::declare_tags() {
  if (!has_any(wasm::OpClass::Exception, wasm::OpClass::Exception)) return;
  if (has(Opcode::try_table) || has(Opcode::throw_ref)) {
    ref_types_.push_back(kExnRef);
    ref_types_.push_back(ValType::ref(wasm::HeapType::Abstract::NoExn, true));
  }
  tags_ = {{}, {ValKind::I32}, {ValKind::I64, ValKind::F64, ValKind::I32}, {some_type(), some_ref()}};
  for (const Types& params : tags_) module_.tag(type_of(params, {}));
}

void ModuleGenerator::throw_now() {
  const uint32_t tag = choices_.below(tags_.size());
  for (const ValType type : tags_[tag]) push(type);
  code_.op(Opcode::throw_, tag);
  popped(tags_[tag].size());
}

void ModuleGenerator::throw_sometimes() {
  if (!has(Opcode::throw_)) return;
  push(ValKind::I32);
  popped(1);
  if (choices_.one_in(3)) code_.op(Opcode::i32_eqz);
  code_.block(Opcode::if_);
  labels_.push_back({{}, false});
  throw_now();
  labels_.pop_back();
  code_.end();
}

// An exception as a value: thrown and caught at once.
void ModuleGenerator::make_exception() {
  code_.block(Opcode::block, kExnRef);
  wasm::Instruction attempt{.op = Opcode::try_table};
  attempt.catches = {{Catch::Kind::CatchAllRef, {}, 0}};
  code_.add(attempt);
  labels_.push_back({{kExnRef}, false});
  labels_.push_back({{}, false});
  throw_now();
  labels_.pop_back();
  labels_.pop_back();
  code_.end().add({.op = Opcode::ref_null, .type = kExnRef}).end();
  if (!has(Opcode::ref_as_non_null)) return pushed(kExnRef);
  code_.op(Opcode::ref_as_non_null);
  pushed(ValType::ref(wasm::HeapType::Abstract::Exn, false));
}

// Each clause leads out of a block of its own around the try_table, or now and then to any label that takes the values.
void ModuleGenerator::try_table() {
  const size_t base = stack_.size();
  wasm::Instruction attempt{.op = Opcode::try_table};
  std::vector<Types> caught;
  for (uint32_t count = choices_.below(3) + 1; count > 0; --count) {
    Catch clause;
    clause.kind = static_cast<Catch::Kind>(choices_.below(4));
    Types types;
    if (clause.kind == Catch::Kind::Catch || clause.kind == Catch::Kind::CatchRef) {
      clause.tag = wasm::TagIdx(choices_.below(tags_.size()));
      types = tags_[clause.tag.value];
    }
    if (clause.kind == Catch::Kind::CatchRef || clause.kind == Catch::Kind::CatchAllRef)
      types.push_back(kExnRef);
    attempt.catches.push_back(clause);
    caught.push_back(types);
  }
  for (const Types& types : caught) {
    code_.block(Opcode::block, type_of({}, types));
    labels_.push_back({types, false});
  }
  const auto clauses = static_cast<uint32_t>(caught.size());
  for (uint32_t i = 0; i < clauses; ++i) {
    attempt.catches[i].label = clauses - 1 - i;
    if (!choices_.one_in(4)) continue;
    for (uint32_t depth = 0; depth < labels_.size(); ++depth)
      if (!label(depth).is_loop && label(depth).types == caught[i]) attempt.catches[i].label = depth;
  }
  const Types results = some_types(2);
  attempt.block = {wasm::BlockType::Kind::Type, {}, type_of({}, results)};
  code_.add(attempt);
  labels_.push_back({results, false});
  if (choices_.one_in(2)) throw_sometimes();
  statements(1 + choices_.below(8), results, base);
  code_.end();
  labels_.pop_back();
  for (size_t i = caught.size(); i-- > 0;) {
    settle(caught[i], base);
    code_.end();
    labels_.pop_back();
  }
}

void ModuleGenerator::legacy_try() {
  const size_t base = stack_.size();
  const Types outer = stack_, results = some_types(2);
  code_.block(Opcode::try_, type_of({}, results));
  labels_.push_back({results, false});
  if (choices_.one_in(2)) throw_sometimes();
  statements(1 + choices_.below(6), results, base);
  if (choices_.one_in(4)) {
    labels_.pop_back();
    code_.op(Opcode::delegate, choices_.below(labels_.size()));
    return;
  }
  labels_.back().is_handler = true;
  const auto handle = [&](const Types& caught) {
    stack_ = outer;
    stack_.insert(stack_.end(), caught.begin(), caught.end());
    statements(1 + choices_.below(5), results, base);
  };
  for (uint32_t count = choices_.below(3); count > 0; --count) {
    const uint32_t tag = choices_.below(tags_.size());
    code_.op(Opcode::catch_, tag);
    handle(tags_[tag]);
  }
  if (choices_.one_in(2)) {
    code_.op(Opcode::catch_all);
    handle({});
  }
  code_.end();
  labels_.pop_back();
}

// Throws again what the innermost handlers have caught; or in two blocks of its own.
bool ModuleGenerator::rethrow() {
  std::vector<uint32_t> handlers;
  for (uint32_t depth = 0; depth < labels_.size(); ++depth)
    if (label(depth).is_handler) handlers.push_back(depth);
  if (!handlers.empty()) return code_.op(Opcode::rethrow, handlers[choices_.below(handlers.size())]), false;
  const uint32_t local = local_of(ValKind::I32);
  code_.block(Opcode::try_).block(Opcode::try_);
  labels_.push_back({{}, false});
  labels_.push_back({{}, false});
  throw_now();
  labels_.pop_back();
  labels_.pop_back();
  code_.op(Opcode::catch_all).op(Opcode::rethrow, 0).end();
  code_.op(Opcode::catch_all).i32(5).op(Opcode::local_set, local).end();
  return true;
}

bool ModuleGenerator::exception_op(Opcode op, size_t base) {
  switch (op) {
    case Opcode::try_table: return try_table(), true;
    case Opcode::try_: return legacy_try(), true;
    case Opcode::throw_: return throw_now(), false;
    case Opcode::throw_ref: return want({kExnRef}, base), code_.op(op), false;
    case Opcode::rethrow: return rethrow();
    default: return true;  // catch_, catch_all and delegate come with try_
  }
}

}  // namespace godwit::fuzz
