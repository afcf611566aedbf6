#include "env.h"

// Results that JavaScript reads: rows into frames, and the shapes of rows.

namespace dbpool_node {
namespace {

constexpr uint32_t kOidInt8 = 20;
constexpr size_t kMaxShapes = 4096;
constexpr size_t kMaxCommands = 256;

bool Has(const Shape& shape, const dbpool_column* columns, uint32_t count) {
  if (shape.columns.size() != count) return false;
  for (uint32_t i = 0; i < count; ++i) {
    const Shape::Column& known = shape.columns[i];
    if (known.kind != columns[i].kind || known.native_type != columns[i].native_type ||
        known.native_table != columns[i].native_table || known.native_column != columns[i].native_column ||
        strcmp(known.name.c_str(), columns[i].name) != 0 || strcmp(known.native_name.c_str(), columns[i].native_name) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

uint32_t Env::Keep(const OpenResult& open) {
  uint32_t handle;
  if (free_results_.empty()) {
    handle = static_cast<uint32_t>(results_.size());
    results_.push_back(open);
  } else {
    handle = free_results_.back();
    free_results_.pop_back();
    results_[handle] = open;
  }
  return handle;
}

OpenResult* Env::Open(uint32_t handle) {
  return handle < results_.size() && results_[handle].result != nullptr ? &results_[handle] : nullptr;
}

void Env::FreeResult(uint32_t handle) {
  OpenResult* open = Open(handle);
  if (open == nullptr) return;
  dbpool_result_free(open->result);
  *open = OpenResult{};
  free_results_.push_back(handle);
}

void Env::Drop(uint32_t handle) {
  OpenResult* open = Open(handle);
  if (open == nullptr || !open->is_fetching) return FreeResult(handle);
  open->is_dropped = true;
  dbpool_result_free(open->result);
  open->result = nullptr;
}

void Env::Enter(OpenResult& open) {
  const dbpool_column* columns = nullptr;
  open.columns = dbpool_result_columns(open.result, &columns);
  Recognize(columns, open.columns, &recent_shape_);
  open.shape = recent_shape_.number;
  open.batch = dbpool_batch{};
  open.next_row = 0;
}

void Env::Read(Frame& frame, double* record, OpenResult open, uint32_t handle) {
  const int64_t last_id = dbpool_result_last_insert_id(open.result);
  record[3] = open.shape;
  record[5] = Command(dbpool_result_command(open.result));
  record[6] = static_cast<double>(dbpool_result_affected(open.result));
  record[7] = static_cast<int32_t>(last_id >> 32);
  record[8] = static_cast<uint32_t>(last_id);
  record[11] = static_cast<double>(dbpool_result_elapsed_ns(open.result));

  const auto shape = shapes_.find(open.shape);
  const uint8_t* as_text = shape->second.AsText(open.format);
  uint32_t rows = 0, remains = 0;
  while (remains == 0) {
    while (open.next_row < open.batch.row_count && frame.HasRoom(open.columns)) {
      frame.AddRow(env_, open.batch.cells + size_t{open.next_row++} * open.columns, open.columns, open.format, as_text);
      ++rows;
    }
    if (open.next_row < open.batch.row_count) {
      remains = kRemainsRows;
    } else if (open.is_stream) {
      remains = kRemainsStream;
    } else {
      dbpool_error* error = nullptr;
      open.batch = dbpool_batch{sizeof(dbpool_batch), 0, 0, nullptr};
      open.next_row = 0;
      const dbpool_status status = dbpool_result_fetch(open.result, 0, &open.batch, &error);
      if (status == DBPOOL_OK) continue;
      if (status < 0) WriteError(frame, record, status, error);
      if (status < 0 || dbpool_result_next(open.result, nullptr) != DBPOOL_OK) break;
      Enter(open);
      remains = kRemainsResult;
    }
  }
  record[4] = rows;
  record[9] = remains;
  if (remains == 0) {
    handle == kNoHandle ? dbpool_result_free(open.result) : FreeResult(handle);
  } else if (handle == kNoHandle) {
    record[10] = Keep(open);
  } else {
    results_[handle] = open;
    record[10] = handle;
  }
}

napi_value Env::TakeReads() {
  const Frame::Content content = reads_.Take(env_);
  if (content.is_plain) return content.text;
  napi_value list = nullptr;
  napi_create_array_with_length(env_, 3, &list);
  napi_set_element(env_, list, 0, content.text);
  napi_set_element(env_, list, 1, content.bytes);
  napi_set_element(env_, list, 2, content.extras);
  return list;
}

void Env::Recognize(const dbpool_column* columns, uint32_t count, KnownShape* known) {
  if (known->shape != nullptr && known->generation == shape_generation_ && Has(*known->shape, columns, count)) return;
  known->number = ShapeOf(columns, count);
  known->generation = shape_generation_;
  known->shape = &shapes_.find(known->number)->second;
}

/// Starts anew; results that are open keep theirs.
void Env::ForgetShapes() {
  ++shape_generation_;
  shape_numbers_.clear();
  std::unordered_map<uint32_t, Shape> kept;
  for (const OpenResult& open : results_) {
    const auto shape = open.result != nullptr ? shapes_.find(open.shape) : shapes_.end();
    if (shape != shapes_.end()) kept.insert(shapes_.extract(shape));
  }
  forgotten_ = std::move(shapes_);
  shapes_ = std::move(kept);
}

uint32_t Env::ShapeOf(const dbpool_column* columns, uint32_t count) {
  shape_key_.clear();
  for (uint32_t i = 0; i < count; ++i) {
    shape_key_.append(columns[i].name).push_back('\0');
    shape_key_.append(columns[i].native_name).push_back('\0');
    const uint32_t numbers[] = {columns[i].kind, columns[i].native_type, columns[i].native_table,
                                static_cast<uint32_t>(columns[i].native_column)};
    shape_key_.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
  }
  const auto found = shape_numbers_.find(shape_key_);
  if (found != shape_numbers_.end()) return found->second;
  if (shapes_.size() >= kMaxShapes) ForgetShapes();
  Shape shape;
  for (uint32_t i = 0; i < count; ++i) {
    const dbpool_column& column = columns[i];
    shape.columns.push_back({column.name, column.native_name, column.kind, column.native_type, column.native_table,
                             column.native_column});
    shape.as_text[0].push_back(0);
    shape.as_text[1].push_back(column.native_type == kOidInt8);
    shape.as_text[2].push_back(1);
  }
  const uint32_t number = ++last_shape_number_;
  shape_numbers_.emplace(shape_key_, number);
  shapes_.emplace(number, std::move(shape));
  return number;
}

napi_value Env::DescribeColumn(const dbpool_column& column) {
  napi_value item = nullptr;
  napi_create_object(env_, &item);
  Set(env_, item, "name", String(env_, column.name));
  Set(env_, item, "kind", column.kind);
  Set(env_, item, "nativeType", column.native_type);
  Set(env_, item, "nativeName", String(env_, column.native_name));
  Set(env_, item, "nativeTable", column.native_table);
  Set(env_, item, "nativeColumn", column.native_column);
  return item;
}

napi_value Env::DescribeShape(uint32_t number) {
  auto found = shapes_.find(number);
  if (found == shapes_.end()) found = forgotten_.find(number);
  napi_value list = nullptr;
  napi_create_array(env_, &list);
  if (found == forgotten_.end()) return list;
  uint32_t i = 0;
  for (const Shape::Column& column : found->second.columns) {
    napi_set_element(env_, list, i++,
                     DescribeColumn({column.name.c_str(), column.kind, column.native_type, column.native_name.c_str(),
                                     column.native_table, column.native_column, {0}}));
  }
  return list;
}

/// The types of a described statement's parameters, as an extra of the frame.
uint32_t Env::DescribeParams(const dbpool_result* result) {
  const dbpool_column* params = nullptr;
  const uint32_t count = dbpool_result_params(result, &params);
  napi_value list = nullptr;
  napi_create_array_with_length(env_, count, &list);
  for (uint32_t i = 0; i < count; ++i) napi_set_element(env_, list, i, DescribeColumn(params[i]));
  return frame_.AddExtra(env_, list);
}

uint32_t Env::Command(const char* name) {
  for (size_t i = 0; i < commands_.size(); ++i) {
    if (commands_[i] == name) return static_cast<uint32_t>(i);
  }
  if (commands_.size() == kMaxCommands) return kMaxCommands;  // there are not that many
  commands_.emplace_back(name);
  return static_cast<uint32_t>(commands_.size() - 1);
}

napi_value Env::CommandName(uint32_t number) {
  return number < commands_.size() ? String(env_, commands_[number].data(), commands_[number].size())
                                   : String(env_, "", 0);
}

}  // namespace dbpool_node
