//! Finds libdbpool: in the build tree that `DBPOOL_BUILD_DIR` names, or else by pkg-config.

use std::env;
use std::error::Error;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    for name in ["DBPOOL_BUILD_DIR", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let found = match env::var_os("DBPOOL_BUILD_DIR") {
        Some(tree) => from_build_tree(Path::new(&tree)),
        None => from_pkg_config(),
    };
    match found {
        Ok(include) => {
            println!("cargo::rustc-link-lib=dylib=dbpool");
            println!("cargo::rustc-env=DBPOOL_INCLUDE_DIR={}", include.display());
            println!("cargo::metadata=include={}", include.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A tree that CMake has built: the library is in its `lib`, the headers are in its source's `include`.
///
/// Cargo lets programs that it runs find libraries in a build script's own directory, so a link there makes
/// `cargo run` and `cargo test` work, doc tests included, without `LD_LIBRARY_PATH`.
pub fn from_build_tree(tree: &Path) -> Result<PathBuf, Box<dyn Error>> {
    if tree.is_relative() {
        // Cargo runs this in the folder of the crate, and does not tell where it was called itself.
        return Err(
            format!("DBPOOL_BUILD_DIR must be an absolute path; it is {}", tree.display()).into()
        );
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for name in ["libdbpool.so", "libdbpool.so.0"] {
        let library = tree.join("lib").join(name).canonicalize().map_err(|error| {
            format!("DBPOOL_BUILD_DIR: no lib/{name} in {}: {error}", tree.display())
        })?;
        println!("cargo::rerun-if-changed={}", library.display());
        let link = out.join(name);
        let _ = fs::remove_file(&link); // of an earlier run
        symlink(library, link)?;
    }
    println!("cargo::rustc-link-search=native={}", out.display());
    source_of(tree).map(|source| source.join("include"))
}

/// CMake notes the source of a build tree. Without the note it is the tree that this crate is part of.
pub fn source_of(tree: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let cache = fs::read_to_string(tree.join("CMakeCache.txt")).unwrap_or_default();
    let noted = cache.lines().find_map(|line| line.strip_prefix("CMAKE_HOME_DIRECTORY:INTERNAL="));
    match noted {
        Some(source) => Ok(PathBuf::from(source)),
        None => Ok(PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../..")),
    }
}

/// By the program, not by a crate: it is asked two questions.
fn from_pkg_config() -> Result<PathBuf, Box<dyn Error>> {
    for word in pkg_config(&["--libs-only-L"])?.split_whitespace() {
        println!("cargo::rustc-link-search=native={}", word.trim_start_matches("-L"));
    }
    Ok(PathBuf::from(pkg_config(&["--variable=includedir"])?.trim()))
}

fn pkg_config(question: &[&str]) -> Result<String, Box<dyn Error>> {
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    let output = Command::new(&program)
        .args(question)
        .args(["--print-errors", "dbpool >= 0.1"])
        .output()
        .map_err(|error| format!("libdbpool is found by {program}, which does not run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "libdbpool not found. Install it, or let DBPOOL_BUILD_DIR name a build tree of it.\n{said}"
        )
        .into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
