#![allow(dead_code)] // each test uses a part of it
//! The headers and what Rust declares of them, as texts: C's types are written as Rust writes them.

use std::fs;
use std::path::Path;

/// The files of the crate.
pub fn rust() -> Vec<String> {
    texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs")
}

/// The headers.
pub fn c() -> Vec<String> {
    texts(&Path::new(env!("DBPOOL_INCLUDE_DIR")).join("dbpool"), "h")
}

fn texts(directory: &Path, extension: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == extension) {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
    texts
}

/// At the commas that are in no parentheses.
pub fn split_arguments(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for character in text.chars() {
        depth += i32::from(character == '(') - i32::from(character == ')');
        match character {
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(character),
        }
    }
    parts.iter().map(|part| part.trim().to_string()).filter(|part| !part.is_empty()).collect()
}

/// `const char *name` becomes `*const c_char` and `name`.
pub fn type_and_name(text: &str) -> (String, String) {
    let at = text.rfind([' ', '*']).unwrap() + 1;
    let (written, name) = text.split_at(at);
    let stars = written.matches('*').count();
    let written = written.replace('*', "");
    let (constant, base) = match written.trim().strip_prefix("const ") {
        Some(base) => (true, base),
        None => (false, written.trim()),
    };
    let mut rust = match base {
        "char" => "c_char",
        "void" => "c_void",
        "int" => "c_int",
        "size_t" => "usize",
        "uint8_t" => "u8",
        "uint16_t" => "u16",
        "int32_t" => "i32",
        "int64_t" => "i64",
        "uint32_t" => "u32",
        "uint64_t" => "u64",
        other => other,
    }
    .to_string();
    for level in 0..stars {
        rust.insert_str(0, if constant && level == 0 { "*const " } else { "*mut " });
    }
    (rust, name.to_string())
}
