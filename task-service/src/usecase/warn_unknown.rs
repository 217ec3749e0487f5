//! Says which people of a snapshot the enterprise does not have; they are stored all the same.

use std::collections::BTreeSet;

use shared::id::Tenant;

use super::Ctx;
use crate::domain::snapshot::Snapshot;

/// One warning for each unknown person. Asked after the commit; no answer = no warning.
pub(crate) async fn warn_unknown(ctx: &Ctx, tenant: &Tenant, snapshot: &Snapshot) -> Vec<String> {
    let copies = snapshot.copies.iter().map(|copy| &copy.user);
    let named = snapshot.tasks.iter().flat_map(|task| &task.assignees).chain(copies);
    let mut asked = BTreeSet::new();
    for user in named.chain([&snapshot.initiator]) {
        if ctx.known_people.get(&(tenant.clone(), user.clone())).await.is_none() {
            asked.insert(user.clone());
        }
    }
    if asked.is_empty() {
        return Vec::new();
    }
    let unknown = match ctx.directory.list_unknown(tenant, asked.iter().cloned().collect()).await {
        Ok(unknown) => unknown,
        Err(error) => {
            tracing::warn!(
                cause = shared::fault::chain(&error),
                "sync-service did not answer; unknown people are not named"
            );
            return Vec::new();
        }
    };
    for user in asked.iter().filter(|user| !unknown.contains(user)) {
        ctx.known_people.insert((tenant.clone(), user.clone()), ()).await;
    }
    unknown
        .iter()
        .map(|user| format!("用户 {user} 不存在，数据已保存，待该用户同步后再通知"))
        .collect()
}
