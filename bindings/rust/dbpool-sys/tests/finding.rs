//! How the build script finds the library, or says why not.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../build.rs"]
#[allow(dead_code)]
mod build;

fn tree(name: &str) -> PathBuf {
    let tree = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&tree).unwrap();
    tree
}

#[test]
fn a_build_tree_that_is_named_by_a_relative_path_is_refused() {
    let error = build::from_build_tree(Path::new("../../build/release")).unwrap_err().to_string();
    assert_eq!(error, "DBPOOL_BUILD_DIR must be an absolute path; it is ../../build/release");
}

#[test]
fn the_headers_are_those_of_the_source_that_was_built() {
    let tree = tree("noted");
    fs::write(tree.join("CMakeCache.txt"), "A:B=c\nCMAKE_HOME_DIRECTORY:INTERNAL=/a/source\n")
        .unwrap();
    assert_eq!(build::source_of(&tree).unwrap(), Path::new("/a/source"));
}

#[test]
fn without_a_note_the_headers_are_those_beside_the_crate() {
    let source = build::source_of(&tree("bare")).unwrap();
    assert!(source.join("include/dbpool/dbpool.h").exists());
}
