//! Fields and callbacks have the types of the headers: a layout does not tell a sign, nor what a function takes.

use std::collections::BTreeMap;

mod support;
use support::{split_arguments, type_and_name};

/// `struct.field` and its type, of the fields that are neither arrays nor functions nor unions.
type Fields = BTreeMap<String, String>;

fn without_comments(text: &str) -> String {
    let mut bare = String::new();
    for (n, part) in text.split("/*").enumerate() {
        bare += if n == 0 { part } else { part.split_once("*/").unwrap().1 };
    }
    bare
}

fn fields_in_c() -> Fields {
    let mut found = Fields::new();
    for text in support::c() {
        let text = without_comments(&text);
        for declaration in text.split("typedef struct ").skip(1) {
            let Some((name, body)) = declaration.split_once(" {") else { continue };
            if name.contains(';') {
                continue; // an opaque one, and whatever comes behind it
            }
            let body = body.split(&format!("}} {name};")).next().unwrap();
            let plain = |field: &&str| !field.is_empty() && !field.contains(['(', '[', '{', '}']);
            for field in body.split(';').map(str::trim).filter(plain) {
                for (field, r#type) in fields_of(field) {
                    found.insert(format!("{name}.{field}"), r#type);
                }
            }
        }
    }
    found
}

/// `uint32_t a, b` are two.
fn fields_of(line: &str) -> Vec<(String, String)> {
    let (first, more) = line.split_once(',').unwrap_or((line, ""));
    let (r#type, name) = type_and_name(first);
    let others = more.split(',').map(str::trim).filter(|name| !name.is_empty());
    let others: Vec<_> = others.map(|name| (name.to_string(), r#type.clone())).collect();
    [(name, r#type)].into_iter().chain(others).collect()
}

fn fields_in_rust() -> Fields {
    let mut found = Fields::new();
    for text in support::rust() {
        for declaration in text.split("pub struct ").skip(1) {
            let Some((name, body)) = declaration.split_once(" {\n") else { continue };
            for line in body.split("\n}").next().unwrap().lines() {
                let Some(field) = line.trim().strip_prefix("pub ") else { continue };
                let (field, r#type) = field.trim_end_matches(',').split_once(": ").unwrap();
                found.insert(format!("{name}.{}", field.trim_start_matches("r#")), r#type.into());
            }
        }
    }
    found
}

#[test]
fn fields_have_the_types_of_the_headers() {
    let (c, rust) = (fields_in_c(), fields_in_rust());
    assert!(c.len() > 60, "only {} fields were found in the headers", c.len());
    // In Rust the union is a type of its own.
    let of_structs = c.iter().filter(|(name, _)| *name != "dbpool_value.f64");
    let wrong: Vec<_> = of_structs.filter(|(name, c)| rust.get(*name) != Some(c)).collect();
    assert!(wrong.is_empty(), "not so in Rust: {wrong:#?}");
}

/// `pub type dbpool_x_cb = Option<unsafe extern "C" fn(...)>;`, by what it takes and gives.
fn callbacks_in_rust() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for text in support::rust() {
        for declaration in text.split("pub type ").skip(1) {
            let (name, definition) =
                declaration.split(';').next().unwrap().split_once(" =").unwrap();
            let definition = definition.split_whitespace().collect::<Vec<_>>().join(" ");
            let Some((_, signature)) = definition.split_once("extern \"C\" fn(") else { continue };
            let (arguments, result) = signature.rsplit_once(')').unwrap();
            let types: Vec<_> = split_arguments(arguments)
                .iter()
                .map(|argument| argument.rsplit(": ").next().unwrap().to_string())
                .collect();
            let result = result.trim_end_matches([',', ' ', '>']).trim_start_matches(" -> ");
            found.insert(name.to_string(), format!("{} -> {result}", types.join(", ")));
        }
    }
    found
}

fn callbacks_in_c() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for text in support::c() {
        for declaration in text.split("\ntypedef ").skip(1) {
            let declaration = declaration.split(';').next().unwrap();
            let Some((result, rest)) = declaration.split_once(" (*") else { continue };
            let (name, arguments) = rest.split_once(")(").unwrap();
            let types: Vec<_> = split_arguments(arguments.trim_end_matches(')'))
                .iter()
                .map(|argument| type_and_name(argument).0)
                .collect();
            let result = if result == "void" { "" } else { result };
            found.insert(name.to_string(), format!("{} -> {result}", types.join(", ")));
        }
    }
    found
}

#[test]
fn callbacks_take_and_give_what_the_headers_say() {
    let c = callbacks_in_c();
    assert!(c.len() >= 7, "only {} callbacks were found in the headers", c.len());
    assert_eq!(callbacks_in_rust(), c);
}
