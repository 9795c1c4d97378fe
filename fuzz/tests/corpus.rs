//! Every target over its committed corpus, on stable Rust and without a fuzzer.
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

/// The committed inputs of a target; not what a fuzzer left there, under names that are hashes.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder("corpus").join(target);
    let committed = names(&folder).into_iter().filter(|name| name.len() != 40);
    committed.map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn every_target_has_its_program_and_its_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let programs = names(&folder("fuzz_targets"));
    assert_eq!(programs, targets.iter().map(|name| format!("{name}.rs")).collect());
    assert_eq!(names(&folder("corpus")), targets);
}

#[test]
fn good_inputs_are_taken_and_others_are_not() {
    for (target, run) in TARGETS {
        let (mut good, mut bad) = (0, 0);
        for (name, input) in corpus(target) {
            let is_good = name.starts_with("good");
            assert_eq!(run(&input), is_good, "{target}/{name}");
            *(if is_good { &mut good } else { &mut bad }) += 1;
        }
        assert!(good > 0 && bad > 0, "{target}: {good} good inputs, {bad} others");
    }
}

#[test]
fn inputs_that_end_anywhere_are_taken_or_not() {
    for (target, run) in TARGETS {
        for (_, input) in corpus(target) {
            for end in 0..input.len() {
                run(&input[..end]);
            }
        }
    }
}
