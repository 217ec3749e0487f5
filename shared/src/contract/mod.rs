//! The words the services say to each other. Changes are additive; a golden file per event is
//! checked by a test, and docs/EVENTS.md is written from [`catalogue`].

pub mod access;
pub mod directory;
pub mod flow;
pub mod order;
pub mod session;
pub mod task;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// A fact that one service tells the others.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// `<noun>.<past participle>`
    const TOPIC: &'static str;

    /// What the fact is about; facts of one key are published in order.
    fn key(&self) -> String;

    /// The fact as JSON text.
    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The fact from its JSON text.
    fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// The durable queues and what each hears. Publishers make sure that they exist, so that a fact
/// reaches also a service that has never run yet.
pub const QUEUES: &[(&str, &[&str])] = &[
    (
        "flow",
        &[
            directory::DepartmentsChanged::TOPIC,
            directory::PeopleChanged::TOPIC,
            order::ServiceAnswered::TOPIC,
        ],
    ),
    (
        "task",
        &[directory::PeopleChanged::TOPIC, flow::FlowPublished::TOPIC, order::OrderAdvanced::TOPIC],
    ),
    ("sso", &[directory::PeopleChanged::TOPIC]),
    (
        "notify",
        &[
            directory::PeopleChanged::TOPIC,
            session::SessionStolen::TOPIC,
            task::TasksChanged::TOPIC,
            order::OrderAdvanced::TOPIC,
        ],
    ),
];

/// A fact as a consumer gets it, perhaps for the second time.
#[derive(Clone, Debug)]
pub struct Delivered<E> {
    /// The same for every delivery of one fact.
    pub id: Uuid,
    /// The fact.
    pub body: E,
}

/// One line of docs/EVENTS.md.
pub struct Entry {
    /// The topic on the exchange.
    pub topic: &'static str,
    /// Who says it.
    pub publisher: &'static str,
    /// Who hears it.
    pub consumers: &'static str,
    /// When it is said.
    pub meaning: &'static str,
    /// An example payload.
    pub example: serde_json::Value,
}

/// Every event of the house with an example.
pub fn catalogue() -> Vec<Entry> {
    let mut all = vec![
        access::entry(),
        directory::department_entry(),
        directory::entry(),
        flow::entry(),
        session::ended_entry(),
        session::stolen_entry(),
        task::entry(),
    ];
    all.extend(order::entries());
    all
}

/// The catalogue as Markdown: the text of docs/EVENTS.md.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Events\n\nGenerated from `shared/src/contract` by `make docs`; do not edit.\n\n\
         One durable topic exchange (`{prefix}aiflow`), one quorum queue per consuming service. A fact is\n\
         delivered at least once and has its effect exactly once; facts of one key arrive in order, and\n\
         carry a rising number for the case that they do not.\n",
    );
    for entry in catalogue() {
        let example = serde_json::to_string_pretty(&entry.example).unwrap_or_default();
        page.push_str(&format!(
            "\n## {}\n\n{} Published by {}; heard by {}.\n\n```json\n{example}\n```\n",
            entry.topic, entry.meaning, entry.publisher, entry.consumers
        ));
    }
    page
}

#[cfg(test)]
mod tests {
    /// Payloads of released versions must stay readable: a change of this file is a decision.
    #[test]
    fn every_event_still_reads_and_writes_its_golden_form() {
        let golden: serde_json::Value = serde_json::from_str(include_str!("golden.json")).unwrap();
        for entry in super::catalogue() {
            assert_eq!(golden[entry.topic], entry.example, "{}", entry.topic);
        }
    }
}
