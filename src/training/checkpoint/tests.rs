//! Tests of step folders and pointers.

use std::fs;

use super::folder::{list_steps, parse_step, point, publish, resolve, step_name, sweep};
use super::{BEST, LAST};

#[test]
fn names_of_steps_round_trip_and_nothing_else_is_one() {
    for step in [0, 400, 999_999, 12_345_678] {
        assert_eq!(parse_step(&step_name(step)), Some(step));
    }
    assert_eq!(step_name(400), "step_000400");
    for wrong in ["step_400", "step_0004000", "step_", "step_-00001", "../step_000400", "best", ""]
    {
        assert_eq!(parse_step(wrong), None, "{wrong}");
    }
}

#[test]
fn a_folder_is_published_whole_over_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let name = step_name(3);
    publish(folder.path(), &name, &[("a", b"one"), ("b", b"two")]).unwrap();
    publish(folder.path(), &name, &[("a", b"three")]).unwrap();
    let inside: Vec<_> = fs::read_dir(folder.path().join(&name)).unwrap().collect();
    assert_eq!(inside.len(), 1);
    assert_eq!(fs::read(folder.path().join(&name).join("a")).unwrap(), b"three");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_failed_write_leaves_the_old_folder_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let name = step_name(3);
    publish(folder.path(), &name, &[("a", b"one")]).unwrap();
    // A name with a slash cannot be made.
    let error = publish(folder.path(), &name, &[("a", b"two"), ("no/such", b"x")]).unwrap_err();
    assert!(error.to_string().contains("step_000003"), "{error}");
    assert_eq!(fs::read(folder.path().join(&name).join("a")).unwrap(), b"one");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn pointers_name_folders_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    point(folder.path(), LAST, 7).unwrap();
    assert_eq!(resolve(&folder.path().join(LAST)).unwrap(), folder.path().join("step_000007"));
    assert!(resolve(&folder.path().join(BEST)).unwrap_err().to_string().contains("no checkpoint"));
}

#[test]
fn leftovers_are_swept_and_the_rest_stays() {
    let folder = tempfile::tempdir().unwrap();
    for name in [".step_000001.partial", ".step_000002.old", "step_000003", "step_000004.damaged"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    sweep(folder.path());
    assert_eq!(list_steps(folder.path()).unwrap(), [3]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
