#ifndef DBPOOL_NODE_FRAME_H_
#define DBPOOL_NODE_FRAME_H_

#include <dbpool/dbpool.h>

#include <vector>

#include "napi.h"

// How rows cross the border. A frame is memory that both sides see: a number and a tag for each cell, row by row, and a
// record for each answer. The text of all cells is one JavaScript string, of which a cell's number is its end; so
// are small blobs in one Buffer. What is large is a value of its own in the list `extras`.
//
// A string of 13 or more characters that JavaScript cuts out of the frame's text keeps that text alive: that is
// why a frame holds little of it.

namespace dbpool_node {

/// What a cell of a frame is; lib/rows.js knows them by number.
enum Tag : uint8_t {
  kTagNull = 0,
  kTagText = 1,    ///< number: where its text ends
  kTagNumber = 2,  ///< number: itself
  kTagTrue = 3,
  kTagFalse = 4,
  kTagBigInt = 5,  ///< the bits of the number are an int64
  kTagExtra = 6,   ///< number: its index in the extras
  kTagBytes = 7,   ///< number: where its bytes end
};

/// How cells are given, chosen with the query.
enum Format : uint32_t {
  kFormatNative = 0,   ///< an integer is a number, or a BigInt where that would round
  kFormatPg = 1,       ///< as node-postgres: int8 is text
  kFormatText = 2,     ///< PostgreSQL's text of everything but bytea, for type parsers
  kFormatRounded = 3,  ///< as better-sqlite3: an integer is a number
  kFormatBigInt = 4,   ///< an integer is a BigInt
};

/// The text of a frame: one byte a character as long as all of it is ASCII, else UTF-16.
class FrameText {
 public:
  void Append(const char* text, size_t size);
  size_t size() const { return is_wide_ ? wide_.size() : narrow_size_; }
  napi_value Take(napi_env env);  ///< undefined if empty; it is empty then

 private:
  void AppendWide(const char* text, size_t size);

  bool is_wide_ = false;
  size_t narrow_size_ = 0;
  std::vector<char> narrow_;
  std::vector<char16_t> wide_;
};

class Frame {
 public:
  static constexpr size_t kRecords = 512;
  static constexpr size_t kRecordSize = 12;
  static constexpr size_t kCells = 32768;  // more than a row has columns
  static constexpr size_t kTextLimit = 16 * 1024;
  static constexpr size_t kExtraSize = 4096;  // cells as large as this are values of their own

  /// Makes the shared memory and gives its ArrayBuffer: records, numbers, tags.
  napi_value Create(napi_env env);
  void Destroy(napi_env env);

  /// Room for another row of that many cells, or for another record.
  bool HasRoom(uint32_t columns) const {
    return cell_count_ + columns <= kCells && text_.size() + bytes_.size() < kTextLimit;
  }
  bool HasRoomForRecord() const { return record_count_ < kRecords; }
  bool empty() const { return record_count_ == 0; }

  double* AddRecord() {
    double* record = records_ + kRecordSize * record_count_++;
    memset(record, 0, sizeof(double) * kRecordSize);
    return record;
  }
  void AddRow(napi_env env, const dbpool_value* cells, uint32_t columns, Format format, const uint8_t* as_text);
  uint32_t AddExtra(napi_env env, napi_value value);

  /// Empties the frame: how many records it had, and text, bytes and extras, each undefined if there is none.
  struct Content {
    uint32_t records;
    napi_value text, bytes, extras;
    bool is_plain;  ///< neither bytes nor extras
  };
  Content Take(napi_env env);

 private:
  void AddText(napi_env env, const char* text, uint32_t size);
  void AddBytes(napi_env env, const char* data, uint32_t size);
  void Put(Tag tag, double number) {
    numbers_[cell_count_] = number;
    tags_[cell_count_++] = tag;
  }

  napi_ref memory_ = nullptr;
  double* records_ = nullptr;
  double* numbers_ = nullptr;
  uint8_t* tags_ = nullptr;
  uint32_t record_count_ = 0;
  uint32_t cell_count_ = 0;
  FrameText text_;
  std::vector<char> bytes_;
  napi_value extras_ = nullptr;  ///< lives in the handle scope of the call under way
  uint32_t extra_count_ = 0;
};

}  // namespace dbpool_node

#endif  // DBPOOL_NODE_FRAME_H_
