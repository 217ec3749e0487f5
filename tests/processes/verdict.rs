//! The judgement after something broke: what was acknowledged is there once, and everybody heard of
//! it once.

use std::collections::BTreeMap;
use std::time::Duration;

use super::house::House;
use super::load::Sent;
use super::world::{PEOPLE, Tally, World, ding_user};
use super::{say, until};

/// The numbers of the orders that are stored; fails when one of them is stored in part.
pub(crate) async fn stored_whole(house: &House, world: &World) -> Vec<i64> {
    let rows = house
        .rows(&format!(
            "select o.number, (select count(*) from task.tasks t where t.order_id = o.id), \
             (select count(*) from task.cards c where c.order_id = o.id and c.kind = 'todo'), \
             (select count(*) from task.cards c where c.order_id = o.id and c.kind = 'copy') \
             from task.orders o where o.tenant = '{}' order by o.number",
            world.tenant
        ))
        .await;
    let halves: Vec<_> = rows.iter().filter(|row| row[1..] != ["1", "1", "1"]).collect();
    assert!(halves.is_empty(), "orders stored in part (number, tasks, to-dos, copies): {halves:?}");
    rows.iter().map(|row| row[0].parse().unwrap()).collect()
}

/// Judges a load: acknowledged = in the to-do list once, unanswered = whole or absent, and each
/// (task, person) has one message and one to-do within `limit`. Gives how long that took.
pub(crate) async fn nothing_is_lost(
    house: &House,
    world: &World,
    sent: &[Sent],
    limit: Duration,
) -> Duration {
    let refused: Vec<_> = sent.iter().filter(|sent| is_refused(sent)).collect();
    assert!(refused.is_empty(), "{} refused, such as {:?}", refused.len(), refused.first());
    let stored = stored_whole(house, world).await;

    let mut listed: BTreeMap<(i64, &str), usize> = BTreeMap::new();
    for (user, _) in PEOPLE {
        for number in world.erp.todo(user).await {
            *listed.entry((number, user)).or_default() += 1;
        }
    }
    let is_once = |sent: &&Sent| listed.get(&(sent.number, sent.user)) == Some(&1);
    let acknowledged = sent.iter().filter(|sent| sent.answer.is_ok());
    let lost: Vec<i64> =
        acknowledged.filter(|sent| !is_once(sent)).map(|sent| sent.number).collect();
    assert!(lost.is_empty(), "acknowledged, but not once in the list: {lost:?}");
    assert_eq!(listed.len(), stored.len(), "the lists and the tables differ");
    let unanswered: Vec<_> = sent.iter().filter(|sent| !sent.answer.is_ok()).collect();
    let there = unanswered.iter().filter(|sent| stored.contains(&sent.number)).count();
    let repeated = sent.iter().filter(|sent| sent.sends > 1).count();
    let slowest = sent.iter().map(|sent| sent.answer.took).max().unwrap_or_default();
    say(&format!(
        "{} sent, {repeated} of them repeatedly; 0 lost; {} unanswered ({there} whole, {} absent); \
         slowest answer {slowest:.1?}",
        sent.len(),
        unanswered.len(),
        unanswered.len() - there
    ));

    let wanted: Tally =
        listed.keys().map(|(number, user)| ((*number, ding_user(user)), 1)).collect();
    let took = everybody_heard_once(house, world, &wanted, limit).await;
    say(&format!("{} messages and to-dos, each once, {took:.1?} later", wanted.len()));
    took
}

fn is_refused(sent: &Sent) -> bool {
    !sent.answer.is_ok() && !sent.answer.may_be_repeated()
}

/// Waits until DingTalk shows exactly what is wanted and no event is under way any more.
pub(crate) async fn everybody_heard_once(
    house: &House,
    world: &World,
    wanted: &Tally,
    limit: Duration,
) -> Duration {
    let took = until(limit, "everybody has heard once", || async {
        for (what, shown) in [("messages", world.messages()), ("to-dos", world.todos())] {
            if shown != *wanted {
                return Err(difference(what, &shown, wanted));
            }
        }
        let (events, failed) =
            (house.count_all("outbox").await, house.count_all("dead_letters").await);
        if (events, failed) == (0, 0) {
            Ok(())
        } else {
            Err(format!("{events} events in outboxes, {failed} dead letters"))
        }
    });
    let took = took.await;
    let parked = house.count_all("dead_letters where parked_at is not null").await;
    assert_eq!(parked, 0, "events are parked");
    took
}

fn difference(what: &str, shown: &Tally, wanted: &Tally) -> String {
    let missing: Vec<_> = wanted.keys().filter(|key| !shown.contains_key(*key)).collect();
    let surplus: Vec<_> =
        shown.iter().filter(|(key, count)| wanted.get(*key) != Some(*count)).collect();
    // What is there twice never gets right by waiting.
    assert!(surplus.is_empty(), "{what} that should not be: {surplus:?}");
    format!("{} of {} {what} missing, such as {:?}", missing.len(), wanted.len(), missing.first())
}
