//! One delivery of rows: which were applied, which refused and why, counted.

use std::collections::BTreeSet;

/// A row that was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The row's place in the delivery.
    pub(crate) index: usize,
    /// The row's id, where it had one.
    pub(crate) id: String,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// A row on its way: what was asked, or why it could not even be read.
pub(crate) type Row<P> = Result<P, Failure>;

/// What became of a delivery.
#[derive(Debug, PartialEq)]
pub(crate) struct Batch<T> {
    /// The state of each changed item after the delivery, once.
    pub(crate) changed: Vec<T>,
    pub(crate) successes: usize,
    pub(crate) failures: Vec<Failure>,
    pub(crate) warnings: Vec<String>,
}

/// The order in which rows are judged: as delivered, or each after what it stands on.
///
/// `key` names a row, `needs` what it stands on. Rows of a cycle keep their delivered order at the
/// end, where judging refuses them.
pub(crate) fn order_of<P>(
    rows: &[Row<P>],
    any_order: bool,
    key: impl Fn(&P) -> &str,
    needs: impl Fn(&P) -> Option<&str>,
) -> Vec<usize> {
    let mut waiting: Vec<usize> = (0..rows.len()).collect();
    if !any_order {
        return waiting;
    }
    let mut order = Vec::with_capacity(rows.len());
    loop {
        let still: std::collections::HashSet<&str> =
            waiting.iter().filter_map(|index| rows.get(*index)?.as_ref().ok()).map(&key).collect();
        let (later, now): (Vec<usize>, Vec<usize>) = waiting.iter().copied().partition(|index| {
            let row = rows.get(*index).and_then(|row| row.as_ref().ok());
            row.is_some_and(|row| {
                needs(row).is_some_and(|need| need != key(row) && still.contains(need))
            })
        });
        order.extend(&now);
        if now.is_empty() || later.is_empty() {
            order.extend(later);
            return order;
        }
        waiting = later;
    }
}

/// Why a row does not fit: a sentence, and a code for `failDetails`.
pub(crate) trait Refused: std::fmt::Display {
    /// The code of the refused row.
    fn code(&self) -> &'static str;
}

/// What judging row by row came to.
pub(crate) struct Judged {
    /// The ids whose item changed.
    pub(crate) changed: BTreeSet<String>,
    pub(crate) successes: usize,
    pub(crate) failures: Vec<Failure>,
}

/// Judges the rows one by one in `order`: a bad one does not stop the others. `put` places a row and
/// says whether that changed anything.
pub(crate) fn judge<P, R: Refused>(
    rows: Vec<Row<P>>,
    order: Vec<usize>,
    id: impl Fn(&P) -> &str,
    mut put: impl FnMut(P) -> Result<bool, R>,
) -> Judged {
    let mut rows: Vec<Option<Row<P>>> = rows.into_iter().map(Some).collect();
    let mut judged = Judged { changed: BTreeSet::new(), successes: 0, failures: Vec::new() };
    for index in order {
        let proposal = match rows.get_mut(index).and_then(Option::take) {
            None => continue,
            Some(Err(failure)) => {
                judged.failures.push(failure);
                continue;
            }
            Some(Ok(proposal)) => proposal,
        };
        let id = id(&proposal).to_owned();
        match put(proposal) {
            Ok(is_changed) => {
                judged.successes += 1;
                if is_changed {
                    judged.changed.insert(id);
                }
            }
            Err(refusal) => {
                let (code, message) = (refusal.code(), refusal.to_string());
                judged.failures.push(Failure { index, id, code, message });
            }
        }
    }
    judged.failures.sort_by_key(|failure| failure.index);
    judged
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pair = (&'static str, Option<&'static str>);

    fn sorted(rows: &[Row<Pair>]) -> Vec<usize> {
        order_of(rows, true, |row| row.0, |row| row.1)
    }

    #[test]
    fn sorting_puts_each_row_after_what_it_stands_on() {
        let rows =
            [Ok(("C", Some("B"))), Ok(("B", Some("A"))), Ok(("A", None)), Ok(("D", Some("known")))];

        assert_eq!(sorted(&rows), [2, 3, 1, 0]);
    }

    #[test]
    fn a_cycle_does_not_hang_the_sorting() {
        assert_eq!(
            sorted(&[Ok(("A", Some("B"))), Ok(("B", Some("A"))), Ok(("C", None))]),
            [2, 0, 1]
        );
    }
}
