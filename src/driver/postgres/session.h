#ifndef DBP_DRIVER_POSTGRES_SESSION_H_
#define DBP_DRIVER_POSTGRES_SESSION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "driver/driver.h"
#include "driver/postgres/libpq.h"

// The text that makes a session ours, after connecting and after each reset that returns its
// settings to the server's defaults. It holds whatever search_path is set: every function is named
// with its schema.

namespace dbp::postgres {

/// One SELECT of set_config(), "" if nothing is to be set. What sticks to a session that a pooler may give to
/// others is set only if it was asked for, or there is no pooler. REQUIRES: pg is connected.
std::string SessionSetupSql(PGconn* pg, const Config& config);
/// Whether its first column tells if there is a pooler between us and the server: something depends on it.
bool AsksForPooler(const Config& config);
bool TellsOfPooler(const PGresult* setup);

/// What is sent, each a text for one simple query. Of a reset it is one, init_sql included: it goes out at release,
/// and nobody reads the answer before the next borrower. dirt is a set of Dirt bits; empty if there is nothing to do.
struct ResetPlan {
  std::vector<std::string> texts;
  bool forgets_statements = false;
};
ResetPlan PlanReset(ResetMode mode, bool in_transaction, uint32_t dirt, std::string_view setup_sql,
                    std::string_view init_sql);

/// Dirt told by the tag of a command that ran.
uint32_t DirtOfCommand(std::string_view tag);

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_SESSION_H_
