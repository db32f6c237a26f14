//! A new migration file is a reason to compile this crate again.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
