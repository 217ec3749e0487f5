//! The words for where orders and tasks stand, and which belong together.

/// Declares an enum whose variants have a word on the wire and in the database.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every word with its meaning.
            pub(crate) const WORDS: &'static [(&'static str, $name)] = &[$(($word, $name::$variant),)*];

            /// The word.
            pub(crate) fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The meaning of a stored word.
            pub(crate) fn stored(word: &str) -> Option<Self> {
                Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
            }
        }
    };
}

words! {
    /// Where an order runs; numbers of the two kinds never meet.
    Source {
        /// In its ERP, which tells us of it.
        ThirdParty "third_party",
        /// In our own engine.
        Native "native",
    }
}

words! {
    /// E 4.3 `orderStatus`, and `taskStatus`.
    Status { New "new", Ing "ing", Over "over", }
}

words! {
    /// E 4.3 `orderResult`.
    OrderResult {
        Ing "ing",
        Pass "pass",
        Reject "reject",
        Revoke "revoke",
        /// Hidden from lists; its history stays.
        Delete "delete",
        /// Ended by an error that nobody caught; only orders of our own engine end so.
        Fail "fail",
    }
}

impl OrderResult {
    /// Whether an order of our own engine may end so.
    pub(crate) fn ends(self) -> bool {
        match self {
            OrderResult::Pass | OrderResult::Reject | OrderResult::Revoke | OrderResult::Fail => {
                true
            }
            OrderResult::Ing | OrderResult::Delete => false,
        }
    }

    /// What an ERP may say.
    pub(crate) const OF_ERPS: &'static [(&'static str, OrderResult)] = match Self::WORDS {
        [theirs @ .., (_, OrderResult::Fail)] => theirs,
        all => all,
    };
}

words! {
    /// E 4.3 `taskResult`.
    TaskResult { New "new", Accept "accept", Pass "pass", Reject "reject", Revoke "revoke", Rebut "rebut", }
}

impl TaskResult {
    /// Whether a task is over with it.
    pub(crate) fn ends(self) -> bool {
        task_pair_fits(Status::Over, self)
    }
}

words! {
    /// E 4.3 `nodeType`.
    NodeType {
        Handle "handle",
        Audit "audit",
        /// Informs: a to-read, not a to-do.
        Notify "notify",
    }
}

/// Whether an order may stand so (spec "Valid pairs").
pub(crate) fn order_pair_fits(status: Status, result: OrderResult) -> bool {
    match status {
        Status::New | Status::Ing => result == OrderResult::Ing,
        Status::Over => result != OrderResult::Ing,
    }
}

/// Whether a task may stand so (spec "Valid pairs").
pub(crate) fn task_pair_fits(status: Status, result: TaskResult) -> bool {
    match status {
        Status::New => result == TaskResult::New,
        Status::Ing => matches!(result, TaskResult::New | TaskResult::Accept),
        Status::Over => !matches!(result, TaskResult::New | TaskResult::Accept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_pairs_of_the_contract_fit() {
        let orders: Vec<String> = Status::WORDS
            .iter()
            .flat_map(|(status, s)| {
                OrderResult::OF_ERPS.iter().map(move |(result, r)| (status, s, result, r))
            })
            .filter(|(_, s, _, r)| order_pair_fits(**s, **r))
            .map(|(status, _, result, _)| format!("{status}/{result}"))
            .collect();
        let tasks: Vec<String> = Status::WORDS
            .iter()
            .flat_map(|(status, s)| {
                TaskResult::WORDS.iter().map(move |(result, r)| (status, s, result, r))
            })
            .filter(|(_, s, _, r)| task_pair_fits(**s, **r))
            .map(|(status, _, result, _)| format!("{status}/{result}"))
            .collect();

        assert_eq!(
            orders,
            ["new/ing", "ing/ing", "over/pass", "over/reject", "over/revoke", "over/delete"]
        );
        assert_eq!(
            tasks,
            [
                "new/new",
                "ing/new",
                "ing/accept",
                "over/pass",
                "over/reject",
                "over/revoke",
                "over/rebut"
            ]
        );
    }
}
