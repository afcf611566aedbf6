#ifndef DBP_DRIVER_STATEMENT_CACHE_H_
#define DBP_DRIVER_STATEMENT_CACHE_H_

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace dbp {

/// The statements a connection has seen, least recently used first to go. Key: SQL text, plus
/// whatever the driver appends to tell parameter types apart. Not thread-safe: it belongs to one
/// connection. Entry is what the driver keeps; its destructor gives the statement up.
template <class Entry>
class StatementCache {
 public:
  /// capacity 0 finds nothing: Insert then returns the entry in a place that the next Insert
  /// reuses.
  explicit StatementCache(size_t capacity) : capacity_(capacity) {}
  StatementCache(const StatementCache&) = delete;
  StatementCache& operator=(const StatementCache&) = delete;

  /// The entry, now the most recently used; NULL if there is none. Valid until it is evicted or
  /// erased.
  Entry* Find(std::string_view key) {
    if (capacity_ == 0) return nullptr;
    if (!order_.empty() && order_.front().key == key) return &order_.front().entry;  // no hashing
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    if (found->second != order_.begin()) order_.splice(order_.begin(), order_, found->second);
    return &found->second->entry;
  }

  /// Adds an entry under a key that is not there. REQUIRES: Find(key) == NULL.
  Entry* Insert(std::string_view key, Entry entry) {
    while (!order_.empty() && order_.size() >= (capacity_ ? capacity_ : 1)) EraseLast();
    std::list<Node> added;  // joins the others when nothing can throw any more
    added.push_front(Node{std::string(key), std::move(entry)});
    by_key_.emplace(added.front().key, added.begin());
    order_.splice(order_.begin(), added);
    return &order_.front().entry;
  }

  void Erase(std::string_view key) {
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    auto node = found->second;
    by_key_.erase(found);
    order_.erase(node);
  }
  void Clear() {
    by_key_.clear();
    order_.clear();
  }

  /// The entry that the next Insert drops, or NULL: a driver that must tell the server looks here
  /// first.
  Entry* NextToGo() {
    return !order_.empty() && order_.size() >= (capacity_ ? capacity_ : 1) ? &order_.back().entry
                                                                           : nullptr;
  }

  size_t size() const { return order_.size(); }
  size_t capacity() const { return capacity_; }

 private:
  struct Node {
    std::string key;
    Entry entry;
  };
  void EraseLast() {
    by_key_.erase(order_.back().key);
    order_.pop_back();
  }

  const size_t capacity_;
  std::list<Node> order_;  ///< most recently used first
  std::unordered_map<std::string_view, typename std::list<Node>::iterator> by_key_;
};

}  // namespace dbp

#endif  // DBP_DRIVER_STATEMENT_CACHE_H_
