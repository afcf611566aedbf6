#include "driver/postgres/errors.h"

#include <cctype>
#include <cstdlib>
#include <string>
#include <utility>

namespace dbp::postgres {
namespace {

std::string Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? text : "";
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Which of libpq's fields is which of ours.
constexpr std::pair<uint32_t, int> kFields[] = {
    {DBPOOL_FIELD_WHERE, PG_DIAG_CONTEXT},
    {DBPOOL_FIELD_DATA_TYPE, PG_DIAG_DATATYPE_NAME},
    {DBPOOL_FIELD_INTERNAL_QUERY, PG_DIAG_INTERNAL_QUERY},
    {DBPOOL_FIELD_INTERNAL_POSITION, PG_DIAG_INTERNAL_POSITION},
    {DBPOOL_FIELD_FILE, PG_DIAG_SOURCE_FILE},
    {DBPOOL_FIELD_LINE, PG_DIAG_SOURCE_LINE},
    {DBPOOL_FIELD_ROUTINE, PG_DIAG_SOURCE_FUNCTION}};

constexpr char kOutOfMemory[] = "out of memory";

struct Meaning {
  dbpool_status code = DBPOOL_ERR_SQL;
  uint32_t flags = 0;
};

// Of a statement. The server's own time-outs are known by their (English) words alone: 57014 and
// 55P03 serve other causes too.
Meaning MeaningOf(std::string_view state, std::string_view message) {
  if (state == "57014") {
    if (Contains(message, "statement timeout")) return {DBPOOL_ERR_TIMEOUT, DBPOOL_FLAG_TIMEOUT};
    return {DBPOOL_ERR_CANCELLED, DBPOOL_FLAG_CANCELLED};
  }
  if (state == "55P03") {
    const uint32_t timeout = Contains(message, "lock timeout") ? DBPOOL_FLAG_TIMEOUT : 0;
    return {DBPOOL_ERR_SQL, DBPOOL_FLAG_RETRYABLE | timeout};
  }
  if (state == "40001" || state == "40P01" || state == "57P03" || state.starts_with("53")) {
    return {DBPOOL_ERR_SQL, DBPOOL_FLAG_RETRYABLE};
  }
  // libpq's own: the answer is there, and cannot be kept.
  if (state.empty() && Contains(message, kOutOfMemory)) {
    return {DBPOOL_ERR_NOMEM, DBPOOL_FLAG_OUTCOME_UNKNOWN};
  }
  const bool counted_wrong =
      state == "08P01" && Contains(message, "parameters, but prepared statement");
  if (state == "42P02" || counted_wrong) return {DBPOOL_ERR_INVALID, 0};
  return {};
}

// libpq's own complaints carry no fields: their first line is the sentence, what follows is advice.
std::string FirstLine(std::string_view text) {
  const size_t end = text.find('\n');
  return std::string(text.substr(0, end));
}

// Lines joined to one; libpq indents what continues a sentence.
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == '\n' || c == '\t' || c == ' ';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

struct ServerText {
  std::string sqlstate, severity, message;
};

// "...: FATAL:  28P01: password authentication failed ...": the severity before, two blanks, the
// state.
ServerText FindServerText(std::string_view text) {
  for (size_t at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 3)) {
    const std::string_view rest = text.substr(at + 3);
    if (rest.size() < 7 || rest.substr(5, 2) != ": ") continue;
    bool state = true;
    for (const char c : rest.substr(0, 5))
      state &= (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
    if (!state) continue;
    size_t word = at;
    while (word > 0 && text[word - 1] != ' ' && text[word - 1] != '\n') --word;
    const std::string severity(text.substr(word, at - word));
    return {std::string(rest.substr(0, 5)), severity, severity + ": " + FirstLine(rest.substr(7))};
  }
  return {};
}

// What follows "DETAIL:  " or "HINT:  " at the start of a line.
std::string LineAfter(std::string_view text, std::string_view label) {
  const size_t at = text.find(label);
  return at == std::string_view::npos ? "" : FirstLine(text.substr(at + label.size()));
}

// "auth_failed, auth.c:335"
void AddLocation(std::string_view location, ErrorFields* fields) {
  const size_t comma = location.find(", "), colon = location.rfind(':');
  if (comma == location.npos || colon == location.npos || colon < comma) return;
  fields->Add(DBPOOL_FIELD_ROUTINE, location.substr(0, comma));
  fields->Add(DBPOOL_FIELD_FILE, location.substr(comma + 2, colon - comma - 2));
  fields->Add(DBPOOL_FIELD_LINE, location.substr(colon + 1));
}

// Words with which libpq refuses the parameters themselves: trying again is of no use.
bool RefusesParameters(std::string_view text) {
  return text.starts_with("invalid ") || text.starts_with("definition of service") ||
         text.starts_with("service file") || text.starts_with("syntax error in service file");
}

}  // namespace

Status FromResult(const PGresult* result, uint32_t phase) {
  const std::string state = Field(result, PG_DIAG_SQLSTATE);
  std::string message = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = FirstLine(PQresultErrorMessage(result));
  if (message.empty() && state.empty()) message = kOutOfMemory;  // too little to say even that
  const Meaning meaning = MeaningOf(state, message);
  Status status = Status::Error(meaning.code, std::move(message), phase, state, meaning.flags);
  ErrorInfo& info = status.mutable_info();
  info.detail = Field(result, PG_DIAG_MESSAGE_DETAIL);
  info.hint = Field(result, PG_DIAG_MESSAGE_HINT);
  info.position = std::atoi(Field(result, PG_DIAG_STATEMENT_POSITION).c_str());
  info.schema = Field(result, PG_DIAG_SCHEMA_NAME);
  info.table = Field(result, PG_DIAG_TABLE_NAME);
  info.column = Field(result, PG_DIAG_COLUMN_NAME);
  info.constraint = Field(result, PG_DIAG_CONSTRAINT_NAME);
  std::string severity = Field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity.empty()) severity = Field(result, PG_DIAG_SEVERITY);
  info.fields.Add(DBPOOL_FIELD_SEVERITY, severity);
  for (const auto& [field, code] : kFields) info.fields.Add(field, Field(result, code));
  return status;
}

bool EndsSession(const PGresult* result) {
  const std::string severity = Field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity == "FATAL" || severity == "PANIC";
}

Status FromLoss(Status error, uint32_t phase, uint32_t flags) {
  std::string message(error.message());
  if (message.empty()) message = "the connection to the server was lost";
  // idle_in_transaction_session_timeout and idle_session_timeout of the server
  if (error.sqlstate() == "25P03" || error.sqlstate() == "57P05") flags |= DBPOOL_FLAG_TIMEOUT;
  Status status = Status::Error(DBPOOL_ERR_BROKEN, std::move(message), phase, error.sqlstate(),
                                flags | DBPOOL_FLAG_CONN_BROKEN);
  if (error.info()) {
    status.mutable_info().detail = error.info()->detail;
    status.mutable_info().hint = error.info()->hint;
    status.mutable_info().fields = error.info()->fields;
  }
  return status;
}

Status FromConnectText(std::string_view text, const Secret& password) {
  const ServerText server = FindServerText(text);
  const std::string& state = server.sqlstate;
  dbpool_status code = DBPOOL_ERR_CONNECT;
  uint32_t flags = 0;
  // libpq's own words; the server never hears of it.
  const bool no_password = state.empty() && Contains(text, "no password supplied");
  if (state.starts_with("28") || no_password) {
    code = DBPOOL_ERR_AUTH;
  } else if (state.empty()) {
    if (RefusesParameters(text)) {
      code = DBPOOL_ERR_OPTION;
    } else {
      flags = DBPOOL_FLAG_RETRYABLE;
    }
  } else if (state.starts_with("53") || state.starts_with("57P") || state.starts_with("08")) {
    flags = DBPOOL_FLAG_RETRYABLE;
  }
  // libpq's own words: what is wrong and, on an indented line, what to look at. Several addresses,
  // several of both: then all is one message.
  const size_t advice = text.find("\n\t");
  const bool split =
      state.empty() && advice != text.npos && text.find("\n\t", advice + 1) == text.npos;
  std::string message =
      state.empty() ? OneLine(text.substr(0, split ? advice : text.npos)) : server.message;
  if (message.empty()) message = "the server closed the connection while it was being opened";
  Status status =
      Status::Error(code, Redact(std::move(message), password), DBPOOL_PHASE_CONNECT,
                    no_password ? std::string_view("28P01") : std::string_view(state), flags);
  if (split) status.mutable_info().hint = Redact(OneLine(text.substr(advice)), password);
  if (!state.empty()) {
    ErrorInfo& info = status.mutable_info();
    info.detail = Redact(LineAfter(text, "\nDETAIL:  "), password);
    info.hint = Redact(LineAfter(text, "\nHINT:  "), password);
    info.fields.Add(DBPOOL_FIELD_SEVERITY, server.severity);
    AddLocation(Redact(LineAfter(text, "\nLOCATION:  "), password), &info.fields);
  }
  return status;
}

bool IsPoisoned(const Status& status) {
  const std::string_view state = status.sqlstate();
  return state == "26000" || state == "42P05" ||
         (state == "0A000" && Contains(status.message(), "cached plan"));
}

}  // namespace dbp::postgres
