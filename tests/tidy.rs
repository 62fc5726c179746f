//! The house's own rules, read off its source files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The staircase, top to bottom: a module and the modules above it that it may know.
const STAIRCASE: &str = "
market:
files:
forecast: market
event:
run_folder: market files forecast event
store: market files
ingest: market files store
features: market files
folds: market
labels: market forecast folds
fi_2010: market files features folds labels
scores: market forecast folds labels
inspection: market forecast features folds labels scores
windows: market features folds labels
leaks: market features folds labels windows
kernels:
nets: forecast windows kernels
training: market forecast event run_folder features folds labels scores windows kernels nets
boosters: market forecast event run_folder features folds labels windows
ensemble: market forecast folds scores
backtest: market forecast scores
explain: market forecast features windows nets training boosters
tuning: event run_folder
tracking: event run_folder
report: market forecast event run_folder scores inspection tracking
export: market run_folder features labels windows nets training boosters
monitor: market forecast run_folder scores backtest tracking
config: everything above
pipeline: everything above
cli: everything above
";

/// Words that say nothing about what is in a file.
const EMPTY_WORDS: [&str; 7] =
    ["utils", "helpers", "common", "manager", "handler", "processor", "misc"];

/// Lines of a file before its tests.
const MOST_LINES: usize = 400;

struct Source {
    /// Relative to the package, with `/` between its parts.
    path: String,
    /// The module under the crate's root that it belongs to; `main` and `lib` are their own.
    module: String,
    text: String,
}

/// What each module may know; what stands below it never comes in.
fn staircase() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut allowed = BTreeMap::new();
    let mut above: Vec<&str> = Vec::new();
    for line in STAIRCASE.lines().filter(|line| !line.is_empty()) {
        let (module, known) = line.split_once(':').unwrap();
        let may_know = match known.trim() {
            "everything above" => above.clone(),
            some => some.split_whitespace().collect(),
        };
        for other in &may_know {
            assert!(above.contains(other), "`{other}` is not above `{module}`");
        }
        above.push(module);
        allowed.insert(module, may_know);
    }
    allowed
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    let mut folders = vec![package().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 20, "only {} source files found", files.len());
    let source = |file: &PathBuf| {
        let path = file.strip_prefix(package()).unwrap().to_str().unwrap().replace('\\', "/");
        let module = path.split('/').nth(1).unwrap().trim_end_matches(".rs").to_owned();
        Source { path, module, text: fs::read_to_string(file).unwrap() }
    };
    files.iter().map(source).collect()
}

/// The source without what stands behind `//`.
fn code(text: &str) -> String {
    let uncommented = |line: &str| match line.find("//") {
        // `//` inside of a string, such as an address, is no comment.
        Some(at) if line[..at].matches('"').count() % 2 == 0 => line[..at].to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(uncommented).collect::<Vec<_>>().join("\n")
}

/// Names of the modules under the crate's root that the code refers to by `crate::…`.
fn known_modules(code: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` and `some_crate::` are other things.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.trim_start().strip_prefix('{') else {
            known.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (i, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    known.insert(word(&group[start..i]));
                    break;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    known.insert(word(&group[start..i]));
                    start = i + 1;
                }
                _ => {}
            }
        }
    }
    known.remove("");
    known
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_module_knows_only_modules_above_it() {
    let allowed = staircase();
    let mut faults = Vec::new();
    for source in sources() {
        if source.module == "main" || source.module == "lib" {
            continue;
        }
        let Some(may_know) = allowed.get(source.module.as_str()) else {
            faults.push(format!("{}: `{}` is no step of STAIRCASE", source.path, source.module));
            continue;
        };
        for other in known_modules(&code(&source.text)) {
            if other != source.module && !may_know.contains(&other.as_str()) {
                let (path, module) = (&source.path, &source.module);
                faults.push(format!("{path}: `{module}` may not know `{other}`"));
            }
        }
    }
    none(&faults);
}

#[test]
fn references_are_found_in_every_form() {
    let found = |text: &str| known_modules(&code(text)).into_iter().collect::<Vec<_>>();
    assert_eq!(found("use crate::market::{Candle, Span};"), ["market"]);
    let group = "use crate::{\n    event::Event,\n    market::{self, Span}, scores,\n};";
    assert_eq!(found(group), ["event", "market", "scores"]);
    assert_eq!(found("let x = crate::nets::Net::init(); // crate::cli::run"), ["nets"]);
    assert_eq!(found("$crate::a::b; my_crate::c::d; \"http://x\""), Vec::<String>::new());
}

#[test]
fn every_file_says_what_it_is() {
    let faults: Vec<_> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| format!("{}: the first line is not `//! …`", source.path))
        .collect();
    none(&faults);
}

#[test]
fn only_the_command_line_prints() {
    let mut faults = Vec::new();
    // What a file of tests prints, only who runs them sees.
    let product = |source: &&Source| {
        source.module != "cli" && source.module != "main" && !source.path.ends_with("/tests.rs")
    };
    for source in sources().iter().filter(product) {
        let code = code(&source.text);
        let code = code.split("#[cfg(test)]").next().unwrap();
        for macro_name in ["println!", "eprintln!", "print!", "eprint!", "dbg!"] {
            let printed = code
                .match_indices(macro_name)
                .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            if printed {
                faults.push(format!("{}: {macro_name} outside of cli/", source.path));
            }
        }
    }
    none(&faults);
}

#[test]
fn names_say_something() {
    let mut faults = Vec::new();
    for source in sources() {
        let words: Vec<_> = source.path.split(['/', '_', '.']).collect();
        for word in EMPTY_WORDS.iter().filter(|word| words.contains(word)) {
            faults.push(format!("{}: `{word}` says nothing", source.path));
        }
    }
    none(&faults);
}

#[test]
fn features_are_switched_in_two_places() {
    let mut faults = Vec::new();
    for source in sources() {
        let may = source.path == "src/cli/device.rs" || source.module == "kernels";
        let code: String = code(&source.text).split_whitespace().collect();
        if !may && ["cfg(feature", "cfg!(feature", "(feature="].iter().any(|c| code.contains(c)) {
            faults.push(format!("{}: cfg(feature …) outside of its places", source.path));
        }
    }
    none(&faults);
}

#[test]
fn files_hold_one_idea() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
        let count = lines.count();
        if count > MOST_LINES {
            faults.push(format!("{}: {count} lines before its tests", source.path));
        }
    }
    none(&faults);
}

#[test]
fn the_map_names_every_room() {
    let text = fs::read_to_string(package().join("docs/ARCHITECTURE.md")).unwrap();
    let modules: BTreeSet<_> = sources().into_iter().map(|source| source.module).collect();
    let named = |module: &&String| {
        let forms = [format!("`{module}/`"), format!("`{module}.rs`"), format!("`{module}`")];
        let forms = forms.iter().chain([&format!("src/{module}")]).cloned().collect::<Vec<_>>();
        forms.iter().any(|form| text.contains(form))
    };
    let faults: Vec<_> = modules
        .iter()
        .filter(|module| *module != "lib" && !named(module))
        .map(|module| format!("docs/ARCHITECTURE.md does not name `{module}`"))
        .collect();
    none(&faults);
}

#[test]
fn dependencies_come_from_one_registry_and_without_openssl() {
    let lock = fs::read_to_string(package().join("Cargo.lock")).unwrap();
    let registry = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let mut faults = Vec::new();
    for line in lock.lines() {
        if line.starts_with("source = ") && line != registry {
            faults.push(format!("Cargo.lock: {line}"));
        }
        if let Some(name) = line.strip_prefix("name = ") {
            let name = name.trim_matches('"');
            if ["openssl", "openssl-sys", "native-tls"].contains(&name) {
                faults.push(format!("Cargo.lock: `{name}` is banned by deny.toml"));
            }
        }
    }
    assert!(lock.lines().filter(|line| line.starts_with("name = ")).count() > 100);
    none(&faults);
}
