#include "frame.h"

#include <bit>

namespace dbpool_node {
namespace {

constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;

bool IsAscii(const char* text, size_t size) {
  uint64_t bits = 0;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    memcpy(&word, text + i, 8);
    bits |= word;
  }
  for (; i < size; ++i) bits |= static_cast<uint8_t>(text[i]);
  return (bits & 0x8080808080808080u) == 0;
}

/// One code point of UTF-8; what is no UTF-8 (SQLite stores it) is U+FFFD, one for each byte.
char32_t Decode(const uint8_t*& at, const uint8_t* end) {
  const uint8_t lead = *at++;
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 && lead < 0xF5 ? 3 : lead >= 0xE0 && lead < 0xF0 ? 2 : lead >= 0xC2 && lead < 0xE0 ? 1 : 0;
  if (more == 0 || end - at < more) return 0xFFFD;
  char32_t point = lead & (0x3F >> more);
  for (int i = 0; i < more; ++i) {
    if ((at[i] & 0xC0) != 0x80) return 0xFFFD;
    point = point << 6 | (at[i] & 0x3F);
  }
  constexpr char32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if (point < kLeast[more] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return 0xFFFD;
  at += more;
  return point;
}

}  // namespace

void FrameText::Append(const char* text, size_t size) {
  if (!is_wide_ && IsAscii(text, size)) {
    if (narrow_size_ + size > narrow_.size()) narrow_.resize((narrow_size_ + size) * 2);
    if (size != 0) memcpy(narrow_.data() + narrow_size_, text, size);
    narrow_size_ += size;
  } else {
    AppendWide(text, size);
  }
}

void FrameText::AppendWide(const char* text, size_t size) {
  if (!is_wide_) {
    is_wide_ = true;
    wide_.assign(narrow_.begin(), narrow_.begin() + static_cast<ptrdiff_t>(narrow_size_));
  }
  const uint8_t* at = reinterpret_cast<const uint8_t*>(text);
  const uint8_t* const end = at + size;
  while (at != end) {
    const char32_t point = Decode(at, end);
    if (point < 0x10000) {
      wide_.push_back(static_cast<char16_t>(point));
    } else {
      wide_.push_back(static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10)));
      wide_.push_back(static_cast<char16_t>(0xDC00 + ((point - 0x10000) & 0x3FF)));
    }
  }
}

napi_value FrameText::Take(napi_env env) {
  napi_value value = nullptr;
  if (size() == 0) return Undefined(env);
  if (is_wide_) {
    napi_create_string_utf16(env, wide_.data(), wide_.size(), &value);
  } else {
    napi_create_string_latin1(env, narrow_.data(), narrow_size_, &value);
  }
  is_wide_ = false;
  narrow_size_ = 0;
  wide_.clear();
  return value;
}

napi_value Frame::Create(napi_env env) {
  constexpr size_t kRecordBytes = kRecords * kRecordSize * sizeof(double);
  constexpr size_t kNumberBytes = kCells * sizeof(double);
  void* data = nullptr;
  napi_value memory = nullptr;
  napi_create_arraybuffer(env, kRecordBytes + kNumberBytes + kCells, &data, &memory);
  napi_create_reference(env, memory, 1, &memory_);
  records_ = static_cast<double*>(data);
  numbers_ = records_ + kRecords * kRecordSize;
  tags_ = reinterpret_cast<uint8_t*>(numbers_ + kCells);
  return memory;
}

void Frame::Destroy(napi_env env) {
  if (memory_ != nullptr) napi_delete_reference(env, memory_);
  memory_ = nullptr;
}

void Frame::AddRow(napi_env env, const dbpool_value* cells, uint32_t columns, Format format,
                   const uint8_t* as_text) {
  for (uint32_t i = 0; i < columns; ++i) {
    const dbpool_value& cell = cells[i];
    if (as_text[i] != 0 && cell.data != nullptr && cell.type != DBPOOL_NULL && cell.type != DBPOOL_BYTES) {
      AddText(env, cell.data, cell.size);
      continue;
    }
    switch (cell.type) {
      case DBPOOL_BOOL:
        Put(cell.num.i64 != 0 ? kTagTrue : kTagFalse, 0);
        break;
      case DBPOOL_INT64: {
        const int64_t number = cell.num.i64;
        const bool rounds = number > kMaxSafeInteger || number < -kMaxSafeInteger;
        if (format == kFormatBigInt || (rounds && format != kFormatRounded)) {
          Put(kTagBigInt, std::bit_cast<double>(number));
        } else {
          Put(kTagNumber, static_cast<double>(number));
        }
        break;
      }
      case DBPOOL_FLOAT64:
        Put(kTagNumber, cell.num.f64);
        break;
      case DBPOOL_TEXT:
        AddText(env, cell.data, cell.size);
        break;
      case DBPOOL_BYTES:
        AddBytes(env, cell.data, cell.size);
        break;
      default:
        Put(kTagNull, 0);
    }
  }
}

void Frame::AddText(napi_env env, const char* text, uint32_t size) {
  if (size >= kExtraSize) {
    Put(kTagExtra, AddExtra(env, String(env, text, size)));
    return;
  }
  text_.Append(text, size);
  Put(kTagText, static_cast<double>(text_.size()));
}

void Frame::AddBytes(napi_env env, const char* data, uint32_t size) {
  if (size >= kExtraSize) {
    napi_value buffer = nullptr;
    if (napi_create_buffer_copy(env, size, data, nullptr, &buffer) != napi_ok) buffer = Undefined(env);
    Put(kTagExtra, AddExtra(env, buffer));
    return;
  }
  bytes_.insert(bytes_.end(), data, data + size);
  Put(kTagBytes, static_cast<double>(bytes_.size()));
}

uint32_t Frame::AddExtra(napi_env env, napi_value value) {
  if (extras_ == nullptr) napi_create_array(env, &extras_);
  napi_set_element(env, extras_, extra_count_, value);
  return extra_count_++;
}

Frame::Content Frame::Take(napi_env env) {
  Content content;
  content.records = record_count_;
  content.text = text_.Take(env);
  content.is_plain = bytes_.empty() && extras_ == nullptr;
  content.bytes = content.extras = Undefined(env);
  if (!bytes_.empty()) napi_create_buffer_copy(env, bytes_.size(), bytes_.data(), nullptr, &content.bytes);
  if (extras_ != nullptr) content.extras = extras_;
  record_count_ = cell_count_ = extra_count_ = 0;
  bytes_.clear();
  extras_ = nullptr;
  return content;
}

}  // namespace dbpool_node
