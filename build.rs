//! The templates are embedded by a macro that does not tell Cargo of new files.

fn main() {
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=build.rs");
}
