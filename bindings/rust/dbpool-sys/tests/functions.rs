//! Every function of the headers is declared, with the headers' types, and nothing else is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Names and signatures, as Rust writes them.
type Signatures = BTreeMap<String, String>;

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

fn declared_in_rust() -> Signatures {
    let mut found = Signatures::new();
    for text in texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs") {
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

/// At the commas that are in no parentheses.
fn split_arguments(text: &str) -> Vec<String> {
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

fn declared_in_c() -> Signatures {
    let mut found = Signatures::new();
    for text in texts(&Path::new(env!("DBPOOL_INCLUDE_DIR")).join("dbpool"), "h") {
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

/// `const char *name` becomes `*const c_char` and `name`.
fn type_and_name(text: &str) -> (String, String) {
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
    let rust = texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs").concat();
    for text in texts(&Path::new(env!("DBPOOL_INCLUDE_DIR")).join("dbpool"), "h") {
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
