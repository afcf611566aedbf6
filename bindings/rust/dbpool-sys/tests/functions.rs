//! Every function of the headers is declared, with the headers' types, and nothing else is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

mod support;
use support::{split_arguments, type_and_name};

/// Names and signatures, as Rust writes them.
type Signatures = BTreeMap<String, String>;

fn declared_in_rust() -> Signatures {
    let mut found = Signatures::new();
    for text in support::rust() {
        for declaration in text.split("pub fn ").skip(1) {
            let declaration = declaration.split(';').next().unwrap();
            let (name, rest) = declaration.split_once('(').unwrap();
            let types: String = rest.split_whitespace().collect::<Vec<_>>().join(" ");
            found.insert(name.to_string(), without_names(&types));
        }
    }
    found
}

/// `a: i64, b: *mut T, ) -> R` becomes `i64, *mut T -> R`.
fn without_names(signature: &str) -> String {
    let (arguments, result) = match signature.rsplit_once(") ->") {
        Some((arguments, result)) => (arguments, result.trim()),
        None => (signature.strip_suffix(')').unwrap(), "()"),
    };
    let types: Vec<_> = split_arguments(arguments)
        .iter()
        .map(|argument| argument.split_once(": ").expect("name: type").1.to_string())
        .collect();
    format!("{} -> {result}", types.join(", "))
}

fn declared_in_c() -> Signatures {
    let mut found = Signatures::new();
    for text in support::c() {
        for declaration in text.split("\nDBPOOL_API ").skip(1) {
            let declaration = declaration.split(';').next().unwrap();
            let declaration = declaration.split_whitespace().collect::<Vec<_>>().join(" ");
            let (head, arguments) = declaration.split_once('(').unwrap();
            let (result, name) = type_and_name(head);
            let types: Vec<_> = split_arguments(arguments.strip_suffix(')').unwrap())
                .iter()
                .filter(|argument| *argument != "void")
                .map(|argument| match argument.as_str() {
                    "void (*destroy)(void *user_data)" => {
                        "Option<unsafe extern \"C\" fn(user_data: *mut c_void)>".to_string()
                    }
                    _ => type_and_name(argument).0,
                })
                .collect();
            let result = if result == "c_void" { "()".to_string() } else { result };
            found.insert(name, format!("{} -> {result}", types.join(", ")));
        }
    }
    found
}

#[test]
fn every_function_of_the_headers_is_declared_with_its_types() {
    let c = declared_in_c();
    assert!(c.len() > 80, "only {} functions were found in the headers", c.len());
    let rust = declared_in_rust();
    let missing: Vec<_> = c.iter().filter(|(name, _)| !rust.contains_key(*name)).collect();
    let wrong: Vec<_> = rust.iter().filter(|(name, rust)| c.get(*name) != Some(rust)).collect();
    assert!(
        missing.is_empty() && wrong.is_empty(),
        "missing: {missing:#?}, not so in C: {wrong:#?}"
    );
}

/// A constant that the headers gain is missed by no one.
#[test]
fn every_constant_of_the_headers_is_declared() {
    let rust = support::rust().concat();
    for text in support::c() {
        for line in text.lines().filter(|line| line.trim_start().starts_with("DBPOOL_")) {
            let name = line.split_whitespace().next().unwrap();
            if line.contains(" = ") {
                assert!(rust.contains(&format!("pub const {name}: ")), "{name} is not declared");
            }
        }
    }
}

/// What the safe crate makes of each function, for the table of all bindings.
#[test]
fn every_function_of_the_headers_has_a_line_in_the_parity_table() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../parity.tsv");
    let table = fs::read_to_string(table).unwrap();
    let listed: Vec<_> = table.lines().map(|line| line.split_once('\t').unwrap().0).collect();
    let declared = declared_in_c();
    assert_eq!(listed, declared.keys().collect::<Vec<_>>());
}
