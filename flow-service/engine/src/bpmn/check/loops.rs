//! Loop characteristics: each says how often.

use super::Report;
use crate::bpmn::model::{Loop, Node};

pub(super) fn check(node: &Node, report: &mut Report) {
    match &node.looping {
        Some(Loop::Standard { maximum, condition, .. }) => {
            if maximum.is_some_and(|maximum| maximum < 0) {
                report.add(node, "BAD_VALUE", "loopMaximum 不能是负数");
            }
            if maximum.is_none() && condition.is_none() {
                let message = "循环既没有条件（loopCondition）也没有上限（loopMaximum）";
                report.add(node, "INCOMPLETE_LOOP", message);
            }
        }
        Some(Loop::Multi { cardinality: None, collection: None, .. }) => {
            let message =
                "多实例既没有数量（loopCardinality）也没有集合（loopDataInputRef、collection）";
            report.add(node, "INCOMPLETE_LOOP", message);
        }
        Some(Loop::Multi { .. }) | None => {}
    }
}
