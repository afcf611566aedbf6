#include "driver/harmless_functions.h"

#include <algorithm>
#include <array>

// What is missing here is missing on purpose where it keeps something in the session (set_config,
// setseed, nextval, pg_advisory_lock, load_extension, lo_open) or runs SQL that it is given as text
// (query_to_xml, ts_stat, ts_rewrite with a query, dblink); the rest only because nobody asked for
// it yet.

namespace dbp {
namespace {

/// Sorted, lower case.
// clang-format off
constexpr std::string_view kHarmless[] = {
    "abbrev", "abs", "acos", "acosd", "acosh", "age", "any_value", "area", "array_agg",
    "array_append", "array_cat", "array_dims", "array_fill", "array_length", "array_lower",
    "array_ndims", "array_position", "array_positions", "array_prepend", "array_remove",
    "array_replace", "array_to_json", "array_to_string", "array_to_tsvector", "array_upper",
    "ascii", "asin", "asind", "asinh", "atan", "atan2", "atan2d", "atand", "atanh", "avg",
    "bigint", "bit", "bit_and", "bit_count", "bit_length", "bit_or", "bit_xor", "bm25", "bool",
    "bool_and", "bool_or", "boolean", "box", "bpchar", "broadcast", "btrim", "bytea",
    "cardinality", "cast", "cbrt", "ceil", "ceiling", "center", "changes", "char", "char_length",
    "character", "character_length", "chr", "cidr", "circle", "clock_timestamp", "coalesce",
    "col_description", "collation", "concat", "concat_ws", "convert", "convert_from",
    "convert_to", "corr", "cos", "cosd", "cosh", "cot", "cotd", "count", "covar_pop",
    "covar_samp", "crc32", "cube", "cume_dist", "current_catalog", "current_database",
    "current_date", "current_query", "current_role", "current_schema", "current_schemas",
    "current_setting", "current_time", "current_timestamp", "current_user", "currval", "date",
    "date_bin", "date_part", "date_trunc", "datemultirange", "daterange", "datetime", "dec",
    "decimal", "decode", "degrees", "dense_rank", "diagonal", "diameter", "div", "encode",
    "enum_first", "enum_last", "enum_range", "every", "exp", "extract", "factorial", "family",
    "first_value", "float", "float4", "float8", "floor", "format", "format_type", "gcd",
    "gen_random_uuid", "generate_series", "generate_subscripts", "get_bit", "get_byte",
    "get_current_ts_config", "glob", "greatest", "group_concat", "grouping",
    "has_any_column_privilege", "has_column_privilege", "has_database_privilege",
    "has_function_privilege", "has_schema_privilege", "has_sequence_privilege",
    "has_server_privilege", "has_table_privilege", "has_tablespace_privilege",
    "has_type_privilege", "hash_array", "hash_record", "hashtext", "hashtextextended", "height",
    "hex", "highlight", "host", "hostmask", "ifnull", "iif", "ilike", "inet", "inet_client_addr",
    "inet_client_port", "inet_merge", "inet_same_family", "inet_server_addr", "inet_server_port",
    "initcap", "instr", "int", "int2", "int4", "int4multirange", "int4range", "int8",
    "int8multirange", "int8range", "integer", "interval", "isclosed", "isempty", "isfinite",
    "isopen", "json", "json_agg", "json_array", "json_array_elements", "json_array_elements_text",
    "json_array_insert", "json_array_length", "json_build_array", "json_build_object",
    "json_each", "json_each_text", "json_error_position", "json_extract", "json_extract_path",
    "json_extract_path_text", "json_group_array", "json_group_object", "json_insert",
    "json_object", "json_object_agg", "json_object_keys", "json_patch", "json_populate_record",
    "json_populate_recordset", "json_quote", "json_remove", "json_replace", "json_set",
    "json_strip_nulls", "json_to_record", "json_to_recordset", "json_tree", "json_type",
    "json_typeof", "json_valid", "jsonb", "jsonb_agg", "jsonb_array_elements",
    "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array", "jsonb_build_object",
    "jsonb_each", "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text",
    "jsonb_insert", "jsonb_object", "jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists",
    "jsonb_path_match", "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_first",
    "jsonb_populate_record", "jsonb_populate_recordset", "jsonb_pretty", "jsonb_set",
    "jsonb_set_lax", "jsonb_strip_nulls", "jsonb_to_record", "jsonb_to_recordset", "jsonb_typeof",
    "julianday", "justify_days", "justify_hours", "justify_interval", "lag", "last_insert_rowid",
    "last_value", "lastval", "lcm", "lead", "least", "left", "length", "like", "likelihood",
    "likely", "line", "ln", "localtime", "localtimestamp", "log", "log10", "log2", "lower",
    "lower_inc", "lower_inf", "lpad", "lseg", "ltrim", "macaddr", "make_date", "make_interval",
    "make_time", "make_timestamp", "make_timestamptz", "masklen", "match", "max", "md5", "min",
    "min_scale", "mod", "mode", "multirange", "name", "nchar", "netmask", "network", "normalize",
    "now", "npoints", "nth_value", "ntile", "nullif", "num_nonnulls", "num_nulls", "numeric",
    "nummultirange", "numnode", "numrange", "obj_description", "octet_length", "oid", "overlaps",
    "overlay", "parse_ident", "path", "pclose", "percent_rank", "percentile_cont",
    "percentile_disc", "pg_advisory_xact_lock", "pg_advisory_xact_lock_shared", "pg_backend_pid",
    "pg_blocking_pids", "pg_cancel_backend", "pg_char_to_encoding", "pg_client_encoding",
    "pg_collation_is_visible", "pg_column_compression", "pg_column_is_updatable",
    "pg_column_size", "pg_conf_load_time", "pg_current_logfile", "pg_current_snapshot",
    "pg_current_wal_flush_lsn", "pg_current_wal_insert_lsn", "pg_current_wal_lsn",
    "pg_current_xact_id", "pg_current_xact_id_if_assigned", "pg_cursor", "pg_database_size",
    "pg_describe_object", "pg_encoding_to_char", "pg_function_is_visible", "pg_get_constraintdef",
    "pg_get_expr", "pg_get_function_arguments", "pg_get_function_identity_arguments",
    "pg_get_function_result", "pg_get_functiondef", "pg_get_indexdef", "pg_get_keywords",
    "pg_get_partkeydef", "pg_get_ruledef", "pg_get_serial_sequence", "pg_get_statisticsobjdef",
    "pg_get_triggerdef", "pg_get_userbyid", "pg_get_viewdef", "pg_has_role",
    "pg_index_column_has_property", "pg_index_has_property", "pg_indexes_size",
    "pg_input_is_valid", "pg_is_in_recovery", "pg_is_other_temp_schema",
    "pg_is_wal_replay_paused", "pg_jit_available", "pg_last_committed_xact",
    "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn", "pg_last_xact_replay_timestamp",
    "pg_listening_channels", "pg_lock_status", "pg_ls_dir", "pg_ls_logdir", "pg_ls_waldir",
    "pg_lsn", "pg_my_temp_schema", "pg_notification_queue_usage", "pg_notify",
    "pg_opclass_is_visible", "pg_operator_is_visible", "pg_partition_ancestors",
    "pg_partition_root", "pg_partition_tree", "pg_postmaster_start_time", "pg_prepared_statement",
    "pg_prepared_xact", "pg_read_binary_file", "pg_read_file", "pg_relation_filenode",
    "pg_relation_filepath", "pg_relation_is_updatable", "pg_relation_size",
    "pg_safe_snapshot_blocking_pids", "pg_sequence_last_value", "pg_size_bytes", "pg_size_pretty",
    "pg_sleep", "pg_sleep_for", "pg_sleep_until", "pg_snapshot_xmax", "pg_snapshot_xmin",
    "pg_stat_file", "pg_stat_get_activity", "pg_stat_get_progress_info", "pg_table_is_visible",
    "pg_table_size", "pg_tablespace_size", "pg_terminate_backend", "pg_timezone_abbrevs",
    "pg_timezone_names", "pg_total_relation_size", "pg_trigger_depth",
    "pg_try_advisory_xact_lock", "pg_try_advisory_xact_lock_shared", "pg_type_is_visible",
    "pg_typeof", "pg_visible_in_snapshot", "pg_wal_lsn_diff", "pg_walfile_name",
    "pg_xact_commit_timestamp", "pg_xact_status", "phraseto_tsquery", "pi", "plainto_tsquery",
    "point", "polygon", "popen", "position", "pow", "power", "pragma_compile_options",
    "pragma_database_list", "pragma_foreign_key_list", "pragma_function_list",
    "pragma_index_info", "pragma_index_list", "pragma_index_xinfo", "pragma_table_info",
    "pragma_table_list", "pragma_table_xinfo", "printf", "querytree", "quote", "quote_ident",
    "quote_literal", "quote_nullable", "radians", "radius", "random", "randomblob", "range_agg",
    "range_intersect_agg", "range_merge", "rank", "real", "regclass", "regexp_count",
    "regexp_instr", "regexp_like", "regexp_match", "regexp_matches", "regexp_replace",
    "regexp_split_to_array", "regexp_split_to_table", "regexp_substr", "regr_avgx", "regr_avgy",
    "regr_count", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy",
    "repeat", "replace", "reverse", "right", "rollup", "round", "row", "row_number",
    "row_security_active", "row_to_json", "rpad", "rtrim", "scale", "session_user", "set_bit",
    "set_byte", "set_masklen", "setweight", "sha224", "sha256", "sha384", "sha512",
    "shobj_description", "sign", "similar", "sin", "sind", "sinh", "slope", "smallint", "snippet",
    "soundex", "split_part", "sqlite_compileoption_get", "sqlite_compileoption_used",
    "sqlite_offset", "sqlite_source_id", "sqlite_version", "sqrt", "starts_with",
    "statement_timestamp", "stddev", "stddev_pop", "stddev_samp", "strftime", "string_agg",
    "string_to_array", "string_to_table", "strip", "strpos", "substr", "substring", "sum",
    "suppress_redundant_updates_trigger", "tan", "tand", "tanh", "text", "text_pattern_eq",
    "time", "timediff", "timeofday", "timestamp", "timestamptz", "timetz", "timezone", "to_ascii",
    "to_char", "to_date", "to_hex", "to_json", "to_jsonb", "to_number", "to_regclass",
    "to_regcollation", "to_regnamespace", "to_regoper", "to_regoperator", "to_regproc",
    "to_regprocedure", "to_regrole", "to_regtype", "to_timestamp", "to_tsquery", "to_tsvector",
    "total", "total_changes", "transaction_timestamp", "translate", "treat", "trim", "trim_array",
    "trim_scale", "trunc", "ts_delete", "ts_filter", "ts_headline", "ts_rank", "ts_rank_cd",
    "tsmultirange", "tsquery_phrase", "tsrange", "tstzmultirange", "tstzrange",
    "tsvector_to_array", "txid_current", "txid_current_if_assigned", "txid_current_snapshot",
    "txid_snapshot_xmax", "txid_snapshot_xmin", "txid_status", "txid_visible_in_snapshot",
    "typeof", "unhex", "unicode", "unistr", "unixepoch", "unlikely", "unnest", "upper",
    "upper_inc", "upper_inf", "uuid", "var_pop", "var_samp", "varbit", "varchar", "variance",
    "version", "websearch_to_tsquery", "width", "width_bucket", "xmlagg", "xmlcomment",
    "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlparse", "xmlpi", "xmlroot",
    "xmlserialize", "xpath", "xpath_exists", "zeroblob"};
// clang-format on
static_assert(std::is_sorted(std::begin(kHarmless), std::end(kHarmless)));

constexpr size_t kLongest = 63;  ///< PostgreSQL's names

}  // namespace

bool IsHarmlessFunction(std::string_view name) {
  if (name.size() > kLongest) return false;
  std::array<char, kLongest> lower;
  std::transform(name.begin(), name.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::binary_search(std::begin(kHarmless), std::end(kHarmless),
                            std::string_view(lower.data(), name.size()));
}

}  // namespace dbp
