//! What stands in a city's folder and is no plain file of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::faults::city;
use super::lines;
use crate::city::check;

#[test]
fn only_plain_files_of_the_folder_are_read() {
    let folder = city(&[]);
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("letters")).unwrap();
    let pipe = |name: &str| assert!(Command::new("mkfifo").arg(at(name)).status().unwrap().success());
    // Nobody ever writes into them.
    pipe("letters/late.fr.jinja");
    pipe("zonings/ilots.geojson");
    for name in ["routing.yaml", "demo.yaml"] {
        fs::remove_file(at(name)).unwrap();
        pipe(name);
    }
    fs::create_dir(at("letters/digest.fr.jinja")).unwrap();
    symlink("/dev/zero", at("letters/turns.fr.jinja")).unwrap();
    fs::write(at("letters/received.fr.jinja"), "x".repeat(64 * 1024 + 1)).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::rename(at("calendars.yaml"), elsewhere.path().join("calendars.yaml")).unwrap();
    symlink(elsewhere.path().join("calendars.yaml"), at("calendars.yaml")).unwrap();
    // As a volume of Kubernetes has them: links, but within the folder.
    fs::create_dir(at("..data")).unwrap();
    fs::rename(at("services.yaml"), at("..data/services.yaml")).unwrap();
    symlink("..data/services.yaml", at("services.yaml")).unwrap();
    let out = "is a link that leads out of the city's folder: put the file itself there";
    let mut told = lines(&check(folder.path()).faults);
    told.retain(|line| line.contains(": is ") || line.contains(": has ") || line.contains("services.yaml"));
    told.sort();
    assert_eq!(
        told,
        [
            &format!("calendars.yaml: {out}"),
            "demo.yaml: is not a plain file",
            "letters/digest.fr.jinja: is not a plain file",
            "letters/late.fr.jinja: is not a plain file",
            "letters/received.fr.jinja: has more than 65536 bytes",
            &format!("letters/turns.fr.jinja: {out}"),
            "routing.yaml: is not a plain file",
            "zonings/ilots.geojson: is not a plain file",
        ]
    );
}
