#include "driver/postgres/types.h"

#include <dbpool/types.h>

#include <algorithm>
#include <iterator>

namespace dbp::postgres {
namespace {

constexpr uint32_t kOther = DBPOOL_KIND_OTHER;
constexpr uint32_t kArray = DBPOOL_KIND_ARRAY;

// Sorted by OID. The OIDs of built-in types are part of PostgreSQL's protocol and never change.
constexpr PgType kTypes[] = {
    {16, DBPOOL_KIND_BOOL, "bool", CellForm::kBool},
    {17, DBPOOL_KIND_BYTES, "bytea", CellForm::kBytes},
    {18, DBPOOL_KIND_TEXT, "char"},
    {19, DBPOOL_KIND_TEXT, "name"},
    {20, DBPOOL_KIND_INTEGER, "int8", CellForm::kInteger},
    {21, DBPOOL_KIND_INTEGER, "int2", CellForm::kInteger},
    {22, kArray, "int2vector"},
    {23, DBPOOL_KIND_INTEGER, "int4", CellForm::kInteger},
    {24, kOther, "regproc"},
    {25, DBPOOL_KIND_TEXT, "text"},
    {26, DBPOOL_KIND_INTEGER, "oid", CellForm::kInteger},
    {27, kOther, "tid"},
    {28, kOther, "xid"},
    {29, kOther, "cid"},
    {30, kArray, "oidvector"},
    {114, DBPOOL_KIND_JSON, "json"},
    {142, kOther, "xml"},
    {143, kArray, "_xml"},
    {199, kArray, "_json"},
    {600, kOther, "point"},
    {601, kOther, "lseg"},
    {602, kOther, "path"},
    {603, kOther, "box"},
    {604, kOther, "polygon"},
    {628, kOther, "line"},
    {650, kOther, "cidr"},
    {651, kArray, "_cidr"},
    {700, DBPOOL_KIND_FLOAT, "float4", CellForm::kFloat},
    {701, DBPOOL_KIND_FLOAT, "float8", CellForm::kFloat},
    {705, DBPOOL_KIND_TEXT, "unknown"},
    {718, kOther, "circle"},
    {774, kOther, "macaddr8"},
    {775, kArray, "_macaddr8"},
    {790, kOther, "money"},
    {791, kArray, "_money"},
    {829, kOther, "macaddr"},
    {869, kOther, "inet"},
    {1000, kArray, "_bool"},
    {1001, kArray, "_bytea"},
    {1002, kArray, "_char"},
    {1003, kArray, "_name"},
    {1005, kArray, "_int2"},
    {1006, kArray, "_int2vector"},
    {1007, kArray, "_int4"},
    {1008, kArray, "_regproc"},
    {1009, kArray, "_text"},
    {1013, kArray, "_oidvector"},
    {1014, kArray, "_bpchar"},
    {1015, kArray, "_varchar"},
    {1016, kArray, "_int8"},
    {1017, kArray, "_point"},
    {1021, kArray, "_float4"},
    {1022, kArray, "_float8"},
    {1028, kArray, "_oid"},
    {1033, kOther, "aclitem"},
    {1034, kArray, "_aclitem"},
    {1040, kArray, "_macaddr"},
    {1041, kArray, "_inet"},
    {1042, DBPOOL_KIND_TEXT, "bpchar"},
    {1043, DBPOOL_KIND_TEXT, "varchar"},
    {1082, DBPOOL_KIND_DATE, "date"},
    {1083, DBPOOL_KIND_TIME, "time"},
    {1114, DBPOOL_KIND_TIMESTAMP, "timestamp"},
    {1115, kArray, "_timestamp"},
    {1182, kArray, "_date"},
    {1183, kArray, "_time"},
    {1184, DBPOOL_KIND_TIMESTAMPTZ, "timestamptz"},
    {1185, kArray, "_timestamptz"},
    {1186, DBPOOL_KIND_INTERVAL, "interval"},
    {1187, kArray, "_interval"},
    {1231, kArray, "_numeric"},
    {1266, DBPOOL_KIND_TIME, "timetz"},
    {1270, kArray, "_timetz"},
    {1560, kOther, "bit"},
    {1561, kArray, "_bit"},
    {1562, kOther, "varbit"},
    {1563, kArray, "_varbit"},
    {1700, DBPOOL_KIND_NUMERIC, "numeric"},
    {1790, kOther, "refcursor"},
    {2205, kOther, "regclass"},
    {2206, kOther, "regtype"},
    {2210, kArray, "_regclass"},
    {2249, kOther, "record"},
    {2275, DBPOOL_KIND_TEXT, "cstring"},
    {2278, kOther, "void"},
    {2287, kArray, "_record"},
    {2950, DBPOOL_KIND_UUID, "uuid"},
    {2951, kArray, "_uuid"},
    {3220, kOther, "pg_lsn"},
    {3614, kOther, "tsvector"},
    {3615, kOther, "tsquery"},
    {3643, kArray, "_tsvector"},
    {3802, DBPOOL_KIND_JSON, "jsonb"},
    {3807, kArray, "_jsonb"},
    {3904, kOther, "int4range"},
    {3905, kArray, "_int4range"},
    {3906, kOther, "numrange"},
    {3907, kArray, "_numrange"},
    {3908, kOther, "tsrange"},
    {3909, kArray, "_tsrange"},
    {3910, kOther, "tstzrange"},
    {3911, kArray, "_tstzrange"},
    {3912, kOther, "daterange"},
    {3913, kArray, "_daterange"},
    {3926, kOther, "int8range"},
    {3927, kArray, "_int8range"},
    {4072, kOther, "jsonpath"},
    {4073, kArray, "_jsonpath"},
    {5069, kOther, "xid8"},
};

constexpr bool ByOid(const PgType& a, const PgType& b) {
  return a.oid < b.oid;
}
static_assert(std::is_sorted(std::begin(kTypes), std::end(kTypes), ByOid));

}  // namespace

PgType TypeOf(uint32_t oid) {
  const PgType wanted = {oid, kOther, "", CellForm::kText};
  const PgType* found = std::lower_bound(std::begin(kTypes), std::end(kTypes), wanted, ByOid);
  return found != std::end(kTypes) && found->oid == oid ? *found : wanted;
}

}  // namespace dbp::postgres
