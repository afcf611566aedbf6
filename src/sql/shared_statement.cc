#include "sql/shared_statement.h"

#include <new>

#include "sql/query_copy.h"

namespace dbp {

SharedStatement::Ptr SharedStatement::Make(const Query& query) {
  void* const memory = ::operator new(sizeof(SharedStatement) + SizeOfCopy(query));
  Ptr statement(new (memory) SharedStatement);
  statement->query = CopyQuery(query, static_cast<char*>(memory) + sizeof(SharedStatement));
  return statement;
}

void SharedStatement::Destroy(SharedStatement* statement) {
  statement->~SharedStatement();
  ::operator delete(statement);
}

}  // namespace dbp
