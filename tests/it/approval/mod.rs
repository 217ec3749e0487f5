//! What people do with tasks: every operation in every situation, as docs/APPROVAL.md says it.

mod drawing;
mod examples;
mod stage;
mod table;

use table::{Row, SITUATIONS, sections};

use stage::Stage;

/// Carries out every cell of one section of the table.
async fn prove(section: &str) {
    let stage = Stage::new().await;
    let rows: Vec<Row> = sections().remove(section).unwrap();
    let mut wrong = Vec::new();
    for row in &rows {
        stage.draw(row.on_reject.as_deref()).await;
        let cells = SITUATIONS.iter().zip(&row.cells);
        let cells = cells.filter(|(_, cell)| *cell != "–");
        let played = cells.map(|(situation, wanted)| stage.play(situation, row, wanted));
        wrong.extend(futures_util::future::join_all(played).await.into_iter().flatten());
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// One test for each section of the table.
macro_rules! proofs {
    ($($test:ident: $section:literal,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                prove($section).await;
            }
        )*

        #[test]
        fn every_section_of_the_table_has_its_test() {
            let mut tested = vec![$($section.to_owned()),*];
            tested.sort();
            let found: Vec<String> = sections().into_keys().collect();
            assert_eq!(found, tested);
        }
    };
}

proofs! {
    a_pass_does_in_every_situation_what_the_table_says: "pass",
    a_refusal_does_in_every_situation_what_the_table_says: "reject",
    a_rebuttal_does_in_every_situation_what_the_table_says: "rebut",
    a_transfer_does_in_every_situation_what_the_table_says: "transfer",
    a_delegation_does_in_every_situation_what_the_table_says: "delegate",
    adding_people_does_in_every_situation_what_the_table_says: "add_sign",
    taking_people_out_does_in_every_situation_what_the_table_says: "remove_sign",
    claims_do_in_every_situation_what_the_table_says: "claim and release",
    taking_back_does_in_every_situation_what_the_table_says: "take_back",
    a_recall_does_in_every_situation_what_the_table_says: "recall",
    words_that_decide_nothing_do_in_every_situation_what_the_table_says: "copy, urge, comment",
}
