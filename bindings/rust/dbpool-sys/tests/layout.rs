//! Every struct, field and constant is what the C compiler makes of the headers.

use std::fmt::Write as _;
use std::mem::{offset_of, size_of};
use std::path::PathBuf;
use std::process::Command;

use dbpool_sys::*;

mod support;

/// What C shall print, and what Rust has to say about the same.
#[derive(Default)]
struct Questions {
    c: String,
    rust: String,
}

impl Questions {
    fn ask(&mut self, expression: &str, answer: i128) {
        let expression = expression.replace("r#", "");
        writeln!(self.c, r#"  printf("{expression} %lld\n", (long long)({expression}));"#).unwrap();
        writeln!(self.rust, "{expression} {answer}").unwrap();
    }
}

macro_rules! structs {
    ($questions:ident, $($name:ident { $($field:ident)* })*) => {$(
        $questions.ask(concat!("sizeof(", stringify!($name), ")"), size_of::<$name>() as i128);
        $($questions.ask(
            concat!("offsetof(", stringify!($name), ", ", stringify!($field), ")"),
            offset_of!($name, $field) as i128,
        );)*
    )*};
}

macro_rules! constants {
    ($questions:ident, $($name:ident)*) => {$(
        // DBPOOL_NTS is the one constant that does not fit into a long long as it is.
        $questions.ask(stringify!($name), $name as i64 as i128);
    )*};
}

fn questions() -> Questions {
    let mut q = Questions::default();
    structs! { q,
        dbpool_value { data size r#type flags reserved num }
        dbpool_column { name kind native_type native_name native_table native_column reserved }
        dbpool_batch { struct_size row_count column_count cells }
        dbpool_query_options { struct_size timeout_ms flags }
        dbpool_tx_options { struct_size isolation flags timeout_ms max_attempts reserved }
        dbpool_error_counts { struct_size open idle leased waiting }
        dbpool_option { struct_size name aliases r#type range default_value group help }
        dbpool_hooks { struct_size user_data opened lent returned closed destroy }
        dbpool_acquire_options { struct_size timeout_ms access flags tag }
        dbpool_statistics {
            struct_size limit open idle leased opening waiting acquired waited timed_out opened closed open_failed
            refused wait_ns wait_max_ns pings resets closed_idle closed_lifetime closed_uses closed_broken closed_ping
            closed_reset closed_invalidated closed_hook closed_shrunk pool_size max_overflow min_size write_waiting
        }
        dbpool_server {
            struct_size product version database user tls read_only in_recovery max_connections sessions connect_ns
            round_trip_ns
        }
        dbpool_event { struct_size kind reason connection missed }
        dbpool_socket { struct_size number conn fd events }
    }
    constants! { q,
        DBPOOL_OK DBPOOL_DONE DBPOOL_PENDING DBPOOL_ERR_INVALID DBPOOL_ERR_OPTION DBPOOL_ERR_NOMEM DBPOOL_ERR_TIMEOUT
        DBPOOL_ERR_FULL DBPOOL_ERR_CLOSED DBPOOL_ERR_STALE DBPOOL_ERR_BUSY DBPOOL_ERR_FORKED DBPOOL_ERR_CONNECT
        DBPOOL_ERR_AUTH DBPOOL_ERR_BROKEN DBPOOL_ERR_SQL DBPOOL_ERR_CANCELLED DBPOOL_ERR_UNAVAILABLE
        DBPOOL_ERR_UNSUPPORTED DBPOOL_ERR_INTERNAL DBPOOL_NTS
        DBPOOL_NULL DBPOOL_BOOL DBPOOL_INT64 DBPOOL_FLOAT64 DBPOOL_TEXT DBPOOL_BYTES
        DBPOOL_KIND_OTHER DBPOOL_KIND_BOOL DBPOOL_KIND_INTEGER DBPOOL_KIND_FLOAT DBPOOL_KIND_NUMERIC DBPOOL_KIND_TEXT
        DBPOOL_KIND_BYTES DBPOOL_KIND_DATE DBPOOL_KIND_TIME DBPOOL_KIND_TIMESTAMP DBPOOL_KIND_TIMESTAMPTZ
        DBPOOL_KIND_INTERVAL DBPOOL_KIND_UUID DBPOOL_KIND_JSON DBPOOL_KIND_ARRAY
        DBPOOL_QUERY_STREAM DBPOOL_QUERY_READ_ONLY DBPOOL_QUERY_ALONE
        DBPOOL_ISOLATION_DEFAULT DBPOOL_ISOLATION_READ_COMMITTED DBPOOL_ISOLATION_REPEATABLE_READ
        DBPOOL_ISOLATION_SERIALIZABLE DBPOOL_TX_READ_ONLY DBPOOL_TX_DEFERRABLE
        DBPOOL_PHASE_NONE DBPOOL_PHASE_QUEUE DBPOOL_PHASE_CONNECT DBPOOL_PHASE_PING DBPOOL_PHASE_RESET
        DBPOOL_PHASE_QUERY DBPOOL_PHASE_CLOSE
        DBPOOL_FLAG_RETRYABLE DBPOOL_FLAG_CONN_BROKEN DBPOOL_FLAG_TIMEOUT DBPOOL_FLAG_CANCELLED DBPOOL_FLAG_NOT_SENT
        DBPOOL_FLAG_OUTCOME_UNKNOWN
        DBPOOL_FIELD_SEVERITY DBPOOL_FIELD_WHERE DBPOOL_FIELD_DATA_TYPE DBPOOL_FIELD_INTERNAL_QUERY
        DBPOOL_FIELD_INTERNAL_POSITION DBPOOL_FIELD_FILE DBPOOL_FIELD_LINE DBPOOL_FIELD_ROUTINE
        DBPOOL_CLOSED_IDLE DBPOOL_CLOSED_LIFETIME DBPOOL_CLOSED_USES DBPOOL_CLOSED_BROKEN DBPOOL_CLOSED_PING
        DBPOOL_CLOSED_RESET DBPOOL_CLOSED_INVALIDATED DBPOOL_CLOSED_HOOK DBPOOL_CLOSED_SHRUNK DBPOOL_CLOSED_POOL
        DBPOOL_ACCESS_DEFAULT DBPOOL_ACCESS_READ DBPOOL_ACCESS_WRITE DBPOOL_ACQUIRE_NO_WAIT
        DBPOOL_LOOP_THREAD DBPOOL_LOOP_EXTERNAL DBPOOL_LOOP_POLLED
        DBPOOL_EVENT_OPENED DBPOOL_EVENT_BROKEN DBPOOL_EVENT_CLOSED
        DBPOOL_PIPELINE_TRANSACTION DBPOOL_PIPELINE_MAX_STATEMENTS DBPOOL_PIPELINE_MAX_BYTES
    }
    q
}

fn compile_and_run(body: &str) -> String {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (directory.join("layout.c"), directory.join("layout"));
    let head = "#include <dbpool/dbpool.h>\n#include <stddef.h>\n#include <stdio.h>\n";
    std::fs::write(&source, format!("{head}int main(void) {{\n{body}  return 0;\n}}\n")).unwrap();
    let compiled = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-std=c99", "-I", env!("DBPOOL_INCLUDE_DIR"), "-o"])
        .args([&program, &source])
        .status();
    assert!(compiled.expect("a C compiler").success());
    String::from_utf8(Command::new(&program).output().unwrap().stdout).unwrap()
}

#[test]
fn structs_and_constants_are_what_the_c_compiler_makes_of_the_headers() {
    let questions = questions();
    let answers = compile_and_run(&questions.c);
    let differences: Vec<_> =
        questions.rust.lines().zip(answers.lines()).filter(|(rust, c)| rust != c).collect();
    assert!(differences.is_empty(), "Rust, C: {differences:#?}");
    assert_eq!(questions.rust.lines().count(), answers.lines().count());
}

/// What is declared and not asked about would not be held against anything.
#[test]
fn every_struct_and_constant_that_is_declared_is_asked_about() {
    let asked = questions().c;
    for text in support::rust() {
        let names = |word: &'static str| {
            let rest = text.split(word).skip(1);
            rest.map(|rest| rest.split([':', ' ', '{']).next().unwrap().to_string())
        };
        for name in names("pub const ") {
            assert!(asked.contains(&format!("(long long)({name})")), "{name}");
        }
        for name in names("pub struct ").filter(|name| name != "$name") {
            assert!(asked.contains(&format!("(long long)(sizeof({name}))")), "{name}");
        }
    }
}
