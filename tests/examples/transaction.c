#include "example.h"

/* README */
struct transfer {
  int64_t from, to, amount;
};

static dbpool_status add(dbpool_conn conn, int64_t account, int64_t amount, dbpool_error **error) {
  dbpool_value params[] = {
      {.type = DBPOOL_INT64, .num.i64 = amount},
      {.type = DBPOOL_INT64, .num.i64 = account},
  };
  dbpool_result *result = NULL;
  dbpool_status status =
      dbpool_conn_query(conn, "UPDATE accounts SET balance = balance + $1 WHERE id = $2",
                        DBPOOL_NTS, params, 2, NULL, &result, error);
  if (status == DBPOOL_OK && dbpool_result_affected(result) == 0) {
    *error = dbpool_error_new(status = DBPOOL_ERR_INVALID, "no such account");
  }
  dbpool_result_free(result);
  return status;
}

/* May run several times: it keeps nothing outside the database. */
static dbpool_status move_money(void *user_data, dbpool_conn conn, dbpool_error **error) {
  const struct transfer *t = user_data;
  dbpool_status status = add(conn, t->from, -t->amount, error);
  return status == DBPOOL_OK ? add(conn, t->to, t->amount, error) : status;
}

static dbpool_status transfer(dbpool *pool, struct transfer t, dbpool_error **error) {
  dbpool_tx_options options = {.struct_size = sizeof options,
                               .isolation = DBPOOL_ISOLATION_SERIALIZABLE,
                               .max_attempts = 20};
  return dbpool_transaction(pool, move_money, &t, &options, error);
}
/* end */

int main(int argc, char **argv) {
  dbpool *pool = open_pool(uri_of(argc, argv));
  dbpool_error *error = NULL;
  run(pool, "DROP TABLE IF EXISTS accounts; CREATE TABLE accounts (id integer, balance integer)");
  run(pool, "INSERT INTO accounts VALUES (1, 100), (2, 0)");
  check(transfer(pool, (struct transfer){1, 2, 30}, &error), &error);
  require(number(pool, "SELECT balance FROM accounts WHERE id = 2") == 30, "30 were moved");

  require(transfer(pool, (struct transfer){1, 3, 30}, &error) == DBPOOL_ERR_INVALID, "refused");
  printf("as it should: %s\n", dbpool_error_message(error));
  dbpool_error_free(error);
  require(number(pool, "SELECT balance FROM accounts WHERE id = 1") == 70, "it was rolled back");
  run(pool, "DROP TABLE accounts");
  dbpool_unref(pool);
  return 0;
}
