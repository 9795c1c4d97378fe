//! Each target with its committed corpus, on stable Rust and without a fuzzer.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use apptoken_fuzz::TARGETS;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The committed inputs of a target, without those that a fuzzer added, whose names are hashes.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut inputs = inputs(&folder("corpus").join(target));
    inputs.retain(|(name, _)| name.len() != 40);
    inputs
}

fn inputs(folder: &Path) -> Vec<(String, Vec<u8>)> {
    names(folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn each_target_has_a_program_and_a_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let programs = names(&folder("fuzz_targets"));
    assert_eq!(programs, targets.iter().map(|name| format!("{name}.rs")).collect());
    assert_eq!(names(&folder("corpus")), targets);
}

#[test]
fn only_inputs_with_good_names_are_valid() {
    let mut misnamed = Vec::new();
    for (target, run) in TARGETS {
        let (mut good, mut bad) = (0, 0);
        for (name, input) in corpus(target) {
            let is_good = name.starts_with("good");
            if run(&input) != is_good {
                misnamed.push(format!("{target}/{name}"));
            }
            *(if is_good { &mut good } else { &mut bad }) += 1;
        }
        assert!(good > 0 && bad > 0, "{target}: {good} valid inputs, {bad} others");
    }
    assert!(misnamed.is_empty(), "{misnamed:?}");
}

#[test]
fn inputs_of_campaigns_break_no_invariant() {
    for target in names(&folder("found")) {
        let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).expect("found by a target");
        let found = inputs(&folder("found").join(&target));
        assert!(!found.is_empty(), "{target}");
        for (_, input) in found {
            run(&input);
        }
    }
}

#[test]
fn truncated_inputs_break_no_invariant() {
    for (target, run) in TARGETS {
        for (_, input) in corpus(target) {
            // About a hundred lengths of each input.
            for end in (0..input.len()).step_by(input.len() / 100 + 1) {
                run(&input[..end]);
            }
        }
    }
}
