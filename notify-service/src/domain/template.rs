//! Words from values: the card of a work notification and the subject of a to-do, within
//! DingTalk's limits and without anything that a value could smuggle in.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::dingtalk::{card, plain};

use super::notice::{NodeType, Notice, Told};

/// The longest link a card's button takes.
const BUTTON_URL_BYTES: usize = 500;

/// The longest whole message.
const MESSAGE_BYTES: usize = 2_048;

/// The longest link of a to-do.
const TODO_URL_BYTES: usize = 1_024;

/// How many characters of each value are shown.
const NAME_CHARS: usize = 50;
const INITIATOR_CHARS: usize = 24;
const BUSINESS_KEY_CHARS: usize = 48;
const NOTE_CHARS: usize = 48;

/// The notification about a task: always the same for the same notice and link. It names order and
/// task, so that no other notification is the same.
pub(crate) fn message(notice: &Notice, h5_url: &str) -> Value {
    let (verb, who, button) = match NodeType::of(&notice.node_type) {
        NodeType::Action => ("新任务", "发起人", "去处理"),
        NodeType::Reading => ("待阅", "发起人", "去查看"),
        NodeType::Warning => return warning(notice),
        NodeType::Told(Told::Urge) => ("催办", "催办人", "去处理"),
        NodeType::Told(Told::Remind) => ("超时提醒", "发起人", "去处理"),
        NodeType::Told(Told::Copy) => ("抄送", "抄送人", "去查看"),
        NodeType::Told(Told::Mention) => ("评论提到了您", "评论人", "去查看"),
        NodeType::Told(Told::Returned) => ("委派已返回", "受托人", "去处理"),
    };
    let title = format!("{verb}：{}", plain(&clipped(&notice.task_name, NAME_CHARS)));
    let text = text(notice, &title, who);
    let message = card(&title, &text, button, h5_url);
    let fits = message.to_string().len() <= MESSAGE_BYTES;
    if fits && !h5_url.is_empty() && h5_url.len() <= BUTTON_URL_BYTES {
        return message;
    }
    let text = format!("{text}\n\n链接过长，请在任务中心打开");
    markdown(&title, &text)
}

/// Leads nowhere: whoever is warned should not have to trust a link.
fn warning(notice: &Notice) -> Value {
    let Notice { key, title, task_name, .. } = notice;
    markdown(task_name, &format!("### {task_name}\n\n{title}\n\n编号：{}", plain(&key.task)))
}

fn markdown(title: &str, text: &str) -> Value {
    json!({"msgtype": "markdown", "markdown": {"title": title, "text": text}})
}

fn text(notice: &Notice, title: &str, who: &str) -> String {
    let mut lines = vec![format!("### {title}")];
    let mut line = |label: &str, value: &str, chars: usize| {
        if !value.is_empty() {
            lines.push(format!("{label}：{}", plain(&clipped(value, chars))));
        }
    };
    line("流程", &notice.title, NAME_CHARS);
    line(who, &notice.initiator, INITIATOR_CHARS);
    // A note takes the place of the reference: both would be too long for the worst of texts.
    match notice.note.as_str() {
        "" => line("业务单号", &notice.business_key, BUSINESS_KEY_CHARS),
        note => line("说明", note, NOTE_CHARS),
    }
    line("截止时间", &notice.due_at.map(shared::time::format).unwrap_or_default(), NAME_CHARS);
    line("编号", &format!("{} / {}", notice.key.order, notice.key.task), usize::MAX);
    lines.join("\n\n")
}

/// A to-do as it is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Todo {
    pub(crate) source_id: String,
    pub(crate) subject: String,
    pub(crate) due_at: Option<DateTime<Utc>>,
    pub(crate) web_url: String,
    pub(crate) h5_url: String,
}

/// The to-do of one person for a task. A link too long for DingTalk gives way to the other one.
pub(crate) fn todo(notice: &Notice, user: &str, web_url: &str, h5_url: &str) -> Todo {
    let fits = |url: &str| !url.is_empty() && url.len() <= TODO_URL_BYTES;
    let first =
        |urls: [&str; 2]| urls.into_iter().find(|url| fits(url)).unwrap_or_default().to_owned();
    let subject = format!(
        "{}：{}",
        one_line(&clipped(&notice.title, 200)),
        one_line(&clipped(&notice.task_name, 200))
    );
    Todo {
        source_id: source_id(notice, user),
        subject,
        due_at: notice.due_at,
        web_url: first([web_url, h5_url]),
        h5_url: first([h5_url, web_url]),
    }
}

/// One id for a task and person for ever. Lengths stand before the parts, so that no two different
/// lists of parts read the same.
fn source_id(notice: &Notice, user: &str) -> String {
    let order = notice.key.order.to_string();
    let parts = [&notice.key.tenant, &notice.key.app, &order, &notice.key.task, user];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let whole = hex::encode(hash.finalize());
    format!("aiflow-{}", whole.get(..40).unwrap_or(&whole))
}

fn clipped(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(chars.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::notice::TaskKey;
    use super::*;

    const LINK: &str = "https://erp.example.com/h5/order?orderId=1&taskId=TASK001";

    fn notice() -> Notice {
        Notice {
            key: TaskKey {
                tenant: "COMPANY001".to_owned(),
                app: "APP001".to_owned(),
                order: 123_456,
                task: "TASK001".to_owned(),
            },
            title: "销售订单审批流程".to_owned(),
            task_name: "部门经理审批".to_owned(),
            node_type: "audit".to_owned(),
            initiator: "张三".to_owned(),
            business_key: "SO-1".to_owned(),
            due_at: shared::time::parse("2025-01-25 18:00:00").ok(),
            note: String::new(),
        }
    }

    fn worst(c: char) -> Notice {
        let long: String = std::iter::repeat_n(c, 300).collect();
        let task = std::iter::repeat_n(c, 64).collect();
        Notice {
            key: TaskKey { order: i64::MAX, task, ..notice().key },
            title: long.clone(),
            task_name: long.clone(),
            initiator: long.clone(),
            business_key: long,
            ..notice()
        }
    }

    #[test]
    fn a_notification_names_what_a_person_needs_to_know() {
        let message = message(&notice(), LINK);

        assert_eq!(message["action_card"]["title"], "新任务：部门经理审批");
        assert_eq!(message["action_card"]["single_url"], LINK);
        let text = message["action_card"]["markdown"].as_str().unwrap();
        for part in ["销售订单审批流程", "张三", "SO-1", "2025-01-25 18:00:00", "123456 / TASK001"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn the_same_notice_gives_the_same_bytes_and_another_task_does_not() {
        let other =
            Notice { key: TaskKey { task: "TASK002".to_owned(), ..notice().key }, ..notice() };

        assert_eq!(message(&notice(), LINK), message(&notice(), LINK));
        assert_ne!(message(&notice(), LINK), message(&other, LINK));
    }

    #[test]
    fn whatever_the_values_a_message_stays_within_its_limit_and_keeps_its_button() {
        let link = format!("https://erp.example.com/{}", "x".repeat(BUTTON_URL_BYTES - 24));
        for c in ['审', '*', '\\', '"', '@', '😀', '\n'] {
            let told = Notice {
                node_type: "mention".to_owned(),
                note: std::iter::repeat_n(c, 300).collect(),
                due_at: None,
                ..worst(c)
            };
            for notice in [worst(c), told] {
                let message = message(&notice, &link);

                let size = message.to_string().len();
                assert!(size <= MESSAGE_BYTES, "{c}: {size}");
                assert_eq!(message["msgtype"], "action_card", "{c}");
            }
        }
    }

    #[test]
    fn what_somebody_did_is_told_under_its_own_name() {
        let table = [
            ("urge", "催办：部门经理审批", "催办人：张三"),
            ("remind", "超时提醒：部门经理审批", "发起人：张三"),
            ("copy", "抄送：部门经理审批", "抄送人：张三"),
            ("mention", "评论提到了您：部门经理审批", "评论人：张三"),
            ("returned", "委派已返回：部门经理审批", "受托人：张三"),
        ];
        for (word, title, who) in table {
            let notice =
                Notice {
                    node_type: word.to_owned(), note: "第 2 次催办".to_owned(), ..notice()
                };

            let card = &message(&notice, LINK)["action_card"];

            let text = card["markdown"].as_str().unwrap();
            assert_eq!(card["title"], title);
            assert!(text.contains(who) && text.contains("说明：第 2 次催办"), "{text}");
        }
    }

    #[test]
    fn a_link_too_long_for_the_button_is_left_out() {
        let message = message(&notice(), &format!("https://erp.example.com/{}", "x".repeat(500)));

        assert_eq!(message["msgtype"], "markdown");
        assert!(message["markdown"]["text"].as_str().unwrap().contains("请在任务中心打开"));
    }

    #[test]
    fn a_warning_says_what_happened_and_when_and_has_no_link() {
        let session = "019413a2-7c00-7000-8000-000000000001".to_owned();
        let warning =
            Notice::of_stolen_session("T".to_owned(), session.clone(), "2025-01-24 15:30:00");

        let message = message(&warning, "");

        assert_eq!(message["markdown"]["title"], "登录安全提醒");
        let text = message["markdown"]["text"].as_str().unwrap();
        for part in ["疑似被他人使用", "已全部退出", "2025-01-24 15:30:00", session.as_str()]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("http"), "{text}");
    }

    #[test]
    fn a_name_cannot_inject_a_link_a_mention_or_a_heading() {
        let name = "[点我](http://evil.example.com) @all\n# 假标题";
        let evil = Notice {
            title: name.to_owned(),
            task_name: name.to_owned(),
            initiator: name.to_owned(),
            business_key: name.to_owned(),
            ..notice()
        };

        let text = message(&evil, LINK)["action_card"]["markdown"].as_str().unwrap().to_owned();

        for bad in ["](", "http://", "@all", "\n#"] {
            assert!(!text[4..].contains(bad), "{bad:?} in {text}");
        }
        assert!(!todo(&evil, "U", LINK, LINK).subject.contains('\n'));
    }

    #[test]
    fn a_to_do_has_one_id_for_ever_and_no_two_share_it() {
        let id = |user: &str, task: &str| {
            let notice =
                Notice { key: TaskKey { task: task.to_owned(), ..notice().key }, ..notice() };
            todo(&notice, user, LINK, LINK).source_id
        };

        assert_eq!(id("U1", "T1"), id("U1", "T1"));
        assert_ne!(id("1U", "T"), id("U", "T1"));
        assert_ne!(id("U1", "T1"), id("U2", "T1"));
    }
}
