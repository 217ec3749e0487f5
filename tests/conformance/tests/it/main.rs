//! The runner on a corpus of our own, and on the shared corpus where it is present.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conformance::corpus::Corpus;
use conformance::driver::Driver;
use conformance::house::House;
use conformance::http::{self, OverHttp};
use conformance::marks;
use conformance::report::{self, Outcome};
use conformance::run::Runner;

fn in_process(corpus: &Corpus) -> Vec<Outcome> {
    let driver = |_: &str| -> anyhow::Result<Box<dyn Driver>> { Ok(Box::new(House::new())) };
    let suffix = |number: usize| format!("__r{number:06x}");
    let runner = Runner {
        corpus,
        driver: &driver,
        suffix: &suffix,
        scale: 1.0,
        patient: false,
        only: None,
        jobs: 2,
        user: "USER001",
    };
    runner.run()
}

#[test]
fn a_corpus_of_our_own_is_attained_in_every_way() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mini");
    let corpus = Corpus::open(&folder).unwrap();

    let outcomes = in_process(&corpus);

    let told = report::told(&outcomes);
    assert_eq!(outcomes.len(), 3 * 2 + 1 + 1 + 2, "{told}");
    assert!(outcomes.iter().all(|it| it.verdict.l3), "{told}");
    assert!(report::json(&outcomes)["holds"].as_bool().unwrap());
}

#[test]
fn the_same_corpus_is_attained_over_http() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mini");
    let corpus = Corpus::open(&folder).unwrap();
    let text = |text: &str| text.to_owned();
    let house = Arc::new(http::House {
        base: wire::serve(),
        enterprise: text("DEMO"),
        app: text("demo-erp"),
        secret: text(wire::SECRET),
        user: text("USER001"),
    });
    let driver = |_: &str| -> anyhow::Result<Box<dyn Driver>> {
        Ok(Box::new(OverHttp::new(house.clone())?))
    };
    let suffix = |number: usize| format!("__r{number:06x}");

    let outcomes = Runner {
        corpus: &corpus,
        driver: &driver,
        suffix: &suffix,
        scale: 1.0 / 7200.0,
        patient: true,
        only: Some(text("ours/t")),
        jobs: 8,
        user: "USER001",
    }
    .run();

    let told = report::told(&outcomes);
    assert_eq!(outcomes.len(), 3 * 2 + 1, "{told}");
    assert!(outcomes.iter().all(|it| it.verdict.l3), "{told}");
}

/// Where the shared corpus is: named by the environment, or beside the checkout.
fn shared_corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE_CORPUS").map_or_else(beside, PathBuf::from);
    folder.join("corpus.json").exists().then_some(folder)
}

#[test]
fn the_shared_corpus_meets_its_marks() {
    let Some(folder) = shared_corpus() else {
        println!("there is no conformance corpus here: nothing was checked");
        return;
    };
    let corpus = Corpus::open(&folder).unwrap();

    let outcomes = in_process(&corpus);

    let missed: Vec<_> = marks::of(&outcomes).into_iter().filter(|mark| !mark.holds).collect();
    assert!(missed.is_empty(), "{}", report::told(&outcomes));
}
