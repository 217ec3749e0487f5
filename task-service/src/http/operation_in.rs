//! What operations are asked for with: the bodies of `/aflow/api/task/{pass, transfer, …}`.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::contract::order::{Attachment, ReturnTo};
use shared::fault::Mistake;
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::json::Json;
use shared::id::{CODE_MAX_CHARS, UserCode, is_forbidden};
use utoipa::ToSchema;

use crate::domain::attachment;
use crate::domain::decision::Action;
use crate::usecase::operate_task::Subject;

/// The longest comment, in characters.
pub(super) const COMMENT_MAX_CHARS: usize = 4_000;

const MAX_ATTACHMENTS: usize = 20;

/// People named in one operation.
const MAX_PEOPLE: usize = 100;

/// Later nodes whose people are named in one decision.
const MAX_NODES: usize = 50;

/// A reference to a file that aiflow does not keep.
#[derive(ToSchema)]
pub(crate) struct AttachmentIn {
    /// What to show.
    name: String,
    /// Where it is: an absolute http(s) address of at most 1,000 characters.
    url: String,
}

impl Read for AttachmentIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            name: fields.text("name", TEXT_MAX_CHARS),
            url: fields.parsed("url", attachment::parse_url).unwrap_or_default(),
        }
    }
}

impl From<AttachmentIn> for Attachment {
    fn from(attachment: AttachmentIn) -> Self {
        Self { name: attachment.name, url: attachment.url }
    }
}

/// Where a rebuttal goes.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Starter,
    Previous,
    Node,
}

const TARGETS: &[(&str, Target)] =
    &[("starter", Target::Starter), ("previous", Target::Previous), ("node", Target::Node)];

const PLACES: &[(&str, &str)] = &[("before", "before"), ("after", "after"), ("beside", "beside")];

/// Declares the body of an operation on a task: what all of them have, and what it has of its own.
macro_rules! body {
    ($(#[$doc:meta])* $name:ident($fields:ident) {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $read:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(ToSchema)]
        #[schema(rename_all = "camelCase")]
        pub(crate) struct $name {
            pub(super) task_id: String,
            /// Who; needed by an application, for a person only themselves.
            #[schema(value_type = Option<String>)]
            pub(super) user_code: Option<UserCode>,
            /// What they say; at most 4,000 characters.
            pub(super) comment: Option<String>,
            /// References to files; at most 20.
            #[schema(value_type = Option<Vec<AttachmentIn>>)]
            pub(super) attachments: Vec<AttachmentIn>,
            $($(#[$field_doc])* pub(super) $field: $type,)*
        }

        impl Read for $name {
            fn read($fields: &mut Fields<'_>) -> Self {
                Self {
                    task_id: $fields.text("taskId", CODE_MAX_CHARS),
                    user_code: $fields.optional_code("userCode"),
                    comment: $fields.optional_lines("comment", COMMENT_MAX_CHARS),
                    attachments: $fields.optional_list("attachments", MAX_ATTACHMENTS),
                    $($field: $read,)*
                }
            }
        }
    };
}

body! {
    /// A decision.
    DecideTaskIn(fields) {
        /// `pass`, `reject`, `rebut`, `accept` (nothing moves).
        #[schema(value_type = String)]
        action: Action = fields.choice("action", Action::WORDS).unwrap_or(Action::Pass),
        /// Form values to change.
        #[schema(value_type = Option<Object>)]
        form_data: Option<Value> = fields.optional_document("formData"),
        /// Variables to set; by applications alone.
        #[schema(value_type = Option<Object>)]
        variables: Option<Value> = fields.optional_document("variables"),
        /// Ends the task with this BPMN error instead; by applications alone.
        bpmn_error_code: Option<String> = fields.optional_text("bpmnErrorCode", TEXT_MAX_CHARS),
        /// With `pass`: the people of later nodes that leave the choice to the previous approver, by
        /// node id.
        #[schema(value_type = Option<Object>)]
        next_people: BTreeMap<String, Vec<String>> = next_people(fields),
        /// With `rebut`: where to, `starter`, `previous` (default) or `node`; `activityId` names the
        /// node, one of `task/return_targets`.
        #[schema(value_type = Option<String>)]
        target: ReturnTo = return_to(fields),
        /// With `rebut`: true = the order comes straight back here afterwards; default false = it walks
        /// the way again.
        straight_back: bool = fields.optional_flag("straightBack").unwrap_or(false),
    }
}

body! {
    /// A pass.
    PassTaskIn(fields) {
        /// Form values to change.
        #[schema(value_type = Option<Object>)]
        form_data: Option<Value> = fields.optional_document("formData"),
        /// Variables to set; by applications alone.
        #[schema(value_type = Option<Object>)]
        variables: Option<Value> = fields.optional_document("variables"),
        /// Ends the task with this BPMN error instead; by applications alone.
        bpmn_error_code: Option<String> = fields.optional_text("bpmnErrorCode", TEXT_MAX_CHARS),
        /// The people of later nodes that leave the choice to the previous approver: lists of user
        /// codes by node id.
        #[schema(value_type = Option<Object>)]
        next_people: BTreeMap<String, Vec<String>> = next_people(fields),
    }
}

body! {
    /// A refusal.
    RejectTaskIn(fields) {
        /// Form values to change.
        #[schema(value_type = Option<Object>)]
        form_data: Option<Value> = fields.optional_document("formData"),
        /// Ends the task with this BPMN error instead; by applications alone.
        bpmn_error_code: Option<String> = fields.optional_text("bpmnErrorCode", TEXT_MAX_CHARS),
    }
}

body! {
    /// A rebuttal.
    RebutTaskIn(fields) {
        /// Form values to change.
        #[schema(value_type = Option<Object>)]
        form_data: Option<Value> = fields.optional_document("formData"),
        /// `starter`, `previous` (default) or `node`; `activityId` names the node, one of
        /// `task/return_targets`.
        #[schema(value_type = Option<String>)]
        target: ReturnTo = return_to(fields),
        /// True = the order comes straight back here afterwards; default false = it walks the way again.
        straight_back: bool = fields.optional_flag("straightBack").unwrap_or(false),
    }
}

body! {
    /// To whom a task is given.
    GiveTaskIn(fields) {
        /// Who has it from now on.
        #[schema(value_type = String)]
        to: UserCode = fields.code("to"),
    }
}

body! {
    /// Whose approval is wanted beside.
    AddSignIn(fields) {
        /// `before` (I decide after them), `after` (they decide after me) or `beside` (as I do).
        place: String = fields.choice("place", PLACES).unwrap_or_default().to_owned(),
        /// 1 to 100 user codes.
        people: Vec<String> = people(fields, "people", 1),
    }
}

body! {
    /// Whose approval is wanted no longer.
    RemoveSignIn(fields) {
        /// 1 to 100 user codes, all of them added by the same person and undecided.
        people: Vec<String> = people(fields, "people", 1),
    }
}

body! {
    /// A task and who does something with it.
    OperateTaskIn(fields) {}
}

/// Declares the body of an operation on a task or on an order as a whole.
macro_rules! wide_body {
    ($(#[$doc:meta])* $name:ident($fields:ident) {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $read:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(ToSchema)]
        #[schema(rename_all = "camelCase")]
        pub(crate) struct $name {
            /// The task; this or `orderId`.
            pub(super) task_id: Option<String>,
            /// The order as a whole.
            pub(super) order_id: Option<i64>,
            /// Who; needed by an application, for a person only themselves.
            #[schema(value_type = Option<String>)]
            pub(super) user_code: Option<UserCode>,
            $($(#[$field_doc])* pub(super) $field: $type,)*
        }

        impl Read for $name {
            fn read($fields: &mut Fields<'_>) -> Self {
                let task_id = $fields.optional_text("taskId", CODE_MAX_CHARS);
                let order_id = $fields.optional_long("orderId");
                let is_noted = $fields.is_noted("taskId") || $fields.is_noted("orderId");
                if task_id.is_none() && order_id.is_none() && !is_noted {
                    let sentence = "taskId 与 orderId 至少填写一个";
                    $fields.refuse("taskId", Mistake::Malformed, sentence);
                }
                Self {
                    task_id,
                    order_id,
                    user_code: $fields.optional_code("userCode"),
                    $($field: $read,)*
                }
            }
        }

        impl $name {
            /// The task where one is named, else the order.
            pub(super) fn subject(&self) -> Subject {
                match &self.task_id {
                    Some(task) => Subject::Task(task.clone()),
                    None => Subject::Order(self.order_id.unwrap_or_default()),
                }
            }
        }
    };
}

wide_body! {
    /// Who is to be informed.
    CopyIn(fields) {
        /// 1 to 100 user codes.
        people: Vec<String> = people(fields, "people", 1),
        /// What they should know; at most 4,000 characters.
        comment: Option<String> = fields.optional_lines("comment", COMMENT_MAX_CHARS),
        /// References to files; at most 20.
        #[schema(value_type = Option<Vec<AttachmentIn>>)]
        attachments: Vec<AttachmentIn> = fields.optional_list("attachments", MAX_ATTACHMENTS),
    }
}

wide_body! {
    /// What is to be hurried.
    UrgeIn(fields) {
        /// What they should know; at most 4,000 characters.
        comment: Option<String> = fields.optional_lines("comment", COMMENT_MAX_CHARS),
    }
}

wide_body! {
    /// A comment.
    CommentIn(fields) {
        /// 1 to 4,000 characters.
        comment: String = comment(fields),
        /// User codes of the people who are mentioned, at most 100; each is told.
        #[schema(value_type = Option<Vec<String>>)]
        mentions: Vec<String> = people(fields, "mentions", 0),
        /// References to files; at most 20.
        #[schema(value_type = Option<Vec<AttachmentIn>>)]
        attachments: Vec<AttachmentIn> = fields.optional_list("attachments", MAX_ATTACHMENTS),
    }
}

/// Which order its initiator wants back.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct RecallOrderIn {
    pub(super) order_id: i64,
    /// Who; needed by an application, for a person only themselves.
    #[schema(value_type = Option<String>)]
    pub(super) user_code: Option<UserCode>,
    /// Why; at most 4,000 characters.
    pub(super) reason: Option<String>,
}

impl Read for RecallOrderIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            order_id: fields.long("orderId"),
            user_code: fields.optional_code("userCode"),
            reason: fields.optional_lines("reason", COMMENT_MAX_CHARS),
        }
    }
}

fn comment(fields: &mut Fields<'_>) -> String {
    match fields.optional_lines("comment", COMMENT_MAX_CHARS) {
        Some(comment) => comment,
        None => {
            if !fields.is_noted("comment") {
                fields.refuse("comment", Mistake::Malformed, "不能为空");
            }
            String::new()
        }
    }
}

fn people(fields: &mut Fields<'_>, name: &str, least: usize) -> Vec<String> {
    let codes: Vec<UserCode> = match least {
        0 => fields.optional_codes(name, MAX_PEOPLE),
        _ => fields.parsed_list(name, least..=MAX_PEOPLE, shared::id::Code::parse),
    };
    codes.into_iter().map(UserCode::into_string).collect()
}

/// An activity is named where, and only where, one is meant.
fn return_to(fields: &mut Fields<'_>) -> ReturnTo {
    let target = fields.optional_choice("target", TARGETS).unwrap_or(Target::Previous);
    let activity = fields.optional_text("activityId", TEXT_MAX_CHARS);
    match (target, activity) {
        (Target::Starter, _) => ReturnTo::Starter,
        (Target::Previous, _) => ReturnTo::Previous,
        (Target::Node, Some(activity_id)) => ReturnTo::Node { activity_id },
        (Target::Node, None) => {
            if !fields.is_noted("activityId") {
                fields.refuse("activityId", Mistake::Malformed, "target 为 node 时不能为空");
            }
            ReturnTo::Previous
        }
    }
}

/// People chosen for later nodes, by node id.
type Chosen = BTreeMap<String, Vec<String>>;

/// An object of lists: the people chosen for each node.
fn next_people(fields: &mut Fields<'_>) -> Chosen {
    let name = "nextPeople";
    let (people, mistakes) = match fields.raw(name) {
        None | Some(Json::Null) => return BTreeMap::new(),
        Some(Json::Object(nodes)) if nodes.len() <= MAX_NODES => read_nodes(nodes),
        Some(Json::Object(_)) => {
            (BTreeMap::new(), vec![(String::new(), format!("最多 {MAX_NODES} 个节点"))])
        }
        Some(_) => (BTreeMap::new(), vec![(String::new(), "应为 JSON 对象".to_owned())]),
    };
    for (place, message) in mistakes {
        fields.refuse(&format!("{name}{place}"), Mistake::Malformed, message);
    }
    people
}

/// What the nodes name, and `(place, message)` of what is wrong.
fn read_nodes(nodes: &[(String, Json)]) -> (Chosen, Vec<(String, String)>) {
    let (mut people, mut mistakes) = (BTreeMap::new(), Vec::new());
    for (node, codes) in nodes {
        if node.chars().count() > TEXT_MAX_CHARS || node.chars().any(is_forbidden) {
            mistakes.push((String::new(), "节点编码过长或含有非法字符".to_owned()));
            continue;
        }
        let codes = match codes {
            Json::Array(codes) if (1..=MAX_PEOPLE).contains(&codes.len()) => codes,
            _ => {
                mistakes.push((format!(".{node}"), format!("应为 1 到 {MAX_PEOPLE} 项的数组")));
                continue;
            }
        };
        let mut chosen = Vec::with_capacity(codes.len());
        for (index, code) in codes.iter().enumerate() {
            let parsed = match code {
                Json::Text(text) => {
                    <UserCode as shared::id::Code>::parse(text).map_err(|error| error.to_string())
                }
                _ => Err("应为字符串".to_owned()),
            };
            match parsed {
                Ok(code) => chosen.push(code.into_string()),
                Err(message) => mistakes.push((format!(".{node}[{index}]"), message)),
            }
        }
        people.insert(node.clone(), chosen);
    }
    (people, mistakes)
}
